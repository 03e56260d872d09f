"""One message against all passages: how much each may help to answer it.

A passage's score is a sum, in the units of BM25: the question's terms and, with less weight, those akin to them (words
of one family; what is asked for by its kind, `kin.py`) in it and around it (BM25F over the passage and its neighbours:
an answer stands beside its question), the same terms in its session (BM25), how like it is in meaning where there is a
model (`dense.py`), whether it was said when and by whom the question says, what it tells by itself (`nature`), less
what it takes of the room: twice the logarithm of its tokens, since the most is found in a room by taking what helps
most for a token.
"""

import math
import re
from dataclasses import dataclass, replace

import numpy as np

from app.context.recall.columns import WIDTH, Array, Table
from app.context.recall.dates import stretches
from app.context.recall.index import Index, around, seconds
from app.context.recall.kin import members
from app.context.recall.words import STOP, stem, terms, words
from app.vocabulary.ends import ends

_K1, _B = 1.2, 0.75
"""Saturation and length of Okapi BM25 (Robertson & Zaragoza, "The probabilistic relevance framework", 2009)."""

_SESSION = 0.8
_DATE = 10.0
_SPEAKER = 1.0
_OF_ONESELF = 1.5
"""What a passage gains that speaks of the speaker whom the question names."""
_WHEN = 1.5
_SIZE = 2.0
_LIKE = 0.5
"""What likeness in meaning weighs, where a model gives it: a passage that means the same counts as one that holds
half of the question's terms, by what they tell. With as much as all of them, words alone found more (LoCoMo)."""
_ASKED = 0.1
"""What a passage gains of the score of a question that it follows."""
_RARITY, _RAREST = 0.15, 8
"""What it gains for a nat that it tells, whatever is asked, and how many of its terms are counted."""
_NAME = 0.4
"""Weight of a speaker's name in a question, since the speaker's own words seldom hold it and the greetings of others
do, and of words that say what is asked for, not what is told."""
_ASKING = "kind type sort many some way thing person people name reason would likely"
_EARLIER = (0.3, 0.15)
"""Weights of the terms of what was said last and before, beside those of the message."""
_INSTEAD = (1.0, 0.5)
"""And where the message has none, such as "And why?"."""
_FAMILY = 0.5
"""Weight of a word that begins like one of the question's."""
_KIND = 0.2
"""And of one that the question asks for by its kind."""
_MOST_TERMS = 32
_CANDIDATES = 2_048
_READ, _READ_BEFORE = 2_000, 1_000
"""Characters from either end of a question, and of what was said before it, whose terms are looked for: of all of them
the 32 rarest are, and to read 32,000 characters three times would take 40 ms."""

_ASKS_WHEN = re.compile(r"\b(?:when|how long|how often|what (?:date|day|month|year|time))\b", re.IGNORECASE)
_SAID_BY = re.compile(
    r"\b(?:did|have|had) (?P<first>i|you)\b|\b(?P<second>i|you)(?:['’]ve|['’]d| have| had)? "
    r"(?:said|told|asked|mentioned|wrote|explained|showed|suggested)\b",
    re.IGNORECASE,
)
_PARTS = {"i": "learner", "you": "tutor"}


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
    """The passages that may help, best first: their slots in `index`, their scores, and how much of these is owed to
    words that they share with the question. Valid until the index changes. `terms` are the question's own."""

    index: Index
    slots: Array
    scores: Array
    shared: Array
    terms: frozenset[str]


def search(index: Index, question: Question) -> Ranked:
    """Ranks the passages for one question, 2,048 at the most; none where nothing speaks for any of them: no term, no
    date, no speaker."""
    said = tuple(ends(text, _READ_BEFORE) for text in question.said)
    question = replace(question, text=ends(question.text, _READ), said=said)
    own = terms(question.text)
    wanted = _wanted(index, question, own)
    shared = _shared(index, wanted)
    if index.vectors:
        shared += _LIKE * _mass(index, own) * index.vectors.likeness(question.text, len(shared))
    told = _told(index, question)
    if not shared.any() and told is None:
        return Ranked(index, np.empty(0, "i8"), np.empty(0), np.empty(0), frozenset(own))
    table = index.table
    scores = shared + table["told"] - _SIZE * table["size"] + _ASKED * (shared * table["asks"])[table["before"]]
    if told is not None:
        scores += told
    if _ASKS_WHEN.search(question.text):
        scores += _WHEN * table["times"]
    slots, best = _best(index, scores, question.known)
    return Ranked(index, slots, best, shared[slots], frozenset(own))


