"""How long a full memory of what helped takes to be asked and to learn, beside a bare dictionary.

masterx bench patterns [--rounds 20000]
"""

import argparse
import random
from collections.abc import Callable
from statistics import quantiles
from time import perf_counter

from app.learner.patterns import CAPACITY, Patterns, Situation
from bench.report import keep, table

_ARMS = ("hint", "example", "question", "picture")


def situation(rng: random.Random) -> Situation:
    """One of some forty thousand."""
    return (
        rng.choice("abcdefg"),
        f"skill {rng.randrange(400)}",
        rng.choice(("low", "middle", "high")),
        rng.choice("cfaj"),
    )


def bench(rounds: int) -> None:
    """All on the same situations."""
    rng, memory, now = random.Random(1), Patterns(), 0.0
    while len(memory) < CAPACITY - 8:
        now += 60.0
        memory.learn(situation(rng), rng.choice(_ARMS), rng.random(), now)
    asked = [situation(rng) for _ in range(rounds)]
    bare = {(one, "hint"): 0.5 for one in asked}
    ways: dict[str, Callable[[Situation], object]] = {
        "a dictionary": lambda one: bare[one, "hint"],
        "prior of one arm": lambda one: memory.prior(one, "hint", now),
        "best of four arms": lambda one: memory.best(one, _ARMS, now),
        "learning": lambda one: memory.learn(one, "hint", 1.0, now),
    }
    rows = {name: _took(way, asked) for name, way in ways.items()}
    found = [[name, f"{row['p50']:.1f}", f"{row['p99']:.1f}", f"{row['max'] / 1e3:.2f}"] for name, row in rows.items()]
    table(f"{CAPACITY:,} patterns", ["", "p50 µs", "p99 µs", "longest ms"], found)
    keep("patterns", {"rounds": rounds, "rows": rows})


def _took(way: Callable[[Situation], object], asked: list[Situation]) -> dict[str, float]:
    times = []
    for one in asked:
        began = perf_counter()
        way(one)
        times.append((perf_counter() - began) * 1e6)
    cuts = quantiles(times, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "max": max(times)}


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench patterns", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20_000)
    bench(parser.parse_args(arguments).rounds)
