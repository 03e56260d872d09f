"""Discounted counts of rewards by name and arm that add up over replicas, whatever the order they come in."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.stats.forward import Forward

MONTH = 30 * 86_400.0

_ROOM = 8
_NAMES = 200_000
_CHOICES = 1_000

Floats = NDArray[np.float64]


class Table:
    """For each name and arm: how many rewards (weights added up) and what they sum to, both discounted
    (`stats.forward`).

    Of more than `most` names those go first that nothing was added to for longest; `half_life` is in seconds, `None`
    never forgets.

    >>> from app.stats.forward import LANDMARK
    >>> table = Table(half_life=10.0)
    >>> table.add("a", "hint", (1.0, 0.5), at=LANDMARK)
    >>> table.add("a", "hint", (1.0, 1.0), at=LANDMARK + 10)
    >>> weights, sums = table.read("a", ("hint", "tell"), at=LANDMARK + 10)
    >>> weights.tolist(), sums.tolist()
    ([1.5, 0.0], [1.25, 0.0])
    """

    def __init__(self, half_life: float | None = MONTH, most: int = _NAMES) -> None:
        self._decay, self._most = Forward(half_life), most
        self._arms: dict[str, int] = {}
        self._rows: OrderedDict[str, Floats] = OrderedDict()
        self._where: dict[tuple[str, ...], NDArray[np.intp]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def add(self, name: str, arm: str, reward: tuple[float, float], at: float) -> None:
        """Adds a weight and what it sums to (weight x value) to an arm."""
        self._advance(self._decay.due(at))
        column = self._column(arm)
        row, grown = self._row(name), self._decay.weight(at)
        row[0, column] += reward[0] * grown
        row[1, column] += reward[1] * grown

    def read(self, name: str, arms: tuple[str, ...], at: float) -> Floats:
        """Weights and sums of arms, two rows, as they count at a time."""
        row = self._rows.get(name)
        if row is None:
            return np.zeros((2, len(arms)))
        places = self._places(arms)
        found: Floats = _widened(row, self._room()).take(places, axis=1)
        found *= self._decay.fading(at)
        return found

    def drop(self, name: str) -> None:
        """Forgets a name."""
        self._rows.pop(name, None)

    def cell(self, name: str, arm: str, at: float) -> tuple[float, float]:
        """Weight and sum of one arm as they count at a time."""
        row, column = self._rows.get(name), self._arms.get(arm)
        if row is None or column is None or column >= row.shape[1]:
            return 0.0, 0.0
        fading = self._decay.fading(at)
        return row.item(0, column) * fading, row.item(1, column) * fading

    def kept(self) -> dict[str, Any]:
        """As JSON; names and arms are no keys, for not every store takes every key."""
        size, room = len(self._arms), self._room()
        rows = [[name, *_widened(row, room)[:, :size].ravel().tolist()] for name, row in self._rows.items()]
        return {"half_life": self._decay.half_life, "era": self._decay.era, "arms": [*self._arms], "rows": rows}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was kept; `ValueError` where that was discounted in another way."""
        self._decay = Forward(self._decay.half_life)
        self._arms, self._where = {}, {}
        self._rows = OrderedDict()
        self.merge(kept)

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what another table has; `ValueError` where that was discounted in another way."""
        if not kept:
            return
        if kept["half_life"] != self._decay.half_life:
            raise ValueError(f"half-lives differ: {kept['half_life']} and {self._decay.half_life}")
        self._advance(kept["era"])
        columns = np.array([self._column(arm) for arm in kept["arms"]], np.intp)
        names = [row[0] for row in kept["rows"]]
        cells = np.zeros((len(names), 2, self._room()))
        numbers = np.array([row[1:] for row in kept["rows"]], np.float64).reshape(len(names), 2, len(columns))
        cells[:, :, columns] = np.ldexp(numbers, kept["era"] - self._decay.era)
        for name, cell in zip(names, cells, strict=True):
            self._row(name)[:] += cell

    def _advance(self, era: int) -> None:
        """Makes all numbers smaller by a whole power of two; those that are too small by then are forgotten."""
        if era > self._decay.era:
            for row in self._rows.values():
                np.ldexp(row, self._decay.era - era, out=row)
            self._decay.era = era

    def _column(self, arm: str) -> int:
        column = self._arms.get(arm)
        if column is None:
            column = self._arms[arm] = len(self._arms)
            self._where.clear()
        return column

    def _places(self, arms: tuple[str, ...]) -> NDArray[np.intp]:
        places = self._where.get(arms)
        if places is None:
            # An arm that nothing is known of is read where nothing will ever be written: the last column.
            places = np.array([self._arms.get(arm, -1) for arm in arms], np.intp)
            if len(self._where) >= _CHOICES:
                self._where.clear()
            self._where[arms] = places
        return places

    def _room(self) -> int:
        """Columns of a row: whole blocks, and at least one that is empty."""
        return (len(self._arms) // _ROOM + 1) * _ROOM

    def _row(self, name: str) -> Floats:
        row = self._rows.get(name)
        room = self._room()
        if row is None:
            row = self._rows[name] = np.zeros((2, room))
            if len(self._rows) > self._most:
                self._rows.popitem(last=False)
            return row
        if row.shape[1] < room:
            row = self._rows[name] = _widened(row, room)
        self._rows.move_to_end(name)
        return row


def _widened(row: Floats, room: int) -> Floats:
    if row.shape[1] == room:
        return row
    wide = np.zeros((2, room))
    wide[:, : row.shape[1]] = row
    return wide
