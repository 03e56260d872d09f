"""The best passages that fit a number of tokens, as text to be quoted in a prompt, with what became of each."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from app.context.recall.index import Index
from app.context.recall.search import Ranked
from app.context.tokens import Tokens
from app.vocabulary import Passage

_MISSES = 40
"""Passages in a row that do not fit after which no further one is tried."""

_SHOWN = 20
"""Dropped passages that are told of."""


@dataclass(frozen=True, slots=True)
class Pick:
    """What became of one passage: its place in the ranking from 0, its score, and the tokens that it takes or would."""

    id: str
    rank: int
    score: float
    outcome: Literal["kept", "dropped"]
    why: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Text to quote, its tokens, and what became of the passages that were considered, best first."""

    text: str
    tokens: int
    picks: tuple[Pick, ...]


def select(ranked: Ranked, room: int, tokens: Tokens) -> Selection:
    """The best passages that fit into `room` tokens as `tokens` counts them, in order of time."""
    filling = _Filling(ranked, room, tokens)
    filling.fill()
    return filling.selection()


class _Filling:
    """A room that is being filled, best passage first."""

    def __init__(self, ranked: Ranked, room: int, tokens: Tokens) -> None:
        self._ranked, self._room, self._tokens = ranked, room, tokens
        self._spent = 0
        self._heads: set[str] = set()
        self._kept: list[int] = []
        self._picks: list[Pick] = []

    def fill(self) -> None:
        """Takes what fits, best first."""
        misses = 0
        index = self._ranked.index
        for rank, slot in enumerate(self._ranked.slots.tolist()):
            head = _head(index.passage(slot))
            cost = cost_of(index, slot, self._tokens)
            needed = cost + (0 if head in self._heads else self._tokens.count(head) + 1)
            fits = self._spent + needed <= self._room
            if fits:
                self._spent += needed
                self._heads.add(head)
                self._kept.append(rank)
            misses = 0 if fits else misses + 1
            self._tell(rank, fits, needed)
            if misses > _MISSES:
                break

    def _tell(self, rank: int, fits: bool, needed: int) -> None:
        if not fits and len(self._picks) - len(self._kept) >= _SHOWN:
            return
        passage = self._ranked.index.passage(int(self._ranked.slots[rank]))
        why = "among the best that fit" if fits else f"{self._room - self._spent} tokens were left"
        score = round(float(self._ranked.scores[rank]), 4)
        self._picks.append(Pick(passage.id, rank, score, "kept" if fits else "dropped", why, needed))

    def selection(self) -> Selection:
        """What was taken; the weakest is given back should the whole take more than its parts."""
        while True:
            text = render([self._ranked.index.passage(int(self._ranked.slots[rank])) for rank in self._kept])
            count = self._tokens.count(text) if text else 0
            if count <= self._room:
                return Selection(text, count, tuple(self._picks))
            self._give_back(self._kept.pop())

    def _give_back(self, rank: int) -> None:
        at = next(n for n, pick in enumerate(self._picks) if pick.rank == rank)
        pick = self._picks[at]
        self._picks[at] = Pick(pick.id, rank, pick.score, "dropped", "the whole was over by a token", pick.tokens)


def cost_of(index: Index, slot: int, tokens: Tokens) -> int:
    """Tokens of a passage's line, counted once."""
    cost = int(index.cost[slot])
    if not cost:
        cost = index.cost[slot] = tokens.count(line(index.passage(slot)) + "\n")
    return cost


def render(passages: list[Passage]) -> str:
    """Passages in order of time under a dated header for each session."""
    first: dict[str, str] = {}
    for passage in passages:
        first[passage.session_id] = min(passage.at, first.get(passage.session_id, passage.at))
    out: list[str] = []
    head = ""
    for passage in sorted(passages, key=lambda p: (first[p.session_id], p.session_id, p.n, p.id)):
        if (over := _head(passage)) != head:
            out.append(over)
            head = over
        out.append(line(passage))
    return "\n".join(out)


def line(passage: Passage) -> str:
    """A passage as one line that cannot be taken for a header or for another speaker's."""
    return f"{passage.speaker}: {' '.join(passage.text.split())}"


def _head(passage: Passage) -> str:
    try:
        at = datetime.fromisoformat(passage.at).replace(tzinfo=UTC)
    except ValueError:
        return "## undated"
    return f"## {at.day} {at:%B %Y, %a %H:%M}"
