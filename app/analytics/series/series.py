"""The figures of all replicas, from what this one counts and what others tell: what everybody asks."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.analytics.series.cell import EVERYTHING, Cell, Key
from app.analytics.series.figures import figures
from app.analytics.series.history import History
from app.analytics.series.hours import HOUR, Hours, long
from app.analytics.series.intake import Intake
from app.analytics.series.rings import FINE, MINUTE, Rings, merge
from app.analytics.series.rollup import Rollup
from app.analytics.series.slices import Slice
from app.analytics.series.values import values
from app.clock import Clock
from app.events import Event

MINUTES = 1_440
"""One-minute values that are at hand."""

_SERIES = 1_000
"""Series that have them: 5.8 MB."""

_SETTLED = 300
"""Seconds after which an hour is kept: what replicas counted in it is in the store by then."""

LATE = 5
"""Seconds after which a minute is closed: what other replicas counted in it has been told by then."""

_DAY = 86_400

_FRESH = 1.0
"""Seconds for which an answer is good."""

_ANSWERS = 256

_UNTOLD = 1_000
"""Roll-ups that wait to be told; then the oldest give way."""

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute that is over, of all replicas: the values of each series by what it is about and its name
    (`values.py` says which there are). What is unknown is not there."""

    start: int
    values: Mapping[tuple[Key, str], float]


Hook = Callable[[Minute], None]
Extra = Callable[[str, str | None], Figures]
"""Figures that others know of a window and workspace."""


Counts = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Sampled:
    prefix: str
    counts: Counts
    before: dict[str, float]

    def more(self) -> list[tuple[str, float]]:
        """By how much each count has risen since this was asked last."""
        now = self.counts()
        found = [(self.prefix + n, count - self.before.get(n, 0)) for n, count in now.items()]
        self.before.update(now)
        return [(name, amount) for name, amount in found if amount > 0]


