"""What is over, of all replicas: stretches of 5 s are added up to minutes, and minutes to all that is longer."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.analytics.series.cell import EVERYTHING, Cell, Key
from app.analytics.series.history import History
from app.analytics.series.hours import HOUR, Hours, long
from app.analytics.series.intake import Intake
from app.analytics.series.rings import FINE, MINUTE, Rings
from app.analytics.series.rollup import Rollup
from app.analytics.series.slices import Slice
from app.analytics.series.values import values
from app.analytics.series.work import PIECE, Work
from app.clock import Clock

MINUTES = 1_440
"""One-minute values that are at hand."""

_SERIES = 1_000
"""Series that have them: 5.8 MB."""

_SETTLED = 300
"""Seconds after which an hour is kept: what replicas counted in it is in the store by then."""

_LATE = 5
"""Seconds after which a minute is closed: what other replicas counted in it has been told by then."""

_DAY = 86_400

_FINE_AGE = 300
"""Seconds after which a stretch of 5 s that another replica tells of is of no use: its minute is told by then."""

_UNTOLD = 1_000
"""Roll-ups that wait to be told; then the oldest give way."""

log = logging.getLogger("masterx.series")

Values = dict[tuple[Key, str], float]


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute that is over, of all replicas: the values of each series by what it is about and its name
    (`values.py` says which there are). What is unknown is not there. `cells` are what they were made of, and not to be
    changed."""

    start: int
    values: Mapping[tuple[Key, str], float]
    cells: Slice


Hook = Callable[[Minute], None]


