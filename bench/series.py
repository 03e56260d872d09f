"""What figures cost: a turn's, an answer's, a day's memory; how exact they are. Beside Prometheus' histogram.

`python -m bench series [--quick]`: a clock that is turned by hand goes through a day of a busy service.
"""

import argparse
import gc
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import orjson
import psutil
from prometheus_client import CollectorRegistry, Histogram

from app.analytics.meters import Meters
from app.analytics.series.cell import Key
from app.analytics.series.history import History
from app.analytics.series.past import MINUTES
from app.analytics.series.rollup import Rollup
from app.analytics.series.series import Series
from app.clock import HandClock
from app.events import AttemptEnded, Event, TurnEnded, TurnOpened
from app.stats.sketch import Sketch
from app.vocabulary import Affect, Attempt, LayerReceipt, Reading, Receipt, State, Task, Timing, Turn, Usage
from bench.report import keep, table

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_SHARES = (0.5, 0.9, 0.95, 0.99)
_LAYERS = ("instructions", "strategy", "profile", "mastery", "facts", "retrieved", "history", "message")
_MODELS = [("groq", "a"), ("groq", "b"), ("gemini", "c"), ("gemini", "d"), ("openai", "e"), ("offline", "offline")]
_KEY = b"k" * 16


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench series")
    parser.add_argument("--quick", action="store_true", help="two hours instead of a day")
    hours = 2 if parser.parse_args(arguments).quick else 24
    found = {"add": _adds(), "accuracy": _accuracy(), "memory": _memory(), "day": _day(hours)}
    keep("series", found)


def _adds() -> dict[str, float]:
    chance, sketch = random.Random(1), Sketch()
    values = [chance.lognormvariate(6, 1) for _ in range(1_000)]
    histogram = Histogram("x", "x", buckets=_BOUNDS, registry=CollectorRegistry())
    other = Sketch()
    for value in values:
        other.add(value)
    turns = [*_turns(1_000, 40)]
    series, meters = Series(HandClock(), "me", _KEY), Meters()
    found = {
        "sketch.add": _each(sketch.add, values),
        "prometheus histogram.observe": _each(histogram.observe, [value / 1e3 for value in values]),
        "sketch.merge": _each(lambda _: sketch.merge(other), values),
        "series: TurnEnded": _each(series.hear, [TurnEnded(turn) for turn in turns]),
        "prometheus: TurnEnded": _each(meters.hear, [TurnEnded(turn) for turn in turns]),
        "series: all events of a turn": _each(_all(series.hear, lambda: series.request(200, 0.01)), turns),
        "prometheus: all events of a turn": _each(_all(meters.hear, lambda: meters.request("/", 200, 0.01)), turns),
    }
    table("µs, the best of 9 rounds", ("what", "µs"), [(name, f"{took:.2f}") for name, took in found.items()])
    return found


def _all(hear: Callable[[Event], None], request: Callable[[], None]) -> Callable[[Turn], None]:
    def tell(turn: Turn) -> None:
        hear(TurnOpened(turn.task))
        hear(AttemptEnded(turn.attempts[0], 300.0, turn.usage, True))
        hear(TurnEnded(turn))
        request()

    return tell


def _each(work: Callable[[Any], object], values: list[Any]) -> float:
    """µs for one value, the best of 9 rounds over all."""
    best = float("inf")
    for _ in range(9):
        started = process_time()
        for value in values:
            work(value)
        best = min(best, process_time() - started)
    return best / len(values) * 1e6


def _accuracy() -> dict[str, list[float]]:
    """By how much quantiles are off, of three shapes of latency: ours, and those that Prometheus would tell."""
    chance = random.Random(2)
    shapes: dict[str, Callable[[], float]] = {
        "lognormal": lambda: chance.lognormvariate(6, 1),
        "two peaks": lambda: chance.gauss(200, 10) if chance.random() < 0.9 else chance.gauss(8_000, 500),
        "heavy tail": lambda: 50 * chance.paretovariate(1.2),
    }
    found, rows = {}, []
    for name, shape in shapes.items():
        values = sorted(max(shape(), 0.1) for _ in range(100_000))
        sketch = Sketch()
        for value in values:
            sketch.add(value)
        exact = [values[int(share * (len(values) - 1))] for share in _SHARES]
        ours = [abs((sketch.quantile(s) or 0) / e - 1) for s, e in zip(_SHARES, exact, strict=True)]
        theirs = [abs(_interpolated(values, s) / e - 1) for s, e in zip(_SHARES, exact, strict=True)]
        found[name] = [*ours, *theirs]
        rows.append((name, f"{max(ours):.2%}", f"{max(theirs):.1%}"))
    table(
        "worst error of p50, p90, p95, p99 over 100,000 values",
        ("values", "sketch", "histogram of 16 buckets"),
        rows,
    )
    return found


