"""Injected incidents: how soon they are seen, whether the first cause named is the right one, and what a healthy day
costs in false alarms; beside plain thresholds. And how fast `/health` answers while a real mongod and Redis hang.

    masterx bench incidents [--seeds 20] [--no-health]

Simulated minutes (`bench/incident_world.py`), four days of history, then for each seed a healthy day and each incident
for half an hour at a time of day by lot. The reference, in the same run: an alarm where a one-minute figure is three
standard deviations off the mean of the last day, two minutes in a row, and as its cause the value that grew most.
"""

import argparse
import asyncio
from collections import defaultdict, deque
from copy import deepcopy
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from app.alerting.watching import Watching
from app.analytics.alerts import rules
from app.analytics.alerts.finding import Finding
from app.analytics.alerts.rules import Breaker
from app.analytics.alerts.settings import AlertSettings
from app.analytics.anomalies.minute import ALL, Minute, added, labels
from app.analytics.anomalies.watched import WATCHED
from bench.health import hanging
from bench.incident_world import PROVIDERS, WORKSPACES, Incident, World
from bench.report import keep, table

START = 20_000 * 1440
SETTINGS = AlertSettings()
DAYS, LASTS, WINDOW = 4, 40, 5
"""Days of history, minutes that an incident lasts, minutes of a window: seen within two is seen in time."""

KINDS: dict[str, tuple[float, tuple[str, str]]] = {
    "provider slow": (4.0, ("provider", "PROVIDER")),
    "provider down": (1.0, ("provider", "PROVIDER")),
    "provider refuses": (0.6, ("provider", "PROVIDER")),
    "provider silent": (0.5, ("provider", "PROVIDER")),
    "price rises": (6.0, ("provider", "PROVIDER")),
    "bad policy": (0.4, ("policy", "8")),
    "costly policy": (3.0, ("policy", "8")),
    "cost spike": (10.0, ("workspace", "WORKSPACE")),
    "store slow": (40.0, ("store", "")),
    "bad deploy": (0.15, ("deploy", "replica")),
    "task broken": (0.6, ("task", "quiz")),
    "front end gone": (0.0, ("front", "")),
}
"""How hard each hits, and the cause that ought to be named first."""


@dataclass
class Day:
    """The values of a day with their mean and standard deviation."""

    values: deque[float] = field(default_factory=deque)
    sum: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """Takes a value; the oldest goes."""
        old = self.values.popleft() if len(self.values) == 1440 else 0.0
        self.values.append(value)
        self.sum += value - old
        self.squares += value**2 - old**2

    def deviations(self, value: float) -> float:
        """How many standard deviations a value is off the mean."""
        n = len(self.values)
        spread = max(self.squares / n - (self.sum / n) ** 2, 0.0) ** 0.5 if n > 60 else 0.0
        return (value - self.sum / n) / spread if spread else 0.0


@dataclass
class Plain:
    """The reference: no season, no robustness, no noise model."""

    kept: dict[Any, "Day"] = field(default_factory=dict)
    off: dict[Any, int] = field(default_factory=dict)
    minutes: deque[Minute] = field(default_factory=lambda: deque(maxlen=70))

    def feed(self, minute: Minute) -> set[Any]:
        """Takes a minute; gives what alarms in it."""
        self.minutes.append(minute)
        found = set()
        for watched in WATCHED.values():
            for label in labels(minute.sums, watched.of or watched.over, watched.by) if watched.by else [ALL]:
                of = minute.of(watched.of, label) if watched.of else 1.0
                if of:
                    key, value = (watched.name, label), minute.of(watched.over, label) / of
                    found |= {key} if self._off(key, value, watched.side) else set()
        return found

    def _off(self, key: Any, value: float, side: str) -> bool:
        day = self.kept.setdefault(key, Day())
        far = day.deviations(value) * (1 if side == "high" else -1) > 3
        self.off[key] = self.off.get(key, 0) + 1 if far else 0
        day.add(value)
        return self.off[key] >= 2

    def cause(self, key: Any) -> tuple[str, str] | None:
        """The provider, workspace or task that what is counted grew most for."""
        watched, (last, before) = WATCHED[key[0]], (added([*self.minutes][-2:]), added([*self.minutes][:-2]))
        scale = max(len(self.minutes) - 2, 1) / 2
        grown = {
            label: abs(amount - before.get((name, label), 0.0) / scale)
            for (name, label), amount in last.items()
            if name == watched.over and label[0] in ("provider", "workspace", "task")
        }
        return max(grown, key=lambda label: grown[label]) if grown else None


@dataclass
class Scene:
    """A deployment with its past: the world, our watching, and the plain reference."""

    world: World
    ours: Watching = field(default_factory=lambda: Watching(SETTINGS))
    plain: Plain = field(default_factory=Plain)
    noted: int = 0
    at: int = 0
    took: list[float] = field(default_factory=list)

    def step(self, at: int) -> tuple[list[Finding], set[Any]]:
        """One minute: what we find in it, and what the reference does."""
        self.at = at + 1
        minute = self.world.minute(at)
        for change in self.world.changes[self.noted :]:
            self.ours.note(change)
        self.noted = len(self.world.changes)
        began = perf_counter()
        self.ours.feed(minute)
        self.took.append(perf_counter() - began)
        shut = (Breaker(PROVIDERS[n], f"{PROVIDERS[n]}-1", 60.0 * since) for n, since in self.world.open_since.items())
        breakers = rules.breakers(shut, SETTINGS, 60.0 * (at + 1))
        return [*self.ours.findings(), *breakers], self.plain.feed(minute)


