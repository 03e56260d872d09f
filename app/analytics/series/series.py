"""The figures of all replicas, from what this one counts and what others tell: what everybody asks."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.analytics.series.cell import Key
from app.analytics.series.figures import figures
from app.analytics.series.intake import Intake
from app.analytics.series.past import Hook, Past
from app.analytics.series.rings import merge
from app.clock import Clock
from app.events import Event

_FRESH = 1.0
"""Seconds for which an answer is good."""

_ANSWERS = 256

_LINES = 8
"""Models whose latency is drawn over time: those that are asked most."""

_DRAWN = "first_token_ms.p95"

Figures = Mapping[str, Any]


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
        self._intake = Intake(clock, key)
        self.past = Past(clock, name, self._intake)
        self._since = clock.now()
        self._extras: list[Extra] = []
        self._sampled: list[_Sampled] = []
        self._answers: OrderedDict[tuple[str, str | None], tuple[float, Figures]] = OrderedDict()
        self.hear: Callable[[Event], None] = self._intake.hear
        self.request: Callable[[int, float], None] = self._intake.request
        self.replicas: Callable[[], int] = lambda: 1
        """How many replicas there are, as far as is known."""

    def each_minute(self, hook: Hook) -> None:
        """Calls `hook` with every minute from now on, once it is closed (65 s after it began); a hook must be quick."""
        self.past.hooks.append(hook)

    def add(self, extra: Extra) -> None:
        """Adds to all figures what `extra` gives for a window and a workspace; empty and unknown ones are left out."""
        self._extras.append(extra)

    def sample(self, prefix: str, counts: Counts) -> None:
        """Counts what somebody else counts up, from now on: each count is a sum of everything, after `prefix`."""
        self._sampled.append(_Sampled(prefix, counts, dict(counts())))

    def read(self) -> None:
        """Reads what others have counted up since it was read last."""
        for sampled in self._sampled:
            for name, amount in sampled.more():
                self._intake.count(name, amount)

    def figures(self, window: str, workspace: str | None = None) -> Figures:
        """The figures of a window (`rings.WINDOWS`), of a workspace or of all; at most a second old, and not to be
        changed. `KeyError` for any other window."""
        now, place = self._clock.monotonic(), (window, workspace)
        if (known := self._fresh(place, now)) is not None:
            return known
        found = self._made(window, workspace)
        self._answers[place] = now, found
        self._answers.move_to_end(place)
        if len(self._answers) > _ANSWERS:
            self._answers.popitem(last=False)
        return found

    def ahead(self, window: str, workspace: str | None = None) -> Iterator[None]:
        """Does most of what the first `figures` of a window and workspace would do at once, piece by piece."""
        if self._fresh((window, workspace), self._clock.monotonic()) is None:
            yield from self.past.steps()
            for whose in {workspace, None}:
                yield from self.past.rings.ahead(window, whose, self._clock.now())

    def minutes(self, name: str, labels: Mapping[str, str], n: int) -> Iterator[float | None]:
        """The values of a series in the last `n` closed minutes (1,440 at most), oldest first: `("turns", {}, 60)`,
        `("errors.share", {"provider": "groq", "model": "llama"}, 60)`. `ValueError` for labels that no series has."""
        return iter(self.past.minutes((Key.of(labels), name), n))

    def _fresh(self, place: tuple[str, str | None], now: float) -> Figures | None:
        made, known = self._answers.get(place, (0.0, None))
        return known if 0 <= now - made < _FRESH else None

    def _made(self, name: str, workspace: str | None) -> Figures:
        self.read()
        self.past.advance()
        now, rings = self._clock.now(), self.past.rings
        window = rings.window(name, workspace, now)
        merge(window.cells, self._intake.opened(workspace))
        since = max(window.since, min(self._since, rings.oldest or now))
        found = figures(replace(window, since=since)) | {"replicas": self.replicas()}
        if workspace is not None and "http" in (of_all := self.figures(name)):
            found["http"] = of_all["http"]  # a request is answered before anybody knows whose it is
        for extra in self._extras:
            found |= {part: told for part, told in extra(name, workspace).items() if told}
        self._draw(found["providers"], name)
        return found | {"series": rings.points(name, workspace, now)}

    def _draw(self, models: list[dict[str, Any]], window: str) -> None:
        """Adds points for charts to the models that are asked most. How fast a model is, all workspaces show."""
        for model in sorted(models, key=lambda one: -one["calls"])[:_LINES]:
            key = Key(None, "model", (model["provider"], model["model"]))
            if line := self.past.rings.line(window, key, _DRAWN, self._clock.now()):
                model["series"] = {_DRAWN: line}
