"""What is remembered of one learner, and how much of the turn log it stands for."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain

from app.clock import before
from app.context.facts.fact import Fact, merged
from app.context.memory.passages import facts, ids_of, passages
from app.context.recall.index import Index
from app.errors import SegmentError
from app.storage.ports import Doc
from app.storage.segments import Segment
from app.vocabulary import Passage, State

SIZE = 256
"""Passages of a segment: unpacking one takes 3 to 5 ms, the longest that a load keeps the event loop."""

SETTLED = 60.0
"""Seconds after which a turn that is closed, as are all before it, is taken to be one that no earlier one can come
before any more: how far the clocks of replicas may differ without a rebuild."""

_EMPTY = 12_000
_BESIDE = 1.35
"""Bytes of a memory without a passage, and what it takes for each byte that its index reckons with: measured with
tracemalloc (`bench recall`)."""


_Packable = tuple[str, int, str, int]
"""A settled turn that no segment holds yet: its id, its number among all of the learner's, its session, how many
passages it has. As the index's rows, nothing that the garbage collector would look through."""


@dataclass(slots=True)
class Memory:
    """One learner's index. Up to the turn `frontier` every turn of the log is in it and closed, `turns` of them since
    the first; segments up to number `segment` hold those up to `packed`. `checked` is when the log was last asked,
    by the monotonic clock; `behind` says that somebody has told of more since."""

    index: Index = field(default_factory=Index)
    frontier: str = ""
    turns: int = 0
    packed: str = ""
    segment: int = -1
    checked: float = 0.0
    behind: bool = False
    unsettled: set[str] = field(default_factory=set)
    """Turns in the index that `turns` does not count yet: those of the last minute, or after one that is open."""

    packs: bool = True
    """Whether segments may be written from it; not where another replica has written other ones."""

    _packed_facts: tuple[Fact, ...] = ()
    _facts: dict[str, tuple[Fact, ...]] = field(default_factory=dict)
    """By turn, of those that no segment holds yet."""

    _merged: tuple[Fact, ...] | None = None

    _waiting: deque[_Packable] = field(default_factory=deque)
    _waiting_passages: int = 0

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return _EMPTY + int(_BESIDE * self.index.footprint)

    @property
    def packable(self) -> bool:
        """Whether there is enough for another segment."""
        return self.packs and self._waiting_passages >= SIZE

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the learner said of themselves, merged; `facts.fact.current` says what of it holds."""
        if self._merged is None:
            self._merged = merged((*self._packed_facts, *chain.from_iterable(self._facts.values())))
        return self._merged

    def unpack(self, segment: Segment, *, last: bool = True) -> None:
        """Takes a segment in; the facts are those of the `last`. Raises `SegmentError` for one that is damaged or of
        another version."""
        try:
            if last:
                self._packed_facts = tuple(Fact(**fact) for fact in segment.facts)
        except TypeError as error:
            raise SegmentError(f"its facts are none: {error}") from error
        self.index.unpack(segment.data)
        self._merged = None
        self.segment, self.turns = segment.n, segment.turns
        self.packed = self.frontier = segment.until

    def hear(self, turn: Doc) -> None:
        """Takes a turn in that is closed, without asking what else there is; one that is known already is left."""
        self._add([(turn, passages(turn))])

    def read(self, turns: Sequence[Doc], now: float, *, settling: bool) -> bool:
        """Takes the next turns of the log past the frontier in, in order. While it is `settling`, the frontier moves
        with those that are settled at `now` (UTC seconds); false from the first on that is not."""
        limit, read = before(now - SETTLED), [(turn, passages(turn)) for turn in turns]
        self._add(read)
        for turn, found in read:
            settling = settling and turn["state"] != State.OPEN and turn["id"] < limit
            if settling:
                self.frontier, self.turns = turn["id"], self.turns + 1
                self.unsettled.discard(turn["id"])
                self._wait(turn, found)
        return settling

    def pack(self) -> tuple[Segment, tuple[str, ...]] | None:
        """The next segment and the sessions that it quotes; `None` where there is not enough for one."""
        if not self.packable:
            return None
        chosen, held = list[_Packable](), 0
        for waiting in self._waiting:
            chosen.append(waiting)
            held += waiting[3]
            if held >= SIZE:
                break
        turns, (last, number, _, _) = [turn for turn, _, _, _ in chosen], chosen[-1]
        told = merged((*self._packed_facts, *chain.from_iterable(self._facts.get(turn, ()) for turn in turns)))
        packed = self.index.pack(id_ for turn in turns for id_ in ids_of(turn))
        segment = Segment(self.segment + 1, self.packed, last, number, packed, [asdict(fact) for fact in told])
        return segment, tuple(dict.fromkeys(session_id for _, _, session_id, _ in chosen))

    def written(self, segment: Segment) -> None:
        """Notes that a segment is kept."""
        self.segment, self.packed = segment.n, segment.until
        self._packed_facts, self._merged = tuple(Fact(**fact) for fact in segment.facts), None
        while self._waiting and self._waiting[0][0] <= segment.until:
            turn, _, _, count = self._waiting.popleft()
            self._waiting_passages -= count
            self._facts.pop(turn, None)

    def _add(self, read: Sequence[tuple[Doc, Sequence[Passage]]]) -> None:
        new = [(turn, found) for turn, found in read if found and found[0].id not in self.index]
        self.index.add(*chain.from_iterable(found for _, found in new))
        for turn, _ in new:
            self.unsettled.add(turn["id"])
            if stated := facts(turn):
                self._facts[turn["id"]], self._merged = stated, None

    def _wait(self, turn: Doc, found: Sequence[Passage]) -> None:
        self._waiting.append((turn["id"], self.turns, turn["session_id"], len(found)))
        self._waiting_passages += len(found)
