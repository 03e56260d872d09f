"""Numbers by name: for each context or learner some rows of one number for each arm, of a bounded number of names."""

from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

HALF_LIFE = 30 * 86_400.0
"""Seconds after which evidence counts half."""

SOON = HALF_LIFE / 200
"""Seconds in which evidence does not fade to speak of."""

_FIRST = 64
"""Names that there is room for from the start."""

_PIECE = 3 << 16
"""Bytes that are encoded in one call, in which nothing else runs."""


class Rows:
    """A table of at most `bound` names, each with `kinds` rows of numbers, a column for each arm; all start at zero.
    A name beyond the bound takes the place of the one that was used least recently. `at` is when a name was last
    written, seconds since the epoch; `names` has them as they lie in `data`, `slots` in the order of their last use.

    >>> table = Rows(kinds=2, bound=2)
    >>> table.widen(3)
    >>> table.data[table.take("a"), 0, 1] = 5.0
    >>> _, _ = table.take("b"), table.take("c")
    >>> table.find("a") is None, len(table)
    (True, 2)
    """

    def __init__(self, kinds: int, bound: int, number: type[np.floating] = np.float32) -> None:
        self.number = number
        self.kinds = kinds
        self.bound = bound
        self.slots: OrderedDict[str, int] = OrderedDict()
        self.names: list[str] = []
        self.data: NDArray[Any] = np.zeros((_FIRST, kinds, 0), number)
        self.at: NDArray[np.float64] = np.zeros(_FIRST)
        self._used: NDArray[np.int64] = np.zeros(_FIRST, np.int64)
        self._uses = 0

    def __len__(self) -> int:
        return len(self.slots)

    def find(self, name: str) -> int | None:
        """Where the rows of a name are in `data`, if it is known."""
        return self.slots.get(name)

    def take(self, name: str) -> int:
        """Where the rows of a name are; room is made if it is new."""
        slot = self.slots.get(name)
        if slot is None:
            slot = self.slots[name] = self._free()
            self.names[slot : slot + 1] = [name]
        self.use(name, slot)
        return slot

    def use(self, name: str, slot: int) -> None:
        """Notes that a name, which is there, is the one that was used last."""
        self.slots.move_to_end(name)
        self._uses += 1
        self._used[slot] = self._uses

    def _free(self) -> int:
        """A place for one more name."""
        slot = len(self.slots)
        if slot >= self.bound:
            slot = self.slots.popitem(last=False)[1]
            self.data[slot] = 0.0
        elif slot >= len(self.data):
            self._room(min(self.bound, 2 * slot))
        return slot

    def drop(self, name: str) -> None:
        """Forgets a name; the one in the last place takes its own."""
        slot, last = self.slots.pop(name, None), len(self.slots)
        if slot is None:
            return
        if slot < last:
            moved = self.names[slot] = self.names[last]
            self.data[slot], self.at[slot], self._used[slot] = self.data[last], self.at[last], self._used[last]
            self.slots[moved] = slot
        self.names.pop()
        self.data[last] = 0.0

    def clear(self) -> None:
        """Forgets all names."""
        self.slots.clear()
        self.names.clear()
        self.data[:], self.at[:] = 0.0, 0.0

    def _room(self, names: int) -> None:
        more = names - len(self.data)
        self.data = np.concatenate([self.data, np.zeros((more, *self.data.shape[1:]), self.number)])
        self.at = np.concatenate([self.at, np.zeros(more)])
        self._used = np.concatenate([self._used, np.zeros(more, np.int64)])

    def widen(self, arms: int) -> None:
        """Makes room for so many arms."""
        more = arms - self.data.shape[2]
        if more > 0:
            self.data = np.concatenate([self.data, np.zeros((*self.data.shape[:2], more), self.number)], axis=2)

    def recent(self, names: int) -> NDArray[np.intp]:
        """Where the most recently used are, the latest first, so many at the most."""
        return np.fromiter(islice(reversed(self.slots.values()), names), np.intp)

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What gives all of it, as it is now, least recently used first, as JSON. What is copied lies side by side in
        memory: to go through the names in their order takes fifty times as long, and is left to whoever calls that."""
        names, size = self.names.copy(), len(self.names)
        data, at, used = self.data[:size].copy(), self.at[:size].copy(), self._used[:size].copy()

        def kept() -> dict[str, Any]:
            order = used.argsort()
            return {"names": [names[n] for n in order.tolist()], "rows": pack(data[order]), "at": pack(at[order])}

        return kept

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Takes the place of all that was there; the newest, where there are more than the bound."""
        names, rows = kept["names"][-self.bound :], unpack(kept["rows"])[-self.bound :]
        self.slots, self.names = OrderedDict(zip(names, range(len(names)), strict=True)), [*names]
        self._used, self._uses = np.arange(max(_FIRST, len(names))), len(names)
        self.data = np.zeros((max(_FIRST, len(names)), self.kinds, rows.shape[2]), self.number)
        self.data[: len(names), : rows.shape[1]] = rows
        self.at = np.zeros(len(self.data))
        self.at[: len(names)] = unpack(kept["at"])[-self.bound :]


def left(past: float) -> float:
    """The share of evidence that is left after so many seconds."""
    return float(0.5 ** (past / HALF_LIFE))


def pack(array: NDArray[Any]) -> dict[str, Any]:
    """An array as JSON: its shape, its type, its bytes in pieces."""
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return {
        "shape": list(array.shape),
        "type": array.dtype.str,
        "bytes": [b64encode(flat[at : at + _PIECE].tobytes()).decode() for at in range(0, len(flat), _PIECE)],
    }


def unpack(packed: Mapping[str, Any]) -> NDArray[Any]:
    """The array that was packed; it cannot be written to.

    >>> unpack(pack(np.array([[1.5, 2.0]]))).tolist()
    [[1.5, 2.0]]
    """
    return np.frombuffer(b"".join(map(b64decode, packed["bytes"])), packed["type"]).reshape(packed["shape"])


def columns(known: dict[str, int], arms: Iterable[str]) -> NDArray[np.intp]:
    """The column of each arm; those that are new get the next ones."""
    return np.array([known.setdefault(arm, len(known)) for arm in arms], np.intp)
