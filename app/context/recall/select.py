"""The best passages that fit a number of tokens, as text to be quoted in a prompt, with what became of each."""

import heapq
import math
from dataclasses import dataclass, replace
from typing import Literal

from app.context.recall.quoting import aside, bare, header, line, quoted
from app.context.recall.search import Ranked
from app.context.recall.words import terms
from app.context.tokens import Tokens
from app.vocabulary import Passage

_MISSES = 40
"""Passages in a row that do not fit after which no further one is tried."""

_SHOWN = 20
"""Dropped passages that are told of."""

_SMALLEST = 8
"""Tokens that a line takes at least, or nearly: bounds how many can fit."""

_SIZE = 2.0
"""As in `search`: what a score loses with the logarithm of the tokens; here for a header that a passage brings along."""


@dataclass(frozen=True, slots=True)
class Pick:
    """What became of one passage: its place in the ranking from 0, its score, and the tokens that it takes or would,
    a header that it brings along included."""

    id: str
    rank: int
    score: float
    outcome: Literal["kept", "dropped"]
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

    What a passage tells of a photo or file sent along is left out where the question has no term of it.
    """
    filling = _Filling(ranked, room, tokens)
    filling.fill()
    return filling.selection()


class _Filling:
    """A room that is being filled with what helps most for a token."""

    def __init__(self, ranked: Ranked, room: int, tokens: Tokens) -> None:
        self._ranked, self._room, self._tokens = ranked, room, tokens
        self._slots, self._scores = ranked.slots.tolist(), ranked.scores.tolist()
        self._spent = 0
        self._heads: dict[tuple[str, str], int] = {}
        self._open: set[tuple[str, str]] = set()
        self._texts: dict[str, str] = {}
        self._kept: list[Passage] = []
        self._picks: list[Pick] = []

    def fill(self) -> None:
        """Takes what fits; a passage that opens a session again is weighed with the header that it brings."""
        count = min(len(self._slots), max(0, self._room) // _SMALLEST + _MISSES)
        queue = [(-score, rank, False) for rank, score in enumerate(self._scores[:count])]
        misses = 0
        while queue and misses <= _MISSES:
            _, rank, weighed = heapq.heappop(queue)
            passage = self._ranked.index.passage(self._slots[rank])
            text, cost = self._cost(passage, self._slots[rank])
            group = (passage.session_id, header(passage))
            extra = 0 if group in self._open else self._header(group)
            if extra and not weighed:
                less = _SIZE * math.log1p(extra / cost)
                heapq.heappush(queue, (less - self._scores[rank], rank, True))
                continue
            fits = self._spent + cost + extra <= self._room
            misses = 0 if fits else misses + 1
            self._tell(rank, passage, cost + extra, fits)
            if fits:
                self._spent += cost + extra
                self._open.add(group)
                self._texts[passage.id] = text
                self._kept.append(passage)

    def _header(self, group: tuple[str, str]) -> int:
        if group not in self._heads:
            self._heads[group] = self._tokens.count(f"{group[1]}\n")
        return self._heads[group]

    def _cost(self, passage: Passage, slot: int) -> tuple[str, int]:
        """What is quoted of a passage, and the tokens of its line, which are counted once for all questions."""
        text, column = passage.text, "cost"
        if text.endswith("]") and (about := aside(text)) and self._ranked.terms.isdisjoint(terms(about)):
            text, column = bare(text), "short"
        costs = self._ranked.index.table.columns[column]
        cost = int(costs[slot])
        if not cost:
            mark = "[10] " if passage.source == "material" else ""
            cost = costs[slot] = self._tokens.count(f"{mark}{line(passage, text)}\n")
        return text, int(cost)

    def _tell(self, rank: int, passage: Passage, needed: int, fits: bool) -> None:
        if not fits and len(self._picks) - len(self._kept) >= _SHOWN:
            return
        why = "among the best for their tokens" if fits else f"{self._room - self._spent} tokens were left"
        score = round(self._scores[rank], 3)
        self._picks.append(Pick(passage.id, rank, score, "kept" if fits else "dropped", why, needed))

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
