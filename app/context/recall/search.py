"""One message against all passages: how much each may help to answer it."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from app.context.recall.columns import Array
from app.context.recall.index import Index
from app.context.recall.words import terms

_K1 = 0.6
_B = 0.75
_BEFORE = (0.7, 0.45, 0.3, 0.15)
"""What a passage's score gives to those after it: an answer follows its question, and often says little by itself."""
_AFTER = (0.4, 0.2)
"""What it gives to those before it."""


@dataclass(frozen=True)
class Question:
    """What to find passages for: the message, when it was sent (ISO 8601), the texts said just before it, newest last,
    and the ids of passages that the prompt has already."""

    text: str
    at: str
    said: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Ranked:
    """The passages that may help, best first: their slots in `index`, and their scores. Valid until the index changes."""

    index: Index
    slots: Array
    scores: Array


def search(index: Index, question: Question) -> Ranked:
    """Ranks all passages for one question; those that nothing speaks for are left out."""
    scores = _in_context(index, _bm25(index, Counter(terms(question.text))))
    scores[[slot for slot in map(index.slot, question.known) if slot is not None]] = 0
    slots = np.flatnonzero(scores > 0)
    order = np.lexsort((index.place.values[slots], -index.at.values[slots], -np.round(scores[slots], 5)))
    return Ranked(index, slots[order], scores[slots][order])


def _bm25(index: Index, wanted: Counter[str]) -> Array:
    """Okapi BM25 of each slot (Robertson & Zaragoza, "The probabilistic relevance framework", 2009)."""
    scores = np.zeros(index.rows)
    saturation = _K1 * (1 - _B + _B * index.length.values / index.mean_length)
    for term in wanted:
        slots, times = index.postings(term)
        if len(slots):
            idf = math.log(1 + (len(index) - len(slots) + 0.5) / (len(slots) + 0.5))
            scores[slots] += idf * times * (_K1 + 1) / (times + saturation[slots])
    return scores


def _in_context(index: Index, scores: Array) -> Array:
    """Scores with a share of what the neighbours in the same session score."""
    found = scores.copy()
    for column, shares in ((index.before.values, _BEFORE), (index.after.values, _AFTER)):
        reached = scores
        for share in shares:
            reached = reached[column]
            found += share * reached
    found[0] = 0
    return found