class Series:
    """Counts, adds up, answers. `name` is this process's among the replicas, `key` hides who learners are."""

    def __init__(self, clock: Clock, name: str, key: bytes) -> None:
        self._clock, self.name = clock, name
        self._intake, self._rings, self.hours = Intake(clock, key), Rings(), Hours()
        self._history = History(MINUTES, _SERIES)
        self._minute = self._intake.start // MINUTE * MINUTE
        self._unclosed = self._minute
        self._hour = self._intake.start // HOUR * HOUR
        self._since = clock.now()
        self._hooks: list[Hook] = []
        self._extras: list[Extra] = []
        self._sampled: list[_Sampled] = []
        self._answers: OrderedDict[tuple[str, str | None], tuple[float, Figures]] = OrderedDict()
        self.hear: Callable[[Event], None] = self._intake.hear
        self.request: Callable[[int, float], None] = self._intake.request
        self.told: deque[Rollup] = deque(maxlen=_UNTOLD)
        self.replicas: Callable[[], int] = lambda: 1
        """How many replicas there are, as far as is known."""

    def each_minute(self, hook: Hook) -> None:
        """Calls `hook` with every minute from now on, once it is closed (65 s after it began); a hook must be quick
        and may not fail."""
        self._hooks.append(hook)

    def add(self, extra: Extra) -> None:
        """Adds to all figures what `extra` gives for a window and a workspace; empty and unknown ones are left out."""
        self._extras.append(extra)

    def sample(self, prefix: str, counts: Counts) -> None:
        """Counts what somebody else counts up, from now on: each count is a sum of everything, after `prefix`."""
        self._sampled.append(_Sampled(prefix, counts, dict(counts())))

    def figures(self, window: str, workspace: str | None = None) -> Figures:
        """The figures of a window (`rings.WINDOWS`), of a workspace or of all; at most a second old, and not to be
        changed. `KeyError` for any other window."""
        now, place = self._clock.monotonic(), (window, workspace)
        made, known = self._answers.get(place, (0.0, None))
        if known is not None and 0 <= now - made < _FRESH:
            return known
        found = self._made(window, workspace)
        self._answers[place] = now, found
        self._answers.move_to_end(place)
        if len(self._answers) > _ANSWERS:
            self._answers.popitem(last=False)
        return found

    def minutes(self, name: str, labels: Mapping[str, str], n: int) -> Iterator[float | None]:
        """The values of a series in the last `n` closed minutes (1,440 at most), oldest first: `("turns", {}, 60)`,
        `("errors.share", {"provider": "groq", "model": "llama"}, 60)`. `ValueError` for labels that no series has."""
        return iter(self._history.last((Key.of(labels), name), self._unclosed // MINUTE, min(n, MINUTES)))

    def advance(self) -> None:
        """Notes what is over, and puts into `told` what other replicas want to know of it."""
        for sampled in self._sampled:
            for name, amount in sampled.more():
                self._intake.count(name, amount)
        for start, cells in self._intake.closed():
            self._end_minutes(start)
            self._rings.add_fine(self.name, start, one := Slice(cells))
            self.told.append(Rollup.of(self.name, (start, FINE), one))
        now = self._clock.now()
        self._end_minutes(now)
        while self._unclosed + MINUTE + LATE <= now:
            self._close()
        while self._hour + HOUR + _SETTLED <= now:
            self._end_hour()
        self._rings.pack(now)

    def leave(self) -> None:
        """The same of what is not over: this process ends."""
        self._intake.leave()
        self.advance()
        self._end_minute()

    def take(self, rollup: Rollup) -> None:
        """Adds what another replica told, or what was kept; each one counts once."""
        now = self._clock.now()
        if rollup.replica == self.name or rollup.start > now + MINUTE:
            return
        if rollup.seconds == FINE:
            self._rings.add_fine(rollup.replica, rollup.start, rollup.slice())
        elif rollup.seconds == MINUTE and not self._rings.has(rollup.replica, rollup.start):
            self._rings.add_minute(rollup.replica, rollup.start, rollup.slice())
            together = self._rings.minutes.get(rollup.start)
            if rollup.start < self._unclosed and together is not None:
                self._note(rollup.start, together)  # it came late

    def restore(self, rollups: Sequence[Rollup]) -> None:
        """Adds a minute of the past that was kept, of all replicas."""
        start, together = rollups[0].start, Slice()
        for rollup in rollups:
            if not self._rings.has(rollup.replica, start):
                one = rollup.slice()
                self._rings.add_minute(rollup.replica, start, one)
                for key, cell in one.items():
                    together.add(key, cell)
        self._note(start, together)
        self._hour = min(self._hour, start // HOUR * HOUR)

    def today(self, name: str, workspace: str | None) -> float:
        """A sum of this day, UTC, as far as it is over by a minute or so."""
        now = self._clock.now()
        midnight = int(now) // _DAY * _DAY
        cells = (one.get(Key(workspace)) for _, one in self._rings.hours.between(midnight, now + HOUR))
        return sum([cell.sums[name] for cell in cells if cell is not None and name in cell.sums])

    def _made(self, name: str, workspace: str | None) -> Figures:
        self.advance()
        now = self._clock.now()
        window = self._rings.window(name, workspace, now)
        merge(window.cells, self._intake.opened(workspace))
        since = max(window.since, min(self._since, self._rings.oldest or now))
        found = figures(replace(window, since=since)) | {"replicas": self.replicas()}
        if workspace is not None and "http" in (of_all := self.figures(name)):
            found["http"] = of_all["http"]  # a request is answered before anybody knows whose it is
        for extra in self._extras:
            found |= {part: told for part, told in extra(name, workspace).items() if told}
        return found | {"series": self._rings.points(name, workspace, now)}

    def _end_minutes(self, until: float) -> None:
        """Closes this process's minutes that are over by then; in most of a long stretch of silence there is none."""
        if self._minute + MINUTE <= until:
            self._end_minute()
            self._minute = int(until) // MINUTE * MINUTE

    def _end_minute(self) -> None:
        together = Slice()
        for fine in self._rings.fine(self.name, self._minute):
            for key, cell in fine.items():
                together.add(key, cell)
        if together and self._rings.add_minute(self.name, self._minute, together):
            self.told.append(Rollup.of(self.name, (self._minute, MINUTE), together))

    def _end_hour(self) -> None:
        self._hour = max(self._hour, int(self._clock.now() - _DAY)) // HOUR * HOUR
        one = self._rings.hours.get(self._hour)
        if one is not None:
            self.hours.note(self._hour, one)
            self.told.append(Rollup.of("", (self._hour, HOUR), long(one)))
        self._hour += HOUR

    def _close(self) -> None:
        """Ends the oldest minute that is not closed, for all replicas."""
        self._unclosed = max(self._unclosed, int(self._clock.now()) - MINUTES * MINUTE) // MINUTE * MINUTE
        start = self._unclosed
        minute = Minute(start, self._note(start, self._rings.minutes.get(start) or Slice()))
        self._unclosed += MINUTE
        for hook in self._hooks:
            hook(minute)

    def _note(self, start: int, one: Slice) -> dict[tuple[Key, str], float]:
        """Keeps the values of a minute of all replicas."""
        found: dict[tuple[Key, str], float] = {}
        cells = {EVERYTHING: Cell()} | dict(one.items())  # that nobody came is known
        for key, cell in sorted(cells.items(), key=_most_general):
            named = values(key, cell, MINUTE)
            self._history.note(start // MINUTE, key, named)
            found.update({(key, name): value for name, value in named.items()})
        return found


def _most_general(one: tuple[Key, Cell]) -> tuple[bool, bool]:
    """Where there is no room for all, there is for what is more general."""
    return one[0].workspace is not None, bool(one[0].kind)
