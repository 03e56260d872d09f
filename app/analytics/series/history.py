"""The newest values of each series, one a minute or one an hour, four bytes each."""

from array import array
from collections.abc import Mapping
from math import isnan, nan

from app.analytics.series.cell import Key


class History:
    """The values of the last `steps` steps, counted since the epoch, of `most` series at most; those that come later
    are not kept. What is unknown is `None`."""

    def __init__(self, steps: int, most: int) -> None:
        self._steps, self._most = steps, most
        self._values: dict[tuple[Key, str], array[float]] = {}
        self._written: dict[tuple[Key, str], int] = {}
        self._freed = 0

    def __len__(self) -> int:
        return len(self._values)

    def note(self, step: int, key: Key, values: Mapping[str, float]) -> None:
        """Keeps what was measured in a step; once more puts the newer in its place."""
        for name, value in values.items():
            slots = self._of((key, name), step)
            if slots is not None:
                slots[step % self._steps] = value

    def last(self, series: tuple[Key, str], until: int, count: int) -> list[float | None]:
        """The values of the `count` steps before the step `until`, oldest first."""
        slots, written = self._values.get(series), self._written.get(series, 0)
        if slots is None:
            return [None] * count
        known = range(max(written - self._steps + 1, 0), written + 1)
        wanted = (slots[step % self._steps] if step in known else nan for step in range(until - count, until))
        return [None if isnan(value) else value for value in wanted]

    def _of(self, series: tuple[Key, str], step: int) -> "array[float] | None":
        """Where a series keeps a step; `None` where that step is too old, or there is no room for the series."""
        slots = self._values.get(series)
        if slots is None:
            if len(self._values) >= self._most and not self._free(step):
                return None
            slots = self._values[series] = array("f", [nan]) * self._steps
            self._written[series] = step
        newest = self._written[series]
        if step <= newest - self._steps:
            return None
        for skipped in range(newest + 1, min(step, newest + self._steps) + 1):
            slots[skipped % self._steps] = nan
        self._written[series] = max(newest, step)
        return slots

    def _free(self, step: int) -> bool:
        """Drops series of which nothing came for so long, once a step; says whether there is room now."""
        if step <= self._freed:
            return False
        self._freed = step
        for series in [one for one, newest in self._written.items() if newest <= step - self._steps]:
            del self._values[series], self._written[series]
        return len(self._values) < self._most
