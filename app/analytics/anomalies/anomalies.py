"""Watches series minute by minute and says which are out of the ordinary, by how much and since when.

An observation is judged by how many of its errors it lies past what is expected *and* past the least change that is
worth attention; a Page-Hinkley walk over these opens and closes (`app/stats/page_hinkley.py`). Its height follows from
the one number that an operator chooses: false alarms a day over all series.

`river` has Page-Hinkley and ADWIN, too; it is a compiled wheel of ten megabytes for what takes fifteen lines, and its
detectors do not say since when.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.analytics.anomalies.minute import ALL, Label, Minute, labels
from app.analytics.anomalies.watched import WATCHED, Watched
from app.stats.baseline import Baseline, Expected
from app.stats.page_hinkley import Walk, height
from app.stats.scales import Count, Seen

Z = 3.0
"""Errors past which the band of what is expected ends, and an observation counts as far off."""

_ALLOWANCE = 1.0
"""Errors a minute that the walk lets pass: half of the smallest shift that is to be found soon."""

_CLIP = 4.0
"""One freak minute alarms nobody: it climbs by three at most."""

_ROOM = 1.5
"""Times its height that a walk climbs at most: so many quiet minutes it takes to close."""

_HEEDED = 60
"""Minutes after a change (a policy, a deploy) in which less is needed to alarm: each change may cost as many false
alarms as a day without one."""

_ACCEPTED = 360
"""Minutes after which a new level is the normal one."""

_FLAT = Walk()

SERIES = 256
"""Series that are watched at most; later ones are not."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A series out of the ordinary: seen now, expected between `low` and `high`, in its unit; `since` and `at` in
    minutes since the epoch, `z` in errors past the band's middle."""

    watched: Watched
    label: Label
    observed: float
    low: float
    high: float
    z: float
    since: int
    at: int


@dataclass(frozen=True, slots=True)
class Hour:
    """What was learned of an hour (since the epoch) about a series, on its scale."""

    name: str
    dimension: str
    value: str
    hour: int
    mean: float


@dataclass(slots=True)
class _Series:
    """One figure of one label, and what is not yet enough for a judgement."""

    watched: Watched
    label: Label
    baseline: Baseline
    walk: Walk = _FLAT
    over: float = 0.0
    of: float = 0.0
    minutes: int = 0
    found: Anomaly | None = None


