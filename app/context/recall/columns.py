"""Arrays of numbers that grow."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Column:
    """A numpy array that things are appended to; its room doubles, so that adding costs the same however long it is."""

    def __init__(self, kind: str, room: int = 64) -> None:
        self._room = np.zeros(room, dtype=kind)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    @property
    def values(self) -> Array:
        """All values, without a copy: to be read before anything is added again."""
        return self._room[: self._used]

    def append(self, value: float) -> None:
        """Adds one value at the end."""
        self._reserve(1)
        self._room[self._used] = value
        self._used += 1

    def extend(self, values: Array) -> None:
        """Adds values at the end."""
        self._reserve(len(values))
        self._room[self._used : self._used + len(values)] = values
        self._used += len(values)

    def __getitem__(self, n: int) -> Any:
        return self._room[n]

    def __setitem__(self, n: Any, value: Any) -> None:
        self._room[n] = value

    @property
    def bytes(self) -> int:
        """Bytes of memory."""
        return int(self._room.nbytes)

    def _reserve(self, more: int) -> None:
        needed = self._used + more
        if needed > len(self._room):
            room = np.zeros(max(needed, 2 * len(self._room)), dtype=self._room.dtype)
            room[: self._used] = self.values
            self._room = room
