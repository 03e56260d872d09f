"""The best passages that fit a number of tokens, as text to be quoted in a prompt, with what became of each."""

import heapq
import math
from dataclasses import dataclass, replace
from typing import Literal

from app.context.recall.quoting import bare, header, line, quoted
from app.context.recall.search import Ranked
from app.context.tokens import Tokens
from app.vocabulary import Passage

_MISSES = 16
"""Passages in a row that do not fit after which no further one is tried."""

_SHOWN = 20
"""Dropped passages that are told of."""

_SMALLEST = 8
"""Tokens that a line takes at least, or nearly: bounds how many can fit."""

_SIZE = 2.0
"""As in `search`: what a score loses with the logarithm of tokens, here those of a header."""

_CROWD = 0.5
"""What it loses with the logarithm of what was taken of the same session: an answer may need several sessions."""

_DAY = 86_400
_Group = tuple[int, float]
"""A session's number and a day's: what stands under one header."""


@dataclass(frozen=True, slots=True)
class Pick:
    """What became of one passage: its place in the ranking from 0, its score, and the tokens that it takes or would,
    a header that it brings along included."""

    id: str
    rank: int
    score: float
    outcome: Literal["kept", "cut", "dropped"]
    why: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Text to quote, its tokens, what became of the passages that were considered, best first, and the ids of the
    pieces of material that the marks [1], [2] … in it stand for."""

    text: str
    tokens: int
    picks: tuple[Pick, ...]
    cited: tuple[str, ...] = ()


def select(ranked: Ranked, room: int, tokens: Tokens) -> Selection:
    """The passages that help most within `room` tokens as `tokens` counts them, in order of time.

    What a passage tells of a photo or file sent along is left out where the question shares less than two terms with
    it.
    """
    filling = _Filling(ranked, room, tokens)
    filling.fill()
    return filling.selection()


class _Filling:
    """A room that is being filled with what helps most for a token."""

    def __init__(self, ranked: Ranked, room: int, tokens: Tokens) -> None:
        self._index, self._terms = ranked.index, ranked.terms
        self._room, self._tokens = room, tokens
        slots = ranked.slots[: max(0, room) // _SMALLEST + _MISSES]
        self._slots, self._scores = slots.tolist(), ranked.scores[: len(slots)].tolist()
        table = ranked.index.table
        self._groups = list(zip(table["session"][slots].tolist(), (table["at"][slots] // _DAY).tolist(), strict=True))
        self._spent = 0
        self._costs: dict[int, int] = {}
        self._headers: dict[_Group, int] = {}
        self._taken: dict[_Group, int] = {}
        self._texts: dict[str, str] = {}
        self._read: dict[int, Passage] = {}
        self._kept: list[Passage] = []
        self._picks: list[Pick] = []

    def fill(self) -> None:
        """Takes what fits, best first; what has lost worth by what was taken waits for its turn again."""
        queue = [(-score, rank) for rank, score in enumerate(self._scores)]
        misses = 0
        while queue and misses <= _MISSES:
            thought, rank = heapq.heappop(queue)
            cost = self._costs.get(rank) or self._cost(rank)
            extra = self._header(rank)
            worth = self._scores[rank] - _SIZE * math.log1p(extra / cost) - _CROWD * self._crowd(rank)
            if worth < -thought:
                heapq.heappush(queue, (-worth, rank))
                continue
            fits = self._spent + cost + extra <= self._room
            misses = 0 if fits else misses + 1
            self._tell(rank, cost + extra, fits)
            if fits:
                self._keep(rank, cost + extra)

    def _crowd(self, rank: int) -> float:
        """How crowded its session is, as the logarithm of what was taken of it."""
        return math.log1p(self._taken.get(self._groups[rank], 0))

    def _keep(self, rank: int, needed: int) -> None:
        passage = self._passage(self._slots[rank])
        self._spent += needed
        group = self._groups[rank]
        self._taken[group] = self._taken.get(group, 0) + 1
        self._texts[passage.id] = self._text(self._slots[rank])
        self._kept.append(passage)

    def _header(self, rank: int) -> int:
        """Tokens of the header that a passage brings along."""
        group = self._groups[rank]
        if group in self._taken:
            return 0
        if group not in self._headers:
            self._headers[group] = self._tokens.count(f"{header(self._passage(self._slots[rank]))}\n")
        return self._headers[group]

    def _passage(self, slot: int) -> Passage:
        """A passage, which is put together once: an index keeps its parts packed."""
        if (passage := self._read.get(slot)) is None:
            passage = self._read[slot] = self._index.passage(slot)
        return passage

    def _text(self, slot: int) -> str:
        """What is quoted of a passage."""
        text = self._passage(slot).text
        return bare(text) if self._is_short(slot) else text

    def _is_short(self, slot: int) -> bool:
        aside = self._index.aside(slot)
        return bool(aside) and len(self._terms & aside) < min(2, len(self._terms))

    def _cost(self, rank: int) -> int:
        """Tokens of a passage's line, which are counted once for all questions."""
        slot = self._slots[rank]
        costs = self._index.table["short" if self._is_short(slot) else "cost"]
        cost = int(costs[slot])
        if not cost:
            passage = self._passage(slot)
            mark = "[10] " if passage.source == "material" else ""
            cost = costs[slot] = self._tokens.count(f"{mark}{line(passage, self._text(slot))}\n")
        self._costs[rank] = cost
        return cost

    def _tell(self, rank: int, needed: int, fits: bool) -> None:
        if not fits and len(self._picks) - len(self._kept) >= _SHOWN:
            return
        why = "among the best for their tokens" if fits else f"{self._room - self._spent} tokens were left"
        outcome: Literal["kept", "dropped"] = "kept" if fits else "dropped"
        id_ = self._passage(self._slots[rank]).id
        self._picks.append(Pick(id_, rank, round(self._scores[rank], 3), outcome, why, needed))

    def selection(self) -> Selection:
        """What was taken; the last is given back while the whole takes more than the sum of its parts."""
        while True:
            text, cited = quoted(self._kept, self._texts)
            count = self._tokens.count(text) if text else 0
            if count <= self._room or not self._kept:
                return Selection(text, count, tuple(sorted(self._picks, key=lambda p: p.rank)), cited)
            self._give_back(self._kept.pop())

    def _give_back(self, passage: Passage) -> None:
        at = next(n for n, pick in enumerate(self._picks) if pick.id == passage.id)
        self._picks[at] = replace(self._picks[at], outcome="dropped", why="the whole took more than its parts")
