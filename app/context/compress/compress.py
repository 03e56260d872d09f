"""Texts made shorter by whole sentences, so that what stays is what was written. Pure; in linear time.

Level 1 leaves out what bears nothing: politeness, quotations and repetitions of what is kept anyway. Levels 2 and 3
choose sentences: first those with most of what is rare in these texts and asked for, for their length, and those of
texts that are, or stand beside, what is asked for (`prose.cover`).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from app.context.compress.idle import polite
from app.context.compress.levels import LEVELS, Level, Why
from app.context.compress.said import Said
from app.context.prose.bearing import bears
from app.context.prose.cover import by_cover, idf
from app.context.prose.pieces import Piece, joined, pieces
from app.context.recall.words import terms


@dataclass(frozen=True, slots=True)
class Dropped:
    """A stretch of the text, from `start` up to `end`, that was left out."""

    start: int
    end: int
    why: Why


@dataclass(frozen=True, slots=True)
class Compressed:
    """A text made shorter, and what was left out of it. The text is empty where nothing of it stayed."""

    text: str
    dropped: tuple[Dropped, ...] = ()


def compress(text: str, level: int, query_terms: Collection[str] = ()) -> Compressed:
    """One text at a level from 0 (as it is) to 3; `query_terms` are `recall.words.terms` of what is asked."""
    return compress_all((text,), level, query_terms)[0]


def compress_all(texts: Sequence[str], level: int, query_terms: Collection[str] = ()) -> tuple[Compressed, ...]:
    """Texts that are read together, in order, at a level: sentences are chosen among all of them, and what one repeats
    of those before it is left out. Not one text gets longer. Of one text something always stays.

    >>> compress_all(["Thanks so much! The root is 3.", "> The root is 3.\\nWhy?"], 1)[1].text
    'Why?'
    """
    rules = LEVELS[level]
    if not rules.leaves_out:
        return tuple(map(Compressed, texts))
    read = [pieces(text) for text in texts]
    marked = _idle(read)
    if rules.share is not None:
        _choose(marked, replace(rules, least=max(rules.least, len(texts) == 1)), frozenset(query_terms))
    return tuple(_told(text, each) for text, each in zip(texts, marked, strict=True))


@dataclass(slots=True)
class _Marked:
    """A piece and why it is left out, if it is."""

    piece: Piece
    why: Why | None = None


def _told(text: str, marked: Sequence[_Marked]) -> Compressed:
    dropped = tuple(Dropped(one.piece.start, one.piece.end, one.why) for one in marked if one.why)
    return Compressed(joined(text, (one.piece for one in marked if not one.why)), dropped)


def _idle(read: Sequence[Sequence[Piece]]) -> list[list[_Marked]]:
    said, marked = Said(), []
    for each in read:
        # A text that is nothing but polite is an answer, too: it stays.
        why = [_why(piece, said) for piece in each]
        idle = all(why) and bool(each)
        marked.append(
            [
                _Marked(piece, None if idle and n == 0 else one)
                for n, (piece, one) in enumerate(zip(each, why, strict=True))
            ]
        )
        for one in marked[-1]:
            if not one.why:
                said.add(one.piece.text)
    return marked


def _why(piece: Piece, said: Said) -> Why | None:
    if piece.whole:
        return None
    if piece.kind == "quote":
        return "quoted" if said.quotes(piece) else None
    if said.repeats(piece):
        return "repeated"
    return "pleasantry" if polite(piece.text) else None


@dataclass(frozen=True, slots=True)
class _Choice:
    """A sentence that may be chosen: of which text, its terms, and what the sum of their worth is multiplied by."""

    text: int
    marked: _Marked
    terms: frozenset[str]
    factor: float

    @property
    def cost(self) -> int:
        """Characters."""
        return len(self.marked.piece.text)


_ASKED = 4.0
"""How much more a term counts that is asked for."""

_BEARS = 1.5
"""How much more a sentence counts that has a number, a name, a negation, a formula or a question."""

_FIXED = 40
"""Characters that a sentence costs besides its own: or the shortest ones would be the best for their length."""


def _choose(marked: Sequence[Sequence[_Marked]], rules: Level, query: frozenset[str]) -> None:
    """Marks the sentences that do not fit into the level's share."""
    said = [[frozenset(terms(one.piece.text)) for one in each] for each in marked]
    asked = _relevance([frozenset().union(*each) for each in said], query)
    choices = [
        _Choice(n, one, words, _factor(one.piece) * (1 + _ASKED * asked[n]))
        for n, each in enumerate(marked)
        for one, words in zip(each, said[n], strict=True)
        if not one.why and not one.piece.whole
    ]
    room = sum(choice.cost for choice in choices) * (rules.share or 1.0)
    kept = Counter[int]()
    rare = idf([choice.terms for choice in choices])
    worths = {term: worth * (_ASKED if term in query else 1.0) for term, worth in rare.items()}
    for n in by_cover([choice.terms for choice in choices], [choice.factor for choice in choices], worths):
        choice = choices[n]
        if choice.cost <= room or kept[choice.text] < rules.least:
            kept[choice.text] += 1
            room -= choice.cost
        else:
            choice.marked.why = "less to the point"


def _factor(piece: Piece) -> float:
    return (_BEARS if bears(piece.text) else 1.0) / (len(piece.text) + _FIXED)


def _relevance(texts: Sequence[frozenset[str]], query: frozenset[str]) -> list[float]:
    """How much of what is asked for each text has, or half as much its neighbours: 0 to 1, 1 for the best."""
    worth = idf(texts)
    own = [sum(worth[term] for term in text & query) for text in texts]
    around = [
        own[n] + (own[n - 1] if n else 0.0) / 2 + (own[n + 1] if n + 1 < len(own) else 0.0) / 2 for n in range(len(own))
    ]
    best = max(around, default=0.0)
    return [one / best if best else 0.0 for one in around]
