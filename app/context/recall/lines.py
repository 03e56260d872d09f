"""Who follows whom in each session."""

from array import array
from collections.abc import Iterable, Sequence

import numpy as np

from app.context.recall.columns import Column, Table
from app.context.recall.segments import Row, read

NOWHERE = 0
"""The slot that stands for no passage: before the first of a session and after the last."""

_Place = tuple[int, str]
"""What passages of a session are ordered by: their place, and where that is the same, their id."""


class Names:
    """Numbers for names, counted, so that one that nothing bears any more is forgotten."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._free: list[int] = []
        self.most = 0

    def items(self) -> Iterable[tuple[str, int]]:
        """Each name and its number."""
        return self._numbers.items()

    def of(self, name: str) -> int | None:
        """The number of a name; `None` where nothing bears it."""
        return self._numbers.get(name)

    def take(self, name: str) -> int:
        """The number of a name that one more thing bears."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = self._free.pop() if self._free else self._next()
        self._counts[name] = self._counts.get(name, 0) + 1
        return number

    def _next(self) -> int:
        self.most += 1
        return self.most

    def give(self, name: str) -> None:
        """Says that one thing less bears the name."""
        self._counts[name] -= 1
        if not self._counts[name]:
            del self._counts[name]
            self._free.append(self._numbers.pop(name))


class Lines:
    """The passages of each session in order; keeps the columns `before` and `after` of the table true."""

    def __init__(self, table: Table, rows: Column) -> None:
        self._table, self._rows = table, rows
        self._lines: dict[str, array[int]] = {}

    def ids(self, session_id: str) -> list[str]:
        """The passages of a session in order."""
        return [read(self._rows[slot])[0] for slot in self._lines.get(session_id, ())]

    def insert(self, rows: Sequence[Row], slots: Sequence[int]) -> None:
        """Puts passages that live in these slots where their places are; fastest at the end of their sessions."""
        came: dict[str, list[int]] = {}
        for row, slot in zip(rows, slots, strict=True):
            came.setdefault(row[1], []).append(slot)
        for session_id, new in came.items():
            line = self._lines.setdefault(session_id, array("I"))
            last = line[-1:]
            new.sort(key=self._place)
            line.extend(new)
            if last and self._place(last[0]) > self._place(new[0]):
                last, new = line[:0], sorted(line, key=self._place)
                self._lines[session_id] = array("I", new)
            self._link([*last, *new])

    def _place(self, slot: int) -> _Place:
        row = read(self._rows[slot])
        return row[2], row[0]

    def _link(self, slots: list[int]) -> None:
        """Lets slots follow each other. What is new has no neighbours yet, and the first and the last of a session that
        were so and are so keep none."""
        places = np.array(slots, "i4")
        self._table["before"][places[1:]] = places[:-1]
        self._table["after"][places[:-1]] = places[1:]

    def remove(self, session_id: str, slot: int) -> None:
        """Takes a passage out; its neighbours follow each other."""
        self._join(int(self._table["before"][slot]), int(self._table["after"][slot]))
        line = self._lines[session_id]
        line.remove(slot)
        if not line:
            del self._lines[session_id]

    def _join(self, before: int, after: int) -> None:
        if before:
            self._table["after"][before] = after
        if after:
            self._table["before"][after] = before
