"""Stretches of time: what was counted in each of them, by what it is about, within bounds."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from app.analytics.series.cell import Cell, Key, compact
from app.analytics.series.work import PIECE

CELLS = 1_000
"""Cells of one stretch; what comes after is counted under `Key.rest`, of which there are a few to each workspace."""


class Slice:
    """One stretch of time. Cells that nobody changes any more are kept packed: a tenth of the memory."""

    __slots__ = ("_cells", "_open", "_seen", "version")

    def __init__(self, cells: Mapping[Key, Cell] | None = None) -> None:
        self._cells: dict[Key, Cell | bytes] = dict(cells or {})
        self._open = bool(cells)
        self._seen = -1
        self.version = 0
        """Changes with what it holds."""

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Key]:
        """What it has counted."""
        return iter(self._cells)

    def get(self, key: Key) -> Cell | None:
        """The cell about something; not to be changed."""
        cell = self._cells.get(key)
        return _opened(cell) if isinstance(cell, bytes) else cell

    def add(self, key: Key, cell: Cell) -> None:
        """Adds what was counted."""
        place = key if key in self._cells or len(self._cells) < CELLS else key.rest
        known = self._cells.get(place)
        if known is None:
            self._cells[place] = cell.copy()
        else:
            mine = _opened(known) if isinstance(known, bytes) else known
            mine.merge(cell)
            self._cells[place] = mine
        self._open = True
        self.version += 1

    def items(self) -> Iterator[tuple[Key, Cell]]:
        """Every cell; not to be changed."""
        for key, cell in self._cells.items():
            yield key, _opened(cell) if isinstance(cell, bytes) else cell

    def wholes(self) -> Iterator[tuple[Key, Cell]]:
        """The cells about everything, and about everything in a workspace; not to be changed."""
        for key, cell in self._cells.items():
            if not key.kind:
                yield key, _opened(cell) if isinstance(cell, bytes) else cell

    def of(self, workspace: str | None) -> Iterator[tuple[Key, Cell]]:
        """The cells of a workspace, or of all together."""
        for key, cell in self._cells.items():
            if key.workspace == workspace:
                yield key, _opened(cell) if isinstance(cell, bytes) else cell

    def adding(self, cells: Iterable[tuple[Key, Cell]]) -> Iterator[None]:
        """Adds what another one has counted, piece by piece."""
        for n, (key, cell) in enumerate(cells, 1):
            self.add(key, cell)
            if n % PIECE == 0:
                yield

    def calm(self) -> bool:
        """Whether nothing was added since this was asked last."""
        before, self._seen = self._seen, self.version
        return before == self.version

    def packing(self) -> Iterator[None]:
        """Takes little memory from now on; done piece by piece."""
        if not self._open:
            return
        self._open = False
        for n, (key, cell) in enumerate([*self._cells.items()], 1):
            if isinstance(cell, Cell):
                self._cells[key] = cell.packed()
            if n % PIECE == 0:
                yield

    def told(self) -> list[Any]:
        """As rows of workspace, kind, names and cell, for orjson."""
        return [
            [key.workspace, key.kind, key.names, orjson.Fragment(cell) if isinstance(cell, bytes) else cell.plain()]
            for key, cell in self._cells.items()
        ]

    @classmethod
    def heard(cls, rows: Iterable[Any]) -> "Slice":
        """The slice that was told so; raises `TypeError` or `ValueError` for what are no rows."""
        made = cls()
        for workspace, kind, names, plain in rows:
            key = Key(workspace, kind, tuple(names))
            made._cells[key if len(made._cells) < CELLS else key.rest] = compact(orjson.dumps(plain))
        return made


class Ring:
    """The newest slices of one length, in seconds, by when they begin."""

    def __init__(self, seconds: int, kept: int) -> None:
        self.seconds, self._kept = seconds, kept
        self._slices: dict[int, Slice] = {}

    def start(self, at: float) -> int:
        """When the slice of a moment begins."""
        return int(at) // self.seconds * self.seconds

    def at(self, moment: float) -> Slice:
        """The slice of a moment, made where there is none; older ones than are kept go."""
        start = self.start(moment)
        found = self._slices.get(start)
        if found is None:
            found = self._slices[start] = Slice()
            if len(self._slices) > self._kept:
                del self._slices[min(self._slices)]
        return found

    def get(self, start: int) -> Slice | None:
        """The slice that begins then."""
        return self._slices.get(start)

    def between(self, since: float, until: float) -> Iterator[tuple[int, Slice]]:
        """The slices that lie wholly between two times, oldest first."""
        return ((s, self._slices[s]) for s in sorted(self._slices) if since <= s and s + self.seconds <= until)

    def workspaces(self) -> set[str]:
        """Those of which something was counted."""
        return {key.workspace for one in self._slices.values() for key in one if key.workspace is not None}

    @property
    def oldest(self) -> int | None:
        """When the oldest slice begins."""
        return min(self._slices, default=None)

    def packing(self, until: float) -> Iterator[None]:
        """Packs the slices that are over by then, piece by piece; one that is still added to, which is opened for that
        each time, once it is calm."""
        for start, one in [*self._slices.items()]:
            if start + self.seconds <= until and one.calm():
                yield from one.packing()


def _opened(packed: bytes) -> Cell:
    """A cell; an empty one where another version packed what we cannot read."""
    try:
        return Cell.of(orjson.loads(packed))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Cell()
