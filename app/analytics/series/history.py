"""A day of one-minute values of each series, four bytes each."""

from array import array
from collections.abc import Mapping
from math import isnan, nan

from app.analytics.series.cell import Key

MINUTES = 1_440
SERIES = 1_000
"""Series kept at most: 5.8 MB; what comes later is not."""


class History:
    """The values of the last day by series; what is unknown is `None`."""

    def __init__(self) -> None:
        self._values: dict[tuple[Key, str], array[float]] = {}
        self._written: dict[tuple[Key, str], int] = {}

    def __len__(self) -> int:
        return len(self._values)

    def note(self, minute: int, key: Key, values: Mapping[str, float]) -> None:
        """Keeps what was measured in a minute (counted since the epoch); once more puts the newer in its place."""
        for name, value in values.items():
            slots = self._of((key, name), minute)
            if slots is not None:
                slots[minute % MINUTES] = value

    def last(self, series: tuple[Key, str], until: int, count: int) -> list[float | None]:
        """The values of the `count` minutes before the minute `until`, oldest first."""
        slots, written = self._values.get(series), self._written.get(series, 0)
        if slots is None:
            return [None] * count
        known = range(max(written - MINUTES + 1, 0), written + 1)
        wanted = (slots[minute % MINUTES] if minute in known else nan for minute in range(until - count, until))
        return [None if isnan(value) else value for value in wanted]

    def _of(self, series: tuple[Key, str], minute: int) -> "array[float] | None":
        """Where a series keeps a minute; `None` where that minute is too old, or there is no room for the series."""
        slots = self._values.get(series)
        if slots is None:
            if len(self._values) >= SERIES and not self._free(minute):
                return None
            slots = self._values[series] = array("f", [nan]) * MINUTES
            self._written[series] = minute
        newest = self._written[series]
        if minute <= newest - MINUTES:
            return None
        for skipped in range(newest + 1, min(minute, newest + MINUTES) + 1):
            slots[skipped % MINUTES] = nan
        self._written[series] = max(newest, minute)
        return slots

    def _free(self, minute: int) -> bool:
        """Drops series of which nothing came for a day; says whether there is room now."""
        for series in [one for one, newest in self._written.items() if newest <= minute - MINUTES]:
            del self._values[series], self._written[series]
        return len(self._values) < SERIES
