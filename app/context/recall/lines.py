"""Who follows whom in each session."""

from bisect import insort
from collections.abc import Iterable, Sequence

import numpy as np

from app.context.recall.columns import Table
from app.vocabulary import Passage

NOWHERE = 0
"""The slot that stands for no passage: before the first of a session and after the last."""

_Entry = tuple[int, str, int]
"""Place, id and slot of a passage: the order in a session."""


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

    def __init__(self, table: Table) -> None:
        self._table = table
        self._lines: dict[str, list[_Entry]] = {}

    def ids(self, session_id: str) -> list[str]:
        """The passages of a session in order."""
        return [id_ for _, id_, _ in self._lines.get(session_id, ())]

    def insert(self, passage: Passage, slot: int) -> None:
        """Puts a passage where its place is."""
        line = self._lines.setdefault(passage.session_id, [])
        entry = (passage.n, passage.id, slot)
        if not line or line[-1] < entry:
            line.append(entry)
            at = len(line) - 1
        else:
            insort(line, entry)
            at = line.index(entry)
        before = line[at - 1][2] if at else NOWHERE
        after = line[at + 1][2] if at + 1 < len(line) else NOWHERE
        self._join(before, slot)
        self._join(slot, after)

    def insert_many(self, passages: Sequence[Passage], first: int) -> None:
        """Puts passages that live in slots from `first` on where their places are."""
        touched: dict[str, list[_Entry]] = {}
        for slot, passage in enumerate(passages, first):
            line = touched[passage.session_id] = self._lines.setdefault(passage.session_id, [])
            line.append((passage.n, passage.id, slot))
        for line in touched.values():
            line.sort()
            slots = np.array([slot for _, _, slot in line], "i4")
            self._table["before"][slots] = np.concatenate(([NOWHERE], slots[:-1]))
            self._table["after"][slots] = np.concatenate((slots[1:], [NOWHERE]))

    def remove(self, passage: Passage, slot: int) -> None:
        """Takes a passage out; its neighbours follow each other."""
        self._join(int(self._table["before"][slot]), int(self._table["after"][slot]))
        line = self._lines[passage.session_id]
        line.remove((passage.n, passage.id, slot))
        if not line:
            del self._lines[passage.session_id]

    def _join(self, before: int, after: int) -> None:
        if before:
            self._table["after"][before] = after
        if after:
            self._table["before"][after] = before