class Past:
    """Closes what this process has counted (`intake`) when it is over, and adds what others tell. `name` is this
    process's among the replicas."""

    def __init__(self, clock: Clock, name: str, intake: Intake) -> None:
        self._clock, self.name, self._intake = clock, name, intake
        self.rings, self.hours = Rings(), Hours()
        self._history, self._work = History(MINUTES, _SERIES), Work()
        self._minute, self._own = intake.start // MINUTE * MINUTE, Slice()
        self._closed = self._due = self._minute
        self._hour = intake.start // HOUR * HOUR
        self.hooks: list[Hook] = []
        self.told: deque[Rollup] = deque(maxlen=_UNTOLD)
        """What others want to know, and the store is to keep."""

    def minutes(self, series: tuple[Key, str], n: int) -> list[float | None]:
        """The values of a series in the last `n` minutes that are closed, oldest first."""
        return self._history.last(series, self._closed // MINUTE, min(n, MINUTES))

    def steps(self) -> Iterator[None]:
        """Notes what is over, piece by piece, and puts into `told` what other replicas want to know of it."""
        self._notice()
        return self._work.pieces()

    def advance(self) -> None:
        """The same, at once."""
        self._notice()
        self._work.finish()

    def leave(self) -> None:
        """The same of what is not over: this process ends."""
        self._intake.leave()
        self._notice()
        self._end_minute()
        self._work.finish()

    def take(self, rollup: Rollup) -> None:
        """Adds what another replica told, or what was kept; each one counts once."""
        age = self._clock.now() - rollup.start
        if rollup.replica == self.name or not -MINUTE <= age <= _DAY:
            return
        if rollup.seconds == FINE and age <= _FINE_AGE:
            self.rings.add_fine(rollup.replica, rollup.start, rollup.slice())
        elif rollup.seconds == MINUTE and not self.rings.has(rollup.replica, rollup.start):
            self._work.add(self._taking(rollup))

    def restore(self, rollups: Sequence[Rollup]) -> None:
        """Adds a minute of the past that was kept, of all replicas."""
        self._work.add(self._restoring(rollups))
        self._hour = min(self._hour, rollups[0].start // HOUR * HOUR)

    def today(self, name: str, workspace: str | None) -> float:
        """A sum of this day, UTC, as far as it is over by a minute or so."""
        now = self._clock.now()
        midnight = int(now) // _DAY * _DAY
        cells = (one.get(Key(workspace)) for _, one in self.rings.hours.between(midnight, now + HOUR))
        return sum([cell.sums[name] for cell in cells if cell is not None and name in cell.sums])

    def _notice(self) -> None:
        for start, cells in self._intake.closed():
            self._end_minutes(start)
            self._work.add(self._ending(start, Slice(cells), self._own))
        now = self._clock.now()
        self._end_minutes(now)
        self._due = max(self._due, int(now) // MINUTE * MINUTE - MINUTES * MINUTE)
        while self._due + MINUTE + _LATE <= now:
            self._work.add(self._closing(self._due))
            self._due += MINUTE
        self._hour = max(self._hour, -(-int(now - _DAY) // HOUR) * HOUR)
        while self._hour + HOUR + _SETTLED <= now:
            self._work.add(self._ending_hour(self._hour))
            self._hour += HOUR
        self._work.add(self.rings.packing(now))

    def _ending(self, start: int, one: Slice, minute: Slice) -> Iterator[None]:
        """Ends a stretch of 5 s of this process."""
        self.rings.add_fine(self.name, start, one)
        yield from minute.adding(one.items())
        yield from one.packing()
        self.told.append(Rollup.of(self.name, (start, FINE), one))

    def _end_minutes(self, until: float) -> None:
        """Ends this process's minute where it is over by then; in a long silence there is nothing else to end."""
        if self._minute + MINUTE <= until:
            self._end_minute()
            self._minute = int(until) // MINUTE * MINUTE

    def _end_minute(self) -> None:
        self._work.add(self._ending_minute(self._minute, self._own))
        self._own = Slice()

    def _ending_minute(self, start: int, one: Slice) -> Iterator[None]:
        if len(one):
            yield from self.rings.adding_minute(self.name, start, one)
            yield from one.packing()
            self.told.append(Rollup.of(self.name, (start, MINUTE), one))

    def _ending_hour(self, start: int) -> Iterator[None]:
        one = self.rings.hours.get(start)
        if one is not None:
            self.hours.note(start, one)
            self.told.append(Rollup.of("", (start, HOUR), long(one)))
        yield
        self._intake.forget(self.rings.hours.workspaces())

    def _closing(self, start: int) -> Iterator[None]:
        """Ends a minute of all replicas."""
        found: Values = {}
        cells = self.rings.minutes.get(start) or Slice()
        yield from self._noting(start, cells, found)
        self._closed = start + MINUTE
        for hook in self.hooks:
            try:
                hook(Minute(start, found, cells))
            except Exception:
                # A bulkhead: what goes wrong in whoever listens must not end the figures.
                log.exception("a minute is not heard")

    def _taking(self, rollup: Rollup) -> Iterator[None]:
        yield from self.rings.adding_minute(rollup.replica, rollup.start, rollup.slice())
        if rollup.start < self._closed:  # it came late
            yield from self._noting(rollup.start, self.rings.minutes.get(rollup.start), {})

    def _restoring(self, rollups: Sequence[Rollup]) -> Iterator[None]:
        start, together = rollups[0].start, Slice()
        for rollup in rollups:
            if not self.rings.has(rollup.replica, start):
                yield from together.adding((one := rollup.slice()).items())
                yield from self.rings.adding_minute(rollup.replica, start, one)
        if len(together):
            yield from self._noting(start, together, {})

    def _noting(self, start: int, one: Slice | None, found: Values) -> Iterator[None]:
        """Keeps the values of a minute of all replicas, and puts them into `found`."""
        keys = sorted({EVERYTHING, *(one or ())}, key=_most_general)
        for n, key in enumerate(keys, 1):
            cell = one.get(key) if one else None
            named = values(key, cell or Cell(), MINUTE)  # that nobody came is known
            self._history.note(start // MINUTE, key, named)
            found.update({(key, name): value for name, value in named.items()})
            if n % PIECE == 0:
                yield


def _most_general(key: Key) -> tuple[bool, bool]:
    """Where there is no room for all, there is for what is more general."""
    return key.workspace is not None, bool(key.kind)