def _interpolated(values: list[float], share: float) -> float:
    """As `histogram_quantile` does."""
    rank, below, low = share * len(values), 0, 0.0
    for bound in (*(b * 1e3 for b in _BOUNDS), float("inf")):
        within = sum(low < value <= bound for value in values)
        if below + within >= rank:
            return low if bound == float("inf") else low + (bound - low) * (rank - below) / max(within, 1)
        below, low = below + within, bound
    return low


def _memory() -> dict[str, float]:
    tracemalloc.start()
    history = History(MINUTES, 1_000)
    for n in range(100):
        key = Key("school", "model", (f"p{n}", "m"))
        for minute in range(0, MINUTES, 10):
            history.note(minute, key, {f"figure {f}": float(minute) for f in range(10)})
    found = {"1,000 series of 1,440 minutes": tracemalloc.get_traced_memory()[0] / 1e6}
    tracemalloc.stop()
    table("MB", ("what", "MB"), [(name, f"{size:.1f}") for name, size in found.items()])
    return found


def _day(hours: int) -> dict[str, Any]:
    """A day with ten turns a second in 20 workspaces; then what is asked of it."""
    clock = HandClock(1_790_000_000.0 // 86_400 * 86_400)
    series, kept, steps = Series(clock, "me", _KEY), list[Rollup](), list[float]()
    turns = [*_turns(4_000, 20)]
    chance, before = random.Random(3), _resident()
    for step in range(hours * 720):
        # A tenth of ten turns a second: what the other nine would add is in the same buckets.
        for turn in chance.choices(turns, k=5):
            _all(series.hear, lambda: series.request(200, 0.02))(turn)
        clock.turn(5)
        steps += _pieces(series)
        kept += [rollup for rollup in series.past.told if rollup.seconds == 60]
        series.past.told.clear()
        if step % 720 == 719:
            print(f"hour {step // 720 + 1} of {hours}", end="\r", file=sys.stderr, flush=True)
    size = _resident() - before - sum(len(rollup.told) for rollup in kept) / 1e6
    found: dict[str, Any] = {"MB of a day in 20 workspaces, 300 cells": size}
    found["ms of a minute, in all"] = sum(steps) / hours / 60
    found["kB of a minute that is kept"] = sum(len(rollup.told) for rollup in kept) / len(kept) / 1e3
    steps.sort()
    found["ms of a piece, p99"], found["ms of a piece, worst"] = steps[len(steps) * 99 // 100], steps[-1]
    for window in ("1m", "5m", "1h", "24h"):
        found |= _asked(series, clock, window)
    again = Series(clock, "again", _KEY)
    started = process_time()
    for rollup in reversed(kept):
        again.past.restore([rollup])
        again.past.advance()
    found["ms to read a minute after a restart"] = (process_time() - started) / len(kept) * 1e3
    table(f"{hours} hours", ("what", ""), [(name, f"{value:.3f}") for name, value in found.items()])
    return found


def _pieces(series: Series) -> list[float]:
    """ms of each piece in which figures are added up: for so long nobody else is served."""
    took, started = list[float](), process_time()
    for _ in series.past.steps():
        took.append((process_time() - started) * 1e3)
        started = process_time()
    return [*took, (process_time() - started) * 1e3]


def _resident() -> float:
    """MB of this process."""
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6


def _asked(series: Series, clock: HandClock, window: str) -> dict[str, float]:
    """ms of the first answer, of one a second later, and of one within that second."""
    took = []
    for _ in range(3):
        clock.turn(1)
        started = process_time()
        series.figures(window)
        took.append((process_time() - started) * 1e3)
    started = process_time()
    for _ in range(100):
        orjson.dumps(series.figures(window))
    cached = (process_time() - started) * 10
    return {f"ms {window}: first": took[0], f"ms {window}: a second later": took[2], f"ms {window}: cached": cached}


def _turns(count: int, workspaces: int) -> Iterator[Turn]:
    chance = random.Random(4)
    layers = tuple(LayerReceipt(name, 100, 200, 1.0, "kept", "") for name in _LAYERS)
    for n in range(count):
        provider, model = chance.choice(_MODELS)
        total = chance.lognormvariate(6.5, 0.8)
        yield Turn(
            *(f"t{n}", f"school {n % workspaces}", f"s{n % 900}", f"ada{n % 700}", 1, "Hi", "2026-11-21T12:00:00Z"),
            state=State.COMPLETE if chance.random() < 0.98 else State.FAILED,
            task=chance.choice([*Task]),
            provider=provider,
            model=model,
            usage=Usage(800, 200, 150, 0.001),
            timing=Timing(chance.lognormvariate(0.5, 0.5), total / 3, total, chance.lognormvariate(1, 0.5)),
            attempts=(Attempt(provider, model, "ok", total, 150, 0.001),),
            receipt=Receipt(2_000, 800, 1_600, "o200k", "1", layers),
            reading=Reading(Affect(chance.choice(("calm", "frustrated", "curious")), 0.8)),
        )