class Anomalies:
    """All watched series. What is kept follows from the minutes that were fed: after a restart they are fed again."""

    def __init__(self, watched: Mapping[str, Watched] = WATCHED, false_alarms_a_day: float = 0.01) -> None:
        self._watched = tuple(watched.values())
        self._series: dict[tuple[str, Label], _Series] = {}
        self._rate = false_alarms_a_day
        self._heights = self._of_series(1)
        self._at = self._changed = 0

    @property
    def found(self) -> list[Anomaly]:
        """Those of the last minute that was fed, the longest first."""
        return sorted((s.found for s in self._series.values() if s.found), key=lambda one: one.since)

    def expected(self, name: str, label: Label = ALL) -> tuple[float, float] | None:
        """The band of a series in the minute after the last; `None` before enough was seen."""
        series = self._series.get((name, label))
        known = series and series.baseline.expected(self._at + 1)
        return _band(series, known, max(series.watched.few, 1.0)) if series and known else None

    def hours(self) -> list[Hour]:
        """What is being learned of the hour that is going on: to be kept when it is nearly over."""
        learned = ((s, s.baseline.season.hour()) for s in self._series.values())
        return [Hour(s.watched.name, *s.label, *hour) for s, hour in learned if hour]

    def recall(self, hour: Hour) -> None:
        """Takes an hour of the past that was kept, oldest first, before any minute is fed."""
        watched = next((one for one in self._watched if one.name == hour.name), None)
        if watched and (series := self._of(watched, (hour.dimension, hour.value))):
            series.baseline.season.recall(hour.hour, hour.mean)

    def heed(self, at: int) -> None:
        """Notes that something was changed that may go wrong, at a minute since the epoch."""
        self._changed = max(self._changed, at)

    def feed(self, minute: Minute) -> None:
        """Takes a minute that is over. One that is not past the last is ignored."""
        if minute.at <= self._at:
            return
        self._at = minute.at
        for series in self._present(minute):
            self._take(series, minute)

    def _present(self, minute: Minute) -> Iterable[_Series]:
        for watched in self._watched:
            seen = labels(minute.sums, watched.of or watched.over, watched.by) if watched.by else [ALL]
            for label in seen:
                self._of(watched, label)
        return list(self._series.values())

    def _of(self, watched: Watched, label: Label) -> _Series | None:
        if (watched.name, label) not in self._series and len(self._series) < SERIES:
            self._series[watched.name, label] = _Series(watched, label, Baseline(watched.scale.floor))
            self._heights = self._of_series(len(self._series))
        return self._series.get((watched.name, label))

    def _of_series(self, count: int) -> tuple[float, float]:
        """The height for so many series, and that for the time after a change."""
        return height(count * 1440 / self._rate, _ALLOWANCE), height(count * _HEEDED / self._rate, _ALLOWANCE)

    @property
    def _height(self) -> float:
        return self._heights[self._at - self._changed <= _HEEDED]

    def _take(self, series: _Series, minute: Minute) -> None:
        watched = series.watched
        series.over += minute.of(watched.over, series.label)
        series.of += minute.of(watched.of, series.label) if watched.of else 1.0
        series.minutes += 1
        if watched.of and series.of < watched.few:
            return
        seen = watched.scale.seen(series.over, series.of)
        if seen:
            self._judge(series, seen, minute.at)
        series.over = series.of = 0.0
        series.minutes = 0

    def _judge(self, series: _Series, seen: Seen, at: int) -> None:
        known = series.baseline.expected(at)
        if known is None or (isinstance(series.watched.scale, Count) and not known.seasonal):
            series.baseline.learn(at, seen)
            return
        z = _beyond(series, seen, known)
        began = at - series.minutes + 1
        series.walk = series.walk.after(min(z, _CLIP), began, _ALLOWANCE, _ROOM * self._height)
        series.found = self._alarm(series, seen, known, at)
        if series.found is None:
            series.baseline.learn(at, seen)
        elif at - series.found.since > _ACCEPTED:
            series.baseline.accept(at, seen)
            series.walk, series.found = Walk(), None

    def _alarm(self, series: _Series, seen: Seen, known: Expected, at: int) -> Anomaly | None:
        """What is out of the ordinary: opens at the walk's height, and stays until the walk is back at zero."""
        since, before = series.walk.since, series.found
        if since is None or (before is None and series.walk.height < self._height):
            return None
        low, high = _band(series, known, series.of)
        z = (seen.value - known.value) / (seen.error * known.spread)
        observed = series.watched.scale.natural(seen.value, series.of)
        if before is None:
            return Anomaly(series.watched, series.label, observed, low, high, z, since, at)
        return replace(before, observed=observed, low=low, high=high, z=z, at=at)


def _beyond(series: _Series, seen: Seen, known: Expected) -> float:
    """Errors past the least change that is worth attention, on the side that is watched; else under zero."""
    watched, scale = series.watched, series.watched.scale
    bound = scale.placed(watched.bound(scale.natural(known.value, series.of)), series.of)
    past = seen.value - bound if watched.side == "high" else bound - seen.value
    return past / (seen.error * known.spread)


def _band(series: _Series, known: Expected, of: float) -> tuple[float, float]:
    """What is expected, as people read it, for so many things."""
    scale = series.watched.scale
    seen = scale.seen(scale.natural(known.value, of) * (of if series.watched.of else 1.0), of)
    reach = Z * known.spread * (seen.error if seen else 1.0)
    return scale.natural(known.value - reach, of), scale.natural(known.value + reach, of)