def _wanted(index: Index, question: Question, own: list[str]) -> dict[str, float]:
    """The terms to look for, with weights; of a long message those that the fewest passages hold."""
    wanted: dict[str, float] = {}
    speaks = any(term in index.postings for term in own)
    for text, weight in zip(reversed(question.said), _EARLIER if speaks else _INSTEAD, strict=False):
        for term in terms(text):
            wanted.setdefault(term, weight)
    people = (name for name, _ in index.speakers.items() if name not in _PARTS.values())
    light = {stem(word) for text in (_ASKING, *people) for word in words(text)}
    for term in dict.fromkeys(own):
        wanted[term] = _NAME if term in light else 1.0
    _widen(index, wanted, own)
    there = [(term, weight) for term, weight in wanted.items() if term in index.postings]
    return dict(sorted(there, key=lambda one: (-one[1], index.postings.holders(one[0])))[:_MOST_TERMS])


def _widen(index: Index, wanted: dict[str, float], own: list[str]) -> None:
    """Adds words of the families of the question's own, and those that it asks for by their kind; a long message has
    enough words. Their order is that of the words, so that sums of scores are the same on every replica."""
    if len(own) > _MOST_TERMS:
        return
    for term in own:
        for kin in sorted(index.postings.family(term)):
            wanted.setdefault(kin, _FAMILY)
    for term in own:
        for member in members(term):
            wanted.setdefault(member, _KIND)


