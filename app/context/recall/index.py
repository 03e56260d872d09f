"""All passages of one learner, or of one course, in memory, so that a question can be ranked over them."""

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.context.recall import segments
from app.context.recall.columns import ANALYSED, WIDTH, Array, Column, Table
from app.context.recall.dense import Dense, Vectors
from app.context.recall.lines import Lines, Names
from app.context.recall.nature import nature
from app.context.recall.postings import NONE, Postings
from app.context.recall.quoting import aside, bare
from app.context.recall.segments import Row, read, row_of, written
from app.context.recall.words import terms
from app.vocabulary import Passage

_BEFORE = (0.7, 0.45, 0.3, 0.15)
_AFTER = (0.4, 0.2)
NOBODY = 0
"""The speaker of material."""

_OVERHEAD = 400
"""Bytes of a passage beside its text, terms and row of the table: ids, times, headers, entries in dictionaries."""


class Index:
    """Passages, the terms they hold, and who follows whom in each session.

    A passage lives in a slot, a row of `table`; slots of what was removed are used again. `add` costs the same however
    many passages there are. For one thread at a time.

    What there is one of for each passage is bytes or an array, in arrays again: none of them is for the garbage
    collector, which would hold everything up for half a second over 200,000 records in lists.
    """

    def __init__(self, dense: Dense | None = None) -> None:
        """With a model `vectors` holds one for each passage, too."""
        self.table, self.postings = Table(), Postings()
        self.vectors = Vectors(dense, self._text) if dense else None
        self.sessions, self.speakers = Names(), Names()
        self._rows, self._contents = Column("O"), Column("O")
        self._rows.grow(1)
        self._contents.grow(1)
        self._lines = Lines(self.table, self._rows)
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._asides: dict[int, frozenset[str]] = {}
        self._letters = self._terms = 0
        self._surroundings: tuple[Array, Array] | None = None

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the field's own name
        return id in self._slots

    @property
    def footprint(self) -> int:
        """About how many bytes of memory it takes."""
        rows = self.table.nbytes + self.postings.nbytes + (self.vectors.nbytes if self.vectors else 0)
        return rows + self._letters + 4 * self._terms + _OVERHEAD * len(self._slots)

    def passage(self, slot: int) -> Passage:
        """The passage in a slot; raises `IndexError` where there is none."""
        row = self._rows[slot]
        if not row:
            raise IndexError(slot)
        return Passage(*read(row))

    def aside(self, slot: int) -> frozenset[str]:
        """The terms of what a passage tells of a photo or file sent along."""
        found = self._asides.get(slot)
        if found is None:
            text = self.passage(slot).text
            found = self._asides[slot] = frozenset(terms(aside(text))) if text.endswith("]") else frozenset()
        return found

    def slot(self, id: str) -> int | None:  # noqa: A002 - the field's own name
        """Where a passage lives."""
        return self._slots.get(id)

    def slots(self) -> Array:
        """Where passages live."""
        return np.fromiter(self._slots.values(), "i8", len(self._slots))

    def passages(self) -> Iterator[Passage]:
        """All passages in order of time."""
        found = [Passage(*read(row)) for row in self._rows.values if row]
        return iter(sorted(found, key=lambda p: (p.at, p.session_id, p.n, p.id)))

    def reserve(self, count: int) -> None:
        """Makes room for so many more passages, and some, at once: to move what there is takes 50 ms at 200,000."""
        for columns in (self.table, self._rows, self._contents):
            columns.reserve(count + count // 4)
        if self.vectors:
            self.vectors.reserve(count + count // 4)

    def surroundings(self) -> tuple[Array, Array]:
        """For each slot the terms in it and around it, weighted as `search` weighs them; for each session's number the
        terms in it. Made anew after a change, in 2 ms for 100,000 passages."""
        if self._surroundings is None:
            length = self.table["length"].astype("f4")
            inside = np.bincount(self.table["session"], length, self.sessions.most + 1)
            self._surroundings = spread(self.table, length), inside
        return self._surroundings

    def add(self, *passages: Passage) -> None:
        """Makes passages searchable, which are different ones; one with the id of an earlier one takes its place."""
        for passage in passages:
            self._discard(passage.id)
        found = [terms(p.text if p.source == "turn" else f"{p.speaker}\n{p.text}") for p in passages]
        numbers = [self.postings.number(term) for one in found for term in one]
        analysed = [_analysed(passage, one) for passage, one in zip(passages, found, strict=True)]
        columns = {name: np.array([row[name] for row in analysed], kind) for name, kind in ANALYSED.items()}
        self._take([row_of(passage) for passage in passages], np.array(numbers, "u4"), columns)
        self.embed(len(passages))

    def embed(self, most: int) -> bool:
        """Makes so many of the vectors that are missing, at most; whether some are left. `unpack` leaves its own to be
        made, so that who loads can let others work in between; `search` makes what is left."""
        return self.vectors is not None and self.vectors.make(most)

    def remove(self, session_id: str) -> None:
        """Erases a session, or a document: its passages, its words, its part in all counts."""
        for id_ in self._lines.ids(session_id):
            self._discard(id_)

    def pack(self, ids: Iterable[str] | None = None) -> bytes:
        """Passages, all of them if not told which, as bytes that `unpack` takes in without analysing them again; ids
        of none are passed over."""
        found = map(self._slots.get, ids) if ids is not None else self._slots.values()
        slots = [slot for slot in found if slot is not None]
        numbers, contents = np.unique(np.concatenate([NONE, *self._contents[slots]]), return_inverse=True)
        analysed = {name: self.table[name][slots] for name in ANALYSED}
        rows, words = [read(row) for row in self._rows[slots]], self.postings.words(numbers.tolist())
        return segments.pack(segments.Segment(rows, words, contents, analysed))

    def unpack(self, data: bytes) -> tuple[str, ...]:
        """Adds the passages of a segment; gives their ids. Raises `SegmentError`, and then has added nothing."""
        segment = segments.unpack(data)
        ids = tuple([row[0] for row in segment.rows])
        for id_ in ids:
            self._discard(id_)
        numbers = np.array([self.postings.number(word) for word in segment.words], "u4")
        self._take(segment.rows, numbers[segment.contents] if len(numbers) else NONE, segment.analysed)
        return ids

    def _take(self, rows: Sequence[Row], contents: Array, analysed: dict[str, Array]) -> None:
        """Keeps passages that are not here; `contents` are the numbers of their terms, one after the other."""
        lengths, slots = analysed["length"], self._new_slots(len(rows))
        ends = np.cumsum(lengths).tolist()
        parts = [contents[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        self._keep(rows, slots, parts)
        self.table.put(slots, analysed)
        self._lines.insert(rows, slots)
        holders = np.repeat(np.array(slots, "u4"), lengths)
        self.postings.add(holders, contents)
        self._note_first(holders, contents)
        if self.vectors:
            self.vectors.want(slots)

    def _note_first(self, holders: Array, contents: Array) -> None:
        """Puts the first different terms of passages beside their rows; each of `contents` has its slot beside it."""
        _, first = np.unique(holders.astype("u8") << 32 | contents, return_index=True)
        first.sort()
        slots = holders[first]
        places = np.arange(len(first)) - np.searchsorted(slots, slots)
        near = places < WIDTH
        self.table["first"][slots[near], places[near]] = contents[first[near]]

    def _new_slots(self, count: int) -> list[int]:
        """Slots in order, those that are free first."""
        used = sorted(self._free.pop() for _ in range(min(count, len(self._free))))
        more = count - len(used)
        self._rows.grow(more)
        self._contents.grow(more)
        first = self.table.grow(more)
        return [*used, *range(first, first + more)]

    def _keep(self, rows: Sequence[Row], slots: Sequence[int], contents: Sequence[Array]) -> None:
        self._surroundings = None
        sessions, speakers, places = list[int](), list[int](), list[int]()
        kept, held = self._rows.values, self._contents.values
        for row, slot, content in zip(rows, slots, contents, strict=True):
            id_, session_id, place, _, speaker, text, source = row
            self._slots[id_], kept[slot], held[slot] = slot, written(row), content
            places.append(place)
            sessions.append(self.sessions.take(session_id))
            speakers.append(self.speakers.take(speaker) if source == "turn" else NOBODY)
            self._letters += len(text)
            self._terms += len(content)
        self.table.put(slots, {"place": places, "session": sessions, "speaker": speakers})

    def _text(self, slot: int) -> str | None:
        row = self._rows[slot]
        return bare(read(row)[5]) if row else None

    def _discard(self, id_: str) -> None:
        slot = self._slots.pop(id_, None)
        if slot is None:
            return
        self._surroundings = None
        passage, contents = self.passage(slot), self._contents[slot]
        self.postings.remove(slot, contents.tolist())
        self._lines.remove(passage.session_id, slot)
        self.sessions.give(passage.session_id)
        if passage.source == "turn":
            self.speakers.give(passage.speaker)
        self._terms -= len(contents)
        self._letters -= len(passage.text)
        self._rows[slot] = self._contents[slot] = None
        self._asides.pop(slot, None)
        self.table.clear(slot)
        if self.vectors:
            self.vectors.drop(slot)
        self._free.append(slot)


def spread(table: Table, values: Array) -> Array:
    """Values of slots with a share of those of their neighbours: more of what was said before, since an answer follows
    its question and often says little by itself."""
    found = values.copy()
    for column, shares in ((table["before"], _BEFORE), (table["after"], _AFTER)):
        reached = values
        for share in shares:
            reached = reached[column]
            found += share * reached
    return found


def around(table: Table, slots: Array) -> Iterator[tuple[float, Array]]:
    """The slots to which what stands in `slots` counts, with the share that counts there, as in `spread`."""
    yield 1.0, slots
    for column, shares in ((table["after"], _BEFORE), (table["before"], _AFTER)):
        reached = slots
        for share in shares:
            reached = column[reached]
            yield share, reached


def _analysed(passage: Passage, found: Sequence[str]) -> dict[str, Any]:
    text = bare(passage.text)
    kind = nature(text)
    return {
        "at": seconds(passage.at),
        "length": len(found),
        "told": kind.told,
        "different": 2 * math.log1p(len(set(found))),
        "times": kind.times,
        "asks": kind.asks,
        "own": kind.own,
        "size": math.log(_TOKENS_OF_SPEAKER + len(text.encode("utf-8", "replace")) / _BYTES_OF_TOKEN),
        "lot": zlib.crc32(passage.id.encode("utf-8", "replace")),
        "cost": 0,
        "short": 0,
    }


_TOKENS_OF_SPEAKER = 4
_BYTES_OF_TOKEN = 4.2


def seconds(at: str) -> float:
    """A time as seconds since 1970; one without a zone is taken as UTC, one that is none as 1970.

    >>> seconds("2023-05-08T13:56:00Z")
    1683554160.0
    """
    try:
        time = datetime.fromisoformat(at)
    except ValueError:
        return 0.0
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
