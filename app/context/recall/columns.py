"""Arrays of numbers that grow, and the table that an index keeps of its passages."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ANALYSED = {
    "at": "<f8",
    "length": "<u4",
    "told": "<f4",
    "different": "<f4",
    "times": "<f4",
    "asks": "<f4",
    "own": "<f4",
    "size": "<f4",
    "lot": "<u4",
    "cost": "<u4",
    "short": "<u4",
}
"""What is known of a passage by itself: seconds since 1970; number of terms; what `nature` says; `different`, of how
many different terms it is (twice the logarithm); the logarithm of about how many tokens it takes; a number that tells
passages of one time apart; tokens counted of its line, whole and without what may be left out (0: not yet counted)."""

WIDTH = 24
"""How many different terms of a passage are kept beside its row."""

LINKED = {"session": "<i4", "place": "<i4", "speaker": "<i4", "before": "<i4", "after": "<i4"}
"""How it stands to others in its index: numbers of session and speaker, its `n`, the slots of its neighbours."""


class Column:
    """A numpy array that is appended to; its room doubles, so that adding costs the same however long it is."""

    def __init__(self, kind: str, width: int = 0) -> None:
        self._room = np.zeros((64, width) if width else 64, dtype=kind)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    @property
    def values(self) -> Array:
        """All values, without a copy: to be read before anything is added again."""
        return self._room[: self._used]

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return int(self._room.nbytes)

    def grow(self, more: int) -> None:
        """Appends so many zeros."""
        needed = self._used + more
        if needed > len(self._room):
            self.reserve(max(needed, 2 * len(self._room)) - self._used)
        self._used = needed

    def reserve(self, more: int) -> None:
        """Makes room for so many; what is not used of it yet takes no memory."""
        if self._used + more > len(self._room):
            room = np.zeros((self._used + more, *self._room.shape[1:]), dtype=self._room.dtype)
            room[: self._used] = self.values
            self._room = room

    def __getitem__(self, n: Any) -> Any:
        return self._room[n]

    def __setitem__(self, n: Any, value: Any) -> None:
        self._room[n] = value


class Table:
    """A row of every column for each slot, and in `first` the numbers of its first different terms; row 0 stands for no
    passage and holds zeros."""

    def __init__(self) -> None:
        self.columns = {name: Column(kind) for name, kind in (ANALYSED | LINKED).items()}
        self.columns["first"] = Column("<u4", WIDTH)
        self.grow(1)

    def __len__(self) -> int:
        return len(self.columns["at"])

    def __getitem__(self, name: str) -> Array:
        return self.columns[name].values

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(column.nbytes for column in self.columns.values())

    def reserve(self, more: int) -> None:
        """Makes room for so many rows more."""
        for column in self.columns.values():
            column.reserve(more)

    def grow(self, more: int) -> int:
        """Adds rows of zeros; gives the first's number."""
        first = len(self)
        for column in self.columns.values():
            column.grow(more)
        return first

    def clear(self, slot: int) -> None:
        """Makes a row zeros again."""
        for column in self.columns.values():
            column[slot] = 0

    def put(self, slot: Any, row: dict[str, Any]) -> None:
        """Sets values of one row, or of many rows at once."""
        for name, value in row.items():
            self.columns[name][slot] = value
