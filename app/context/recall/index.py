"""All passages of one learner, or of one course, in memory, so that a question can be ranked over them."""

from array import array
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import numpy as np

from app.context.recall import segments
from app.context.recall.columns import Array, Column
from app.context.recall.words import terms
from app.vocabulary import Passage

NOWHERE = 0
"""The slot that stands for no passage: before the first of a session and after the last."""

_TIMES = 15
"""How often a term counts in one passage at the most: what fits in four bits beside the slot."""

_OVERHEAD = 420
"""Bytes of a passage beside its text: strings' headers, its row in each column, its entries in the dictionaries."""


class Index:
    """Passages, the terms they hold, and who follows whom in each session.

    A passage lives in a slot, a row of all columns; slots of what was removed are used again. Every method costs the
    same however many passages there are, but `remove`, `passages` and `pack` of all. One thread at a time.
    """

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._terms: dict[str, int] = {}
        self._words: list[str] = []
        self._free_terms: list[int] = []
        self._postings: list[array[int]] = []
        self._sessions: dict[str, list[tuple[int, str, int]]] = {}
        self._session_numbers: dict[str, int] = {}
        self._free_sessions: list[int] = []
        self._speakers: dict[str, int] = {}
        self._passages: list[Passage | None] = []
        self._contents: list[Array] = []
        self._total = 0
        self._text = 0
        self.length, self.at = Column("f4"), Column("f8")
        self.before, self.after = Column("i4"), Column("i4")
        self.session, self.place = Column("i4"), Column("i4")
        self.speaker, self.cost = Column("i4"), Column("i4")
        self._row()

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the field's own name
        return id in self._slots

    # -- what is in it ------------------------------------------------------------------------------------------

    @property
    def rows(self) -> int:
        """How long the columns are: slots, used or not."""
        return len(self._passages)

    @property
    def sessions(self) -> int:
        """How many numbers of sessions there are, used or not."""
        return len(self._session_numbers) + len(self._free_sessions)

    @property
    def mean_length(self) -> float:
        """Terms of a passage on average."""
        return self._total / len(self._slots) if self._slots else 1.0

    @property
    def footprint(self) -> int:
        """About how many bytes of memory it takes."""
        words = sum(map(len, self._words)) + 200 * len(self._words)
        return self._text + len(self._slots) * _OVERHEAD + 12 * self._total + words

    @property
    def speakers(self) -> dict[str, int]:
        """Each speaker's number in the column `speaker`."""
        return self._speakers

    def session_of(self, session_id: str) -> int | None:
        """A session's number in the column `session`."""
        return self._session_numbers.get(session_id)

    def passage(self, slot: int) -> Passage:
        """The passage in a slot."""
        passage = self._passages[slot]
        if passage is None:
            raise IndexError(slot)
        return passage

    def slot(self, id: str) -> int | None:  # noqa: A002 - the field's own name
        """Where a passage lives."""
        return self._slots.get(id)

    def passages(self) -> Iterator[Passage]:
        """All passages in order of time."""
        return iter(sorted((p for p in self._passages if p), key=lambda p: (p.at, p.session_id, p.n, p.id)))

    def postings(self, term: str) -> tuple[Array, Array]:
        """The slots whose passages hold a term, and how often, at most 15 times, each holds it."""
        number = self._terms.get(term)
        if number is None:
            return np.empty(0, "i4"), np.empty(0, "f4")
        packed = np.array(self._postings[number], "u4")
        return (packed >> 4).astype("i8"), (packed & _TIMES).astype("f4")

    def contents(self, slot: int) -> Array:
        """The numbers of a passage's terms in order; `word` names them."""
        return self._contents[slot]

    def word(self, number: int) -> str:
        """The term with a number."""
        return self._words[number]

    def spread(self, number: int) -> int:
        """In how many passages a term stands, by its number."""
        return len(self._postings[number])

    # -- adding and removing ------------------------------------------------------------------------------------

    def add(self, passage: Passage) -> None:
        """Makes a passage searchable; one with the same id is replaced."""
        self._discard(passage.id)
        numbers = [self._number(term) for term in terms(passage.text)]
        slot = self._keep(passage, np.array(numbers, "u4"))
        for number, times in Counter(numbers).items():
            self._postings[number].append(slot << 4 | min(times, _TIMES))

    def remove(self, session_id: str) -> None:
        """Erases a session, or a document: its passages, its words, its part in all counts."""
        for _, id_, _ in list(self._sessions.get(session_id, ())):
            self._discard(id_)

    def pack(self, ids: Iterable[str] | None = None) -> bytes:
        """Passages, all of them if not told which, as bytes that `unpack` takes in without analysing them again."""
        slots = [slot for slot in map(self._slots.get, ids) if slot] if ids is not None else list(self._slots.values())
        numbers, contents = np.unique(
            np.concatenate([self._contents[slot] for slot in slots] or [np.empty(0, "u4")]), return_inverse=True
        )
        return segments.pack(
            segments.Segment(
                tuple(self.passage(slot) for slot in slots),
                [self._words[number] for number in numbers],
                np.array([len(self._contents[slot]) for slot in slots], "u4"),
                contents.astype("u4"),
                self.cost.values[slots],
            )
        )

    def unpack(self, data: bytes) -> tuple[str, ...]:
        """Adds the passages of a segment; gives their ids. Raises `SegmentError`, and then has added nothing."""
        segment = segments.unpack(data)
        ids = tuple(passage.id for passage in segment.passages)
        for id_ in ids:
            self._discard(id_)
        numbers = np.array([self._number(word) for word in segment.words], "u4")
        contents = numbers[segment.contents] if len(segment.contents) else segment.contents
        ends = np.cumsum(segment.lengths)
        slots = [
            self._keep(passage, contents[end - length : end])
            for passage, end, length in zip(segment.passages, ends, segment.lengths, strict=True)
        ]
        self.cost[slots] = segment.costs
        self._post(np.repeat(np.array(slots, "u4"), segment.lengths), contents)
        return ids

    def _post(self, slots: Array, numbers: Array) -> None:
        """Adds many postings at once."""
        pairs, times = np.unique(numbers.astype("u8") << 32 | slots, return_counts=True)
        packed = ((pairs & 0xFFFFFFFF) << 4 | np.minimum(times, _TIMES).astype("u8")).astype("u4")
        numbers, starts = np.unique(pairs >> 32, return_index=True)
        data, ends = packed.tobytes(), [*starts[1:].tolist(), len(packed)]
        for number, start, end in zip(numbers.tolist(), starts.tolist(), ends, strict=True):
            self._postings[number].frombytes(data[4 * start : 4 * end])

    def _number(self, term: str) -> int:
        number = self._terms.get(term)
        if number is not None:
            return number
        if self._free_terms:
            number = self._free_terms.pop()
            self._words[number] = term
        else:
            number = len(self._words)
            self._words.append(term)
            self._postings.append(array("I"))
        self._terms[term] = number
        return number

    def _row(self) -> int:
        for column in self._columns():
            column.append(0)
        self._passages.append(None)
        self._contents.append(np.empty(0, "u4"))
        return len(self._passages) - 1

    def _columns(self) -> tuple[Column, ...]:
        return (
            self.length,
            self.at,
            self.before,
            self.after,
            self.session,
            self.place,
            self.speaker,
            self.cost,
        )

    def _keep(self, passage: Passage, contents: Array) -> int:
        slot = self._free.pop() if self._free else self._row()
        self._slots[passage.id] = slot
        self._passages[slot], self._contents[slot] = passage, contents
        self.length[slot], self.at[slot] = len(contents), seconds(passage.at)
        self.place[slot], self.cost[slot] = passage.n, 0
        self.session[slot] = self._session_number(passage.session_id)
        self.speaker[slot] = self._speakers.setdefault(passage.speaker, len(self._speakers))
        self._total += len(contents)
        self._text += len(passage.text)
        self._link(passage, slot)
        return slot

    def _session_number(self, session_id: str) -> int:
        number = self._session_numbers.get(session_id)
        if number is None:
            number = self._free_sessions.pop() if self._free_sessions else len(self._session_numbers)
            self._session_numbers[session_id] = number
        return number

    def _link(self, passage: Passage, slot: int) -> None:
        line = self._sessions.setdefault(passage.session_id, [])
        insort(line, (passage.n, passage.id, slot))
        at = len(line) - 1 if line[-1][2] == slot else bisect_left(line, (passage.n, passage.id, slot))
        before = line[at - 1][2] if at else NOWHERE
        after = line[at + 1][2] if at + 1 < len(line) else NOWHERE
        self._join(before, slot)
        self._join(slot, after)

    def _join(self, before: int, after: int) -> None:
        if before:
            self.after[before] = after
        if after:
            self.before[after] = before

    def _discard(self, id_: str) -> None:
        slot = self._slots.pop(id_, None)
        if slot is None:
            return
        passage = self.passage(slot)
        for number in np.unique(self._contents[slot]).tolist():
            self._forget(number, slot)
        self._join(self.before[slot], self.after[slot])
        line = self._sessions[passage.session_id]
        line.remove((passage.n, passage.id, slot))
        if not line:
            del self._sessions[passage.session_id]
            self._free_sessions.append(self._session_numbers.pop(passage.session_id))
        self._total -= len(self._contents[slot])
        self._text -= len(passage.text)
        self._passages[slot], self._contents[slot] = None, np.empty(0, "u4")
        for column in self._columns():
            column[slot] = 0
        self._free.append(slot)

    def _forget(self, number: int, slot: int) -> None:
        packed = np.array(self._postings[number], "u4")
        kept = packed[packed >> 4 != slot]
        self._postings[number] = array("I", kept.tobytes())
        if not len(kept):
            del self._terms[self._words[number]]
            self._words[number] = ""
            self._free_terms.append(number)


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