@dataclass
class Seen:
    """What came of one kind of incident: minutes until each was seen (`None`: not), and whether its cause was right."""

    delays: list[int | None] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    def told(self) -> list[str]:
        """As cells of a table."""
        soon = sum(one is not None and one <= 2 * WINDOW for one in self.delays)
        seen = [one for one in self.delays if one is not None]
        waits = f"{median(seen):.0f} ({max(seen)})" if seen else "–"
        share = f"{sum(self.right)}/{len(self.right)}"
        return [f"{soon}/{len(self.delays)}", waits, share]


def bench(seeds: int) -> dict[str, Any]:
    """All seeds: what was seen of each kind, and false alarms of healthy days, by us and by the reference."""
    ours, plain = defaultdict[str, Seen](Seen), defaultdict[str, Seen](Seen)
    false: list[tuple[int, int]] = []
    took: list[float] = []
    for seed in range(seeds):
        scene = Scene(World(seed))
        for at in range(START, START + DAYS * 1440):
            scene.step(at)
        false.append(healthy(deepcopy(scene)))
        for at, kind in sorted((_when(scene.world, kind), kind) for kind in KINDS):
            while scene.at < at:
                scene.step(scene.at)
            hit(deepcopy(scene), kind, (ours[kind], plain[kind]))
        took += scene.took
        print(f"seed {seed}: {false[-1]} false alarms in a healthy day", flush=True)
    return {
        "ours": dict(ours),
        "plain": dict(plain),
        "false": false,
        "us": 1e6 * median(took),
        "slowest_ms": 1e3 * max(took),
    }


def healthy(scene: Scene) -> tuple[int, int]:
    """Alarms in a day in which nothing happens, with a night that is quieter than usual."""
    began = START + DAYS * 1440
    night = began + int((scene.world.noon + 540) % 1440)
    scene.world.incident = Incident("quiet night", night, "", 0.6, ("", ""))
    ours, plain, before = set(), 0, set[Any]()
    for at in range(began, began + 1440):
        if at == night + 360:
            scene.world.incident = None
        found, off = scene.step(at)
        ours |= {(one.rule, one.subject, one.since) for one in found}
        plain += len(off - before)
        before = off
    return len(ours), plain


def _when(world: World, kind: str) -> int:
    """A minute of the day after the history, within five hours of its peak, by lot."""
    lot = np.random.default_rng([world.seed, *kind.encode()]).integers(-300, 300)
    return START + DAYS * 1440 + max(int(world.noon) + int(lot), 10)


def hit(scene: Scene, kind: str, seen: tuple[Seen, Seen]) -> None:
    """One incident that begins now, and what is seen of it."""
    world, at, (force, cause) = scene.world, scene.at, KINDS[kind]
    most = int(np.argmax(world.preferred * (world.price if kind == "price rises" else 1.0)))
    names = {"PROVIDER": PROVIDERS[most], "WORKSPACE": WORKSPACES[int(np.argmax(world.workspaces))]}
    want = (cause[0], names.get(cause[1], cause[1]))
    whom = want[1] if cause[0] in ("provider", "workspace", "task") else ""
    world.incident = Incident(kind, at, whom, force, want)
    delays: list[int | None] = [None, None]
    for minute in range(at, at + LASTS):
        found, off = scene.step(minute)
        if delays[0] is None and found:
            delays[0] = minute - at + 1
            first = scene.ours.causes(min(found, key=lambda one: (one.severity != "page", one.since)))
            seen[0].right.append(bool(first) and (first[0].kind, first[0].subject) == want)
            if not seen[0].right[-1]:
                print(
                    f"  {kind}, seed {world.seed}: {[(one.rule, one.subject) for one in found]}",
                    *first[:2],
                    sep="\n   ",
                )
        if delays[1] is None and off:
            delays[1] = minute - at + 1
            seen[1].right.append(scene.plain.cause(sorted(off)[0]) == want)
    for one, delay in zip(seen, delays, strict=True):
        one.delays.append(delay)


def show(found: dict[str, Any], seeds: int) -> None:
    """Prints the tables."""
    head = ["incident", "in time", "minutes (most)", "cause right", "plain: in time", "minutes (most)", "cause right"]
    rows = [[kind, *found["ours"][kind].told(), *found["plain"][kind].told()] for kind in KINDS]
    table(f"Incidents, {seeds} deployments each; in time: within two windows of {WINDOW} minutes", head, rows)
    ours, plain = (sum(one[n] for one in found["false"]) for n in (0, 1))
    rows = [["ours", str(ours), f"{ours / seeds:.2f}"], ["plain", str(plain), f"{plain / seeds:.2f}"]]
    table(f"False alarms in {seeds} healthy days", ["", "alarms", "a day"], rows)
    print(f"\nA minute is judged in {found['us']:.0f} µs (median; {found['slowest_ms']:.1f} ms at most).")


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench incidents", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="deployments (default %(default)s)")
    parser.add_argument("--no-health", action="store_true", help="without /health over servers that hang")
    options = parser.parse_args(arguments)
    found = bench(options.seeds)
    show(found, options.seeds)
    told = {who: {kind: vars(one) for kind, one in found[who].items()} for who in ("ours", "plain")}
    health = {} if options.no_health else asyncio.run(hanging())
    keep("incidents", {**told, "false": found["false"], "us": found["us"], "health": health})
