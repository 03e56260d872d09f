"""What all replicas have counted, in stretches of 5 s to an hour, and which of them make up a window."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from app.analytics.series.cell import Cell, Key
from app.analytics.series.figures import Window
from app.analytics.series.slices import CELLS, Ring, Slice
from app.analytics.series.values import values
from app.analytics.series.work import PIECE

FINE, MINUTE = 5, 60

WINDOWS = {"1m": 60, "5m": 300, "1h": 3_600, "24h": 86_400}
"""The windows that may be asked for, in seconds."""

_FINE_KEPT = 80
"""Five minutes, and what a replica is late by."""

_REPLICAS = 64
"""Replicas whose short stretches are kept; long ones come from the store."""

_TOLD = 2_880
"""Minutes of which it is known whose were added: two days."""

_BASES = 64
"""Windows of workspaces whose older part is at hand."""

_POINTS = 20_000
"""Points of charts that are."""

_STRETCHES = 8
"""Stretches whose points are one piece of work: two milliseconds of those that count most."""

Cells = dict[Key, Cell]
Signature = tuple[tuple[int, int, int], ...]


class Rings:
    """Adds up slices of replicas; each one counts once, whatever way it comes by, and however often."""

    def __init__(self) -> None:
        self._fine: dict[int, dict[str, Slice]] = {}
        self.minutes = Ring(MINUTE, 62)
        self._fives, self._quarters, self.hours = Ring(300, 14), Ring(900, 98), Ring(3_600, 26)
        self._told: dict[int, set[str]] = {}
        self._bases: OrderedDict[tuple[str, str | None], tuple[Signature, Cells]] = OrderedDict()
        self._calm: Signature = ()
        self._points: OrderedDict[tuple[int, int, Key], tuple[int, dict[str, float]]] = OrderedDict()

    def add_fine(self, replica: str, start: int, one: Slice) -> None:
        """What a replica counted in 5 s."""
        by_replica = self._fine.setdefault(start, {})
        if len(by_replica) < _REPLICAS:
            by_replica[replica] = one
        if len(self._fine) > _FINE_KEPT:
            del self._fine[min(self._fine)]

    def has(self, replica: str, minute: int) -> bool:
        """Whether the minute of a replica was added."""
        return replica in self._told.get(minute, ())

    def adding_minute(self, replica: str, start: int, one: Slice) -> Iterator[None]:
        """Adds what a replica counted in a minute, piece by piece, unless it was added before."""
        if self.has(replica, start):
            return
        self._told.setdefault(start, set()).add(replica)
        if len(self._told) > _TOLD:
            del self._told[min(self._told)]
        for ring in (self.minutes, self._fives, self.hours):
            yield from ring.at(start).adding(one.items())
        yield from self._quarters.at(start).adding(one.wholes())  # of these only charts are made

    def packing(self, now: float) -> Iterator[None]:
        """Packs what is over, piece by piece."""
        for start, by_replica in [*self._fine.items()]:
            if start + FINE <= now:
                for one in [*by_replica.values()]:
                    yield from one.packing()
        for ring in (self.minutes, self._fives, self._quarters, self.hours):
            yield from ring.packing(now - MINUTE)

    def window(self, name: str, workspace: str | None, now: float) -> Window:
        """What was counted in a window: its beginning is exact to 5 s, of an hour to a minute, of a day to an hour."""
        seconds = WINDOWS[name]
        since = _since(seconds, now)
        long = [*self._long(seconds, since, int(now))]
        cells = {key: cell.copy() for key, cell in self._base(name, workspace, now).items()}
        for _, _, newest in long[-1:]:
            merge(cells, newest.of(workspace))
        for start, by_replica in self._fine.items():
            for replica, one in by_replica.items():
                if start >= since and not self._in_long(replica, start, seconds, since):
                    merge(cells, one.of(workspace))
        return Window(name, since, now, workspace, cells)

    def warming(self, now: float) -> Iterator[None]:
        """Adds up the older part of a day of everything, piece by piece, before somebody asks; not while it changes
        with each look, as it does when the past is read."""
        signature = _signature(self._over("24h", now))
        calm, self._calm = self._calm == signature, signature
        if calm:
            yield from self._adding_up("24h", None, now)

    def ahead(self, name: str, workspace: str | None, now: float) -> Iterator[None]:
        """Does piece by piece what the first `window` and `points` would do at once; they are quick after it."""
        yield from self._adding_up(name, workspace, now)
        key = Key(workspace)
        step, starts = _stretches(name, now)
        for n, start in enumerate(starts, 1):
            self._at(start, step, key)
            if n % _STRETCHES == 0:
                yield

    def points(self, name: str, workspace: str | None, now: float) -> dict[str, list[tuple[int, float]]]:
        """The values of a window's stretches by series, for charts."""
        step, starts = _stretches(name, now)
        found: dict[str, list[tuple[int, float]]] = {}
        for start in starts:
            for series, value in self._at(start, step, Key(workspace)).items():
                found.setdefault(series, []).append((start, value))
        return found

    def line(self, name: str, key: Key, series: str, now: float) -> list[tuple[int, float]]:
        """The values of one series of a window's stretches; of a day these are hours, the last of which is not over."""
        seconds = WINDOWS[name]
        step = {60: FINE, 300: FINE, 3_600: MINUTE}.get(seconds, 3_600)
        until = int(now) if step == 3_600 else int(now) - step
        starts = range(int(now - seconds) // step * step, until + 1, step)
        found = ((start, self._at(start, step, key).get(series)) for start in starts)
        return [(start, value) for start, value in found if value is not None]

    @property
    def oldest(self) -> int | None:
        """Since when anything is known."""
        return min([*self._fine, *self._told], default=None)

    def _long(self, seconds: int, since: int, now: int) -> Iterator[tuple[int, int, Slice]]:
        """The longest slices that lie in the window, each moment once: their length, start, and what they hold."""
        if seconds == WINDOWS["5m"]:
            yield from ((MINUTE, s, one) for s, one in self.minutes.between(since, now + MINUTE))
        elif seconds == WINDOWS["1h"]:
            first = -(-since // 300) * 300
            yield from ((MINUTE, s, one) for s, one in self.minutes.between(since, first))
            yield from ((300, s, one) for s, one in self._fives.between(first, now + 300))
        elif seconds == WINDOWS["24h"]:
            yield from ((3_600, s, one) for s, one in self.hours.between(since, now + 3_600))

    def _in_long(self, replica: str, start: int, seconds: int, since: int) -> bool:
        minute = start // MINUTE * MINUTE
        return seconds > MINUTE and minute >= since and self.has(replica, minute)

    def _over(self, name: str, now: float) -> list[tuple[int, int, Slice]]:
        """The long slices of a window but the newest, which may not be over."""
        seconds = WINDOWS[name]
        return [*self._long(seconds, _since(seconds, now), int(now))][:-1]

    def _adding_up(self, name: str, workspace: str | None, now: float) -> Iterator[None]:
        """Adds up a workspace's cells of the slices of a window that are over; they change once in many answers."""
        over, place = self._over(name, now), (name, workspace)
        signature, known = _signature(over), self._bases.get(place)
        if known is None or known[0] != signature:
            cells = Cells()
            for _, _, one in over:
                for n, key in enumerate([key for key in one if key.workspace == workspace], 1):
                    if (cell := one.get(key)) is not None:
                        merge(cells, [(key, cell)])
                    if n % PIECE == 0:
                        yield
                yield
            self._bases[place] = signature, cells
        self._bases.move_to_end(place)
        if len(self._bases) > _BASES:
            self._bases.popitem(last=False)

    def _base(self, name: str, workspace: str | None, now: float) -> Cells:
        """The same, at once."""
        for _ in self._adding_up(name, workspace, now):
            pass
        return self._bases[name, workspace][1]

    def _at(self, start: int, step: int, key: Key) -> dict[str, float]:
        ring = {MINUTE: self.minutes, 900: self._quarters, 3_600: self.hours}.get(step)
        one = ring.get(start) if ring else None
        version = one.version if one else len(self._fine.get(start, ())) if ring is None else 0
        place = (step, start, key)
        known = self._points.get(place)
        if known is None or known[0] != version:
            cell = one.get(key) if one else self._fine_cell(start, key) if ring is None else None
            known = version, dict(values(key, cell, step)) if cell else {}
            self._points[place] = known
            if len(self._points) > _POINTS:
                self._points.popitem(last=False)
        return known[1]

    def _fine_cell(self, start: int, key: Key) -> Cell | None:
        cells = [one.get(key) for one in self._fine.get(start, {}).values()]
        known = [cell for cell in cells if cell is not None]
        if not known:
            return None
        whole = Cell()
        for cell in known:
            whole.merge(cell)
        return whole


def _since(seconds: int, now: float) -> int:
    """When a window begins: exact to 5 s, of an hour to a minute, of a day to an hour."""
    grain = {60: FINE, 300: FINE, 3_600: MINUTE}.get(seconds, 3_600)
    return int(now - seconds) // grain * grain


def _stretches(name: str, now: float) -> tuple[int, range]:
    """The length of a window's stretches for charts, and when they begin."""
    step = {60: FINE, 300: FINE, 3_600: MINUTE}.get(WINDOWS[name], 900)
    return step, range(int(now - WINDOWS[name]) // step * step, int(now) - step + 1, step)


def _signature(slices: Iterable[tuple[int, int, Slice]]) -> Signature:
    """Changes with what they hold."""
    return tuple((seconds, start, one.version) for seconds, start, one in slices)


def merge(into: Cells, cells: Iterable[tuple[Key, Cell]]) -> None:
    """Adds cells to others, which are changed; there are `CELLS` at most."""
    for key, cell in cells:
        place = key if key in into or len(into) < CELLS else key.rest
        if place in into:
            into[place].merge(cell)
        else:
            into[place] = cell.copy()