def _shared(index: Index, wanted: dict[str, float]) -> Array:
    """BM25 of each slot with its neighbours, and of its session, for weighted terms."""
    table = index.table
    scores, held = np.zeros(len(table), "f4"), index.postings.find
    looked = [(weight, *held(term)) for term, weight in wanted.items() if index.postings.holders(term)]
    if not looked:
        return scores
    lengths, inside = index.surroundings()
    sessions = int(np.count_nonzero(inside)) or 1
    long = _K1 * (1 - _B + _B * lengths / max(1.0, lengths.sum() / len(index)))
    wide = _K1 * (1 - _B + _B * inside / max(1.0, inside.sum() / sessions))
    session, step = np.zeros(len(inside), "f4"), max(1, _CELLS // len(table))
    here = np.zeros(min(step, len(looked)) * len(table), "f4")
    for start in range(0, len(looked), step):
        block = _Block.of(looked[start : start + step], len(index))
        block.add_passages(scores, table, (here, long))
        block.add_sessions(session, table, (wide, sessions))
    return scores + session[table["session"]]


_CELLS = 65_536
"""Terms times slots that are looked at together: a few terms of many passages, all terms of few."""


@dataclass(frozen=True, eq=False)
class _Block:
    """Some terms, each with its weight and what it tells; the slots of the passages that hold them, one term after the
    other, how often each does, and of which term it is."""

    weights: Array
    gains: Array
    slots: Array
    times: Array
    terms: Array

    @classmethod
    def of(cls, looked: list[tuple[float, Array, Array]], passages: int) -> "_Block":
        """Terms as they were looked up in so many passages."""
        weights = np.array([weight for weight, _, _ in looked])
        gains = weights * [_idf(passages, len(slots)) * (_K1 + 1) for _, slots, _ in looked]
        slots, times = (np.concatenate([one[part] for one in looked]) for part in (1, 2))
        return cls(weights, gains, slots, times, np.repeat(np.arange(len(looked)), [len(one[1]) for one in looked]))

    def add_passages(self, scores: Array, table: Table, around_them: tuple[Array, Array]) -> None:
        """Adds what passages have by these terms; `here`, all zeros, is zeros again at the end."""
        (here, long), first = around_them, self.terms * len(table)
        for share, reached in around(table, self.slots):
            here[first + reached] += share * self.times
        here[:: len(table)] = 0
        touched = np.flatnonzero(here)
        terms, slots = np.divmod(touched, len(table))
        found = here[touched]
        np.add.at(scores, slots, (self.gains[terms] * found / (found + long[slots])).astype("f4"))
        here[touched] = 0

    def add_sessions(self, scores: Array, table: Table, beside: tuple[Array, int]) -> None:
        """Adds what sessions have by these terms; a term tells by the sessions that hold it."""
        (wide, sessions), most = beside, len(scores)
        counts = np.bincount(self.terms * most + table["session"][self.slots], self.times, len(self.weights) * most)
        counts = counts.reshape(-1, most)
        told = [_idf(sessions, holders) for holders in np.count_nonzero(counts, axis=1).tolist()]
        gains = _SESSION * self.weights * told * (_K1 + 1)
        scores += (gains[:, None] * counts / (counts + wide)).sum(axis=0)


def _mass(index: Index, own: list[str]) -> float:
    """What the question's terms tell together, whether any passage holds them or not: in its units likeness stands
    beside BM25, however many passages there are, be it one, and a message without a term is like nothing."""
    return sum(_idf(len(index), index.postings.holders(term)) for term in list(dict.fromkeys(own))[:_MOST_TERMS])


def _idf(count: int, holders: int) -> float:
    return math.log(1 + (count - holders + 0.5) / (holders + 0.5))


def _told(index: Index, question: Question) -> Array | None:
    """What speaks for each slot by when and by whom it was said; `None` where the question says neither."""
    dated, spoken = _dated(index, question), _spoken(index, question)
    if dated is None or spoken is None:
        return dated if spoken is None else spoken
    return dated + spoken


def _dated(index: Index, question: Question) -> Array | None:
    if not len(index):
        return None
    at = index.table["at"]
    first = at.min(where=index.table["size"] > 0, initial=math.inf)
    wanted = stretches(question.text, seconds(question.at), float(first))
    if not wanted:
        return None
    fits = np.zeros(len(at), "f4")
    for start, end, fit in wanted:
        np.maximum(fits, np.where((at >= start) & (at < end), np.float32(fit), np.float32(0)), out=fits)
    return _DATE * fits


def _spoken(index: Index, question: Question) -> Array | None:
    named = _named(index, question.text)
    if len(named) != 1:
        return None
    by = index.table["speaker"] == named[0]
    spoken: Array = np.where(by, _SPEAKER + _OF_ONESELF * index.table["own"], -_SPEAKER)
    return spoken


def _named(index: Index, text: str) -> list[int]:
    """Numbers of the speakers whom a question names, or means by "did I" and "you said"."""
    said = set(words(text))
    meant = {_PARTS[(m["first"] or m["second"]).lower()] for m in _SAID_BY.finditer(text)}
    return [
        number
        for name, number in index.speakers.items()
        if name in meant or (name not in _PARTS.values() and _is_in(words(name), said))
    ]


def _is_in(name: list[str], said: set[str]) -> bool:
    first = [word for word in name if word not in STOP][:1]
    return bool(first) and first[0] in said


def _best(index: Index, scores: Array, known: frozenset[str]) -> tuple[Array, Array]:
    """The slots with the highest scores, best first, and these; what is newer first among equals.

    What all terms of a passage tell is weighed for those only that come into question, and by their number before.
    """
    table = index.table
    alive = table["size"] > 0
    alive[[slot for slot in map(index.slot, known) if slot is not None]] = False
    slots = np.flatnonzero(alive)
    if len(slots) > _CANDIDATES:
        rough = np.round(scores[slots] + table["different"][slots], 3)
        slots = slots[rough >= np.partition(rough, -_CANDIDATES)[-_CANDIDATES]]
    best = np.round(scores[slots] + _RARITY * _rarity(index, slots), 3)
    order = np.lexsort((table["lot"][slots], table["place"][slots], -table["at"][slots], -best))[:_CANDIDATES]
    return slots[order], best[order]


def _rarity(index: Index, slots: Array) -> Array:
    """What passages tell: the information of the eight rarest of their terms together, in nats."""
    spread = index.postings.spread
    information = np.log1p((len(index) - spread + 0.5) / (spread + 0.5)).astype("f4")
    information[0] = 0
    rarest = np.partition(information[index.table["first"][slots]], WIDTH - _RAREST, axis=1)
    told: Array = rarest[:, WIDTH - _RAREST :].sum(axis=1)
    return told
