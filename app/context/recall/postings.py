"""Which passages hold a term."""

from collections.abc import Sequence

import numpy as np

from app.context.recall.columns import Array, Column

MOST_TIMES = 15
"""How often a term counts in one passage at the most: what fits in four bits beside the slot."""

ROOT = 5
"""Letters that the words of a family begin with alike: "adopt" and "adoption", "counsel" and "counselor"."""

NONE: Array = np.empty(0, "u4")


class Postings:
    """For each term the slots that hold it and how often; terms are numbered from 1, free numbers are used again."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = [""]
        self._families: dict[str, list[str]] = {}
        self._free: list[int] = []
        self._lists = [bytearray()]
        self._spread = Column("u4")
        self._spread.grow(1)
        self._kept = 0

    @property
    def nbytes(self) -> int:
        """About how many bytes of memory it takes."""
        return 5 * self._kept + 300 * len(self._words)

    def __contains__(self, term: object) -> bool:
        return term in self._numbers

    def find(self, term: str) -> tuple[Array, Array]:
        """The slots of the passages that hold a term, and how often each does, at most 15 times."""
        number = self._numbers.get(term)
        if number is None:
            return NONE, NONE
        packed = np.frombuffer(self._lists[number], "u4")
        return packed >> 4, packed & MOST_TIMES

    def holders(self, term: str) -> int:
        """In how many passages a term stands."""
        number = self._numbers.get(term)
        return len(self._lists[number]) // 4 if number is not None else 0

    @property
    def spread(self) -> Array:
        """In how many passages each term stands, by its number."""
        return self._spread.values

    def number(self, term: str) -> int:
        """A term's number; a new one's is given to it."""
        number = self._numbers.get(term)
        if number is None:
            number = self._numbers[term] = self._new(term)
            if len(term) >= ROOT and term.isalpha():
                self._families.setdefault(term[:ROOT], []).append(term)
        return number

    def family(self, term: str) -> list[str]:
        """The terms that begin with the first five letters of a term, itself among them."""
        return self._families.get(term[:ROOT], []) if len(term) >= ROOT else []

    def _new(self, term: str) -> int:
        if self._free:
            number = self._free.pop()
            self._words[number] = term
            return number
        self._words.append(term)
        self._lists.append(bytearray())
        self._spread.grow(1)
        return len(self._words) - 1

    def words(self, numbers: Sequence[int]) -> list[str]:
        """The terms with these numbers."""
        return [self._words[number] for number in numbers]

    def add(self, slots: Array, numbers: Array) -> None:
        """Notes terms, each beside the slot of its passage."""
        pairs, times = np.unique(numbers.astype("u8") << 32 | slots, return_counts=True)
        packed = ((pairs & 0xFFFFFFFF) << 4 | np.minimum(times, MOST_TIMES).astype("u8")).astype("u4")
        different, starts = np.unique(pairs >> 32, return_index=True)
        data, bounds = packed.tobytes(), [*starts.tolist(), len(packed)]
        for number, start, end in zip(different.tolist(), bounds, bounds[1:], strict=False):
            self._lists[number] += data[4 * start : 4 * end]
        self._spread[different] += np.diff(bounds).astype("u4")
        self._kept += len(packed)

    def remove(self, slot: int, numbers: Sequence[int]) -> None:
        """Forgets the terms of one passage; a term that none holds any more is forgotten itself."""
        for number in set(numbers):
            packed = np.frombuffer(self._lists[number], "u4")
            left = packed[packed >> 4 != slot]
            self._lists[number] = bytearray(left.tobytes())
            self._kept -= len(packed) - len(left)
            self._spread[number] = len(left)
            if not len(left):
                self._forget(self._words[number])
                self._words[number] = ""
                self._free.append(number)

    def _forget(self, term: str) -> None:
        del self._numbers[term]
        family = self.family(term)
        if term in family:
            family.remove(term)
        if not family:
            self._families.pop(term[:ROOT], None)
