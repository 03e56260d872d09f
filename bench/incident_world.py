"""A simulated service, minute by minute: traffic with a daily cycle and bursts, three providers behind a router that
falls over, four workspaces, five tasks, a store; and incidents that are put into it.

What is drawn are sums of a minute, as `app.analytics.anomalies` reads them. Sizes are drawn by seed: 20 to 120 turns a
minute at the peak, a night of 5 to 25 % of that, weekends of 40 to 100 %; load and latencies wander by themselves.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from math import cos, exp, pi
from typing import Any

import numpy as np

from app.analytics.alerts.changes import Change
from app.analytics.anomalies.minute import ALL, Label, Minute

TASKS = ("explain", "practice", "review", "quiz", "general")
WORKSPACES = ("north", "south", "east", "west")
PROVIDERS = ("alpha", "beta", "gamma")
OPENS_AFTER = 10
"""Failed calls after which a breaker opens."""


@dataclass(frozen=True)
class Incident:
    """One that begins at a minute: its `kind`, whom it hits, how hard, and which cause ought to be named first."""

    kind: str
    at: int
    subject: str
    force: float
    cause: tuple[str, str]


@dataclass
class _Wander:
    """A factor around 1 that wanders with a half-life of some minutes."""

    rng: Any
    half_life: float
    size: float
    value: float = 0.0

    def next(self) -> float:
        keep = 0.5 ** (1 / self.half_life)
        self.value = keep * self.value + self.size * (1 - keep**2) ** 0.5 * self.rng.standard_normal()
        return exp(self.value)


@dataclass
class World:
    """A deployment. `minute(at)` draws the next minute and notes what changed."""

    seed: int
    incident: Incident | None = None
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = self.rng = np.random.default_rng(self.seed)
        self.peak = float(np.exp(rng.uniform(np.log(20), np.log(120))))
        self.night = float(rng.uniform(0.05, 0.25))
        self.weekend = float(rng.uniform(0.4, 1.0))
        self.noon = float(rng.uniform(8, 18)) * 60
        self.workspaces = rng.dirichlet([2.0] * len(WORKSPACES))
        self.tasks = rng.dirichlet([3.0] * len(TASKS))
        self.preferred = np.sort(rng.dirichlet([1.5] * len(PROVIDERS)))[::-1]
        self.first_ms = rng.uniform(300, 900, len(PROVIDERS))
        self.rest_ms = rng.uniform(600, 2500, len(PROVIDERS))
        self.price = rng.uniform(0.1, 1.0, len(PROVIDERS))
        self.fails = rng.uniform(0.002, 0.02, len(PROVIDERS))
        self.length = rng.uniform(800, 2500, len(TASKS))
        self.overhead, self.store_ms = float(rng.uniform(10, 40)), float(rng.uniform(1, 5))
        self.helpful, self.rated = float(rng.uniform(0.65, 0.9)), float(rng.uniform(0.05, 0.2))
        self.load = _Wander(rng, 12.0, 0.12)
        self.speeds = [_Wander(rng, 30.0, 0.10) for _ in PROVIDERS]
        self.disk = _Wander(rng, 20.0, 0.15)
        self.open_since: dict[int, int] = {}

    def rate(self, at: int) -> float:
        """Turns a minute that are usual at a minute since the epoch."""
        day = (1 + cos((at % 1440 - self.noon) / 1440 * 2 * pi)) / 2
        usual = self.peak * (self.night + (1 - self.night) * day**1.5)
        return usual * (self.weekend if at // 1440 % 7 in (2, 3) else 1.0)

    def minute(self, at: int) -> Minute:
        """One minute."""
        hit = self.incident if self.incident and at >= self.incident.at else None
        if hit and at == hit.at:
            self._begins(hit)
        sums: defaultdict[tuple[str, Label], float] = defaultdict(float)
        fewer = hit.force if hit and hit.kind in ("front end gone", "quiet night") else 1.0
        rate = self.rate(at) * self.load.next() * fewer
        turns = self.rng.multinomial(self.rng.poisson(rate), np.outer(self.workspaces, self.tasks).ravel())
        speeds = [speed.next() for speed in self.speeds]
        slow_disk = self.disk.next() * (hit.force if hit and hit.kind == "store slow" else 1.0)
        for n, count in enumerate(turns):
            if count:
                where = (WORKSPACES[n // len(TASKS)], TASKS[n % len(TASKS)])
                self._turns(sums, where, int(count), (hit, speeds, slow_disk, at))
        sums["store.checks", ALL] += 30
        sums["store.ms", ALL] += float(self.rng.gamma(30, self.store_ms * slow_disk))
        return Minute(at, dict(sums))

    def _begins(self, hit: Incident) -> None:
        if hit.kind in ("bad policy", "costly policy"):
            self.changes.append(Change(hit.at * 60.0, "policy", "8", "version 8 is active"))
        if hit.kind == "bad deploy":
            self.changes.append(Change(hit.at * 60.0, "deploy", "replica", "a process started"))

    def _turns(self, sums: Any, where: tuple[str, str], count: int, today: tuple[Any, ...]) -> None:
        hit, speeds, slow_disk, at = today
        workspace, task = where
        labels = (ALL, ("workspace", workspace), ("task", task))
        ms = self._calls(sums, labels, (task, workspace, count), (hit, speeds, at))
        overhead = float(self.rng.gamma(count * 2, self.overhead / 2)) * (0.4 + 0.6 * slow_disk)
        failed = int(self.rng.binomial(count, 0.003))
        if hit and hit.kind in ("bad deploy", "task broken") and hit.subject in ("", task):
            failed += int(self.rng.binomial(count - failed, hit.force))
        rated = int(self.rng.binomial(count, self.rated))
        liked = self.helpful - (hit.force if hit and hit.kind == "bad policy" else 0.0)
        for label in labels:
            sums["turns", label] += count
            sums["turns.failed", label] += failed
            sums["turns.ms", label] += ms + overhead
            sums["turns.overhead_ms", label] += overhead
            sums["feedback", label] += rated
        helpful = int(self.rng.binomial(rated, max(liked, 0.05)))
        for label in labels:
            sums["feedback.helpful", label] += helpful

    def _calls(self, sums: Any, labels: Any, what: tuple[str, str, int], today: tuple[Any, ...]) -> float:
        """Calls providers in the order each turn prefers until one answers; the milliseconds that takes."""
        (task, workspace, count), (hit, speeds, at) = what, today
        took, length = 0.0, self.length[TASKS.index(task)]
        if hit and ((hit.kind == "cost spike" and hit.subject == workspace) or hit.kind == "costly policy"):
            length *= hit.force
        first = self.rng.multinomial(count, self.preferred)
        left = [int(n) for n in first]
        for _ in range(len(PROVIDERS)):
            onward = [0] * len(PROVIDERS)
            for n, asked in enumerate(left):
                if asked:
                    failed, ms = self._asked(sums, labels, (n, asked, length), (hit, speeds[n], at))
                    took += ms
                    onward[(n + 1) % len(PROVIDERS)] += failed
            left = onward
        return took

    def _asked(self, sums: Any, labels: Any, what: tuple[int, int, float], today: tuple[Any, ...]) -> tuple[int, float]:
        """Turns that ask a provider: how many go on to the next, and the milliseconds that it takes."""
        (n, asked, length), (hit, speed, at) = what, today
        name, ill = PROVIDERS[n], hit is not None and hit.subject == PROVIDERS[n]
        away = (
            hit.force if ill and hit.kind in ("provider down", "provider refuses", "provider silent") else self.fails[n]
        )
        passed = 0
        if ill and self.open_since.get(n) is not None and self.rng.random() < 0.8:
            passed, asked = asked, 0  # its breaker is open: most minutes it is left alone
        failed = int(self.rng.binomial(asked, away))
        outcome = {"provider refuses": "busy", "provider silent": "timeout"}.get(hit.kind if ill else "", "down")
        wait = {"busy": 120.0, "timeout": 10_000.0, "down": 250.0}[outcome]
        answered = asked - failed
        slower = speed * (hit.force if ill and hit.kind == "provider slow" else 1.0)
        firsts = self.rng.lognormal(np.log(self.first_ms[n] * slower), 0.5, answered).sum()
        rests = self.rng.lognormal(np.log(self.rest_ms[n] * slower), 0.5, answered).sum()
        tokens = self.rng.lognormal(np.log(length), 0.4, answered).sum()
        dear = hit.force if ill and hit.kind == "price rises" else 1.0
        cost, took = tokens * self.price[n] * dear * 1e-6, float(firsts + rests + failed * wait)
        for label in (ALL, ("provider", name), ("model", f"{name}/{name}-1")):
            sums["calls", label] += asked
            sums["calls.failed", label] += failed
            sums[f"calls.{outcome}", label] += failed
            sums["calls.ms", label] += took
            sums["calls.first", label] += answered
            sums["calls.first_ms", label] += float(firsts)
        for label in (*labels, ("provider", name), ("model", f"{name}/{name}-1")):
            sums["cost", label] += float(cost)
            sums["tokens.input", label] += float(tokens)
        self._breaker(n, asked, failed, at)
        return failed + passed, took

    def _breaker(self, n: int, asked: int, failed: int, at: int) -> None:
        """Opens after enough failures that were most of the calls of a minute."""
        if n not in self.open_since and failed >= 3 and failed >= 0.5 * asked:
            self.open_since[n] = at
            name = f"{PROVIDERS[n]}/{PROVIDERS[n]}-1"
            self.changes.append(Change(at * 60.0, "breaker", name, "open"))
