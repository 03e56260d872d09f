"""What the predictor costs, and what it is worth: µs a forecast and a lesson, and its errors beside the mean of late.

Costs are those of the thread, in rounds that take turns with the reference: moving the means of late. Worth is shown
in simulated worlds (`predictor_world.py`), over three seeds that none of its constants was chosen on. Run with
`python -m bench predictor`.
"""

import argparse
import gc
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.routing.forecast import Levels, Seen, Situation
from app.routing.predictor import Predictor
from bench.predictor_world import WORLDS, Asked, Run, World
from bench.report import keep, table

SEEDS = (11, 12, 13)
_BATCH = 100


def costs(rounds: int) -> dict[str, dict[str, float]]:
    """Median, least and 99th percentile of the µs that each step takes, each round the mean of a hundred."""
    predictor, levels = Predictor(np.random.default_rng(1)), Levels()
    situations = [Situation(3_000 + n * 50, 512, 1.2, 0.3, 1.1, 0.05, n % 9, 0.5, 2.0, 30.0) for n in range(_BATCH)]
    features = [situation.features for situation in situations]
    seen = [Seen(False, 4.0 + n / 50, 1.0 + n / 100, 200 + n) for n in range(_BATCH)]
    for _ in range(5):
        for one, went in zip(features, seen, strict=True):
            predictor.learn(one, went)
    steps: dict[str, Callable[[int], Any]] = {
        "forecast": lambda n: predictor.predict(features[n]),
        "lesson": lambda n: predictor.learn(features[n], seen[n]),
        "features of a situation": lambda n: situations[n].features,
        "reference: means of late": lambda n: levels.after(seen[n].targets),
    }
    took: dict[str, list[float]] = {name: [] for name in steps}
    gc.disable()
    for _ in range(rounds):
        for name, step in steps.items():
            began = time.thread_time_ns()
            for n in range(_BATCH):
                step(n)
            took[name].append((time.thread_time_ns() - began) / _BATCH / 1e3)
    gc.enable()
    return {name: _spread(each) for name, each in took.items()}


def _spread(took: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(took), 2),
        "least": round(min(took), 2),
        "p99": round(statistics.quantiles(took, n=100)[98], 2),
    }


def worth(world: World, calls: int, by: float) -> dict[str, Any]:
    """Errors of both forecasts, and which slow calls each would have had tried elsewhere first."""
    runs = [Run(world, calls, seed, by) for seed in SEEDS]
    asked = [one for run in runs for one in run.play()]
    spoke = [one for one in asked if not one.failed]
    error = statistics.fmean(abs(math.log(_first(one) / one.first_token)) for one in spoke)
    trivial = statistics.fmean(abs(_mean(one) - math.log(one.first_token)) for one in spoke)
    bad = [one.failed or one.first_token > by for one in asked]
    return {
        "calls": len(asked),
        "slow or failed": round(statistics.fmean(bad), 4),
        "error": round(error, 4),
        "trivial error": round(trivial, 4),
        "skill": round(1 - error / trivial, 4),
        "failure skill": round(1 - _brier(asked, _failure) / _brier(asked, _failures), 4),
        "own score": [run.skill.score for run in runs],
        "network alone": _caught(asked, bad, lambda one: _first(one) > by or _failure(one) >= 0.5),
        "as shipped": _caught(asked, bad, lambda one: one.later),
        "mean of late": _caught(asked, bad, lambda one: _mean(one) > math.log(by) or _failures(one) >= 0.5),
    }


def _first(one: Asked) -> float:
    return one.forecast.first_token if one.forecast else math.nan


def _failure(one: Asked) -> float:
    return one.forecast.failure if one.forecast else math.nan


def _mean(one: Asked) -> float:
    return one.levels.first_token or 0.0


def _failures(one: Asked) -> float:
    return one.levels.failure or 0.0


def _brier(asked: list[Asked], said: Callable[[Asked], float]) -> float:
    return statistics.fmean((said(one) - one.failed) ** 2 for one in asked)


def _caught(asked: list[Asked], bad: list[bool], later: Callable[[Asked], bool]) -> dict[str, float | None]:
    """The share of bad calls that would have been tried elsewhere first, and of those tried elsewhere that were bad."""
    moved = [was for one, was in zip(asked, bad, strict=True) if later(one)]
    return {
        "of bad": round(sum(moved) / sum(bad), 3) if any(bad) else None,
        "right": round(sum(moved) / len(moved), 3) if moved else None,
        "moved": round(len(moved) / len(asked), 4),
    }


def main(arguments: list[str]) -> None:
    """Measures, prints both tables and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench predictor", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000)
    parser.add_argument("--calls", type=int, default=6_000, help="calls of each world and seed")
    parser.add_argument("--by", type=float, default=2.5, help="seconds after which a first word is late")
    options = parser.parse_args(arguments)
    took = costs(options.rounds)
    rows = [[name, *(f"{each[key]:.2f}" for key in ("median", "least", "p99"))] for name, each in took.items()]
    table("µs of one thread", ["", "median", "least", "p99"], rows)
    found = {world.name: worth(world, options.calls, options.by) for world in WORLDS}
    head = ["world", "bad", "error", "mean's", "skill", "failure skill", "shipped", "network alone", "mean of late"]
    table(
        f"First token: error of its logarithm. Calls over {options.by} s or failed: caught / right of those moved",
        head,
        [_row(name, each) for name, each in found.items()],
    )
    keep("predictor", {"options": vars(options), "seeds": SEEDS, "us": took, "worlds": found})


def _row(name: str, each: dict[str, Any]) -> list[str]:
    def share(x: float | None) -> str:
        return "–" if x is None else f"{x:.0%}"

    caught = [
        f"{share(each[k]['of bad'])} / {share(each[k]['right'])}"
        for k in ("as shipped", "network alone", "mean of late")
    ]
    numbers = [f"{each[k]:.3f}" for k in ("error", "trivial error")]
    skills = [f"{each[k]:+.0%}" for k in ("skill", "failure skill")]
    return [name, f"{each['slow or failed']:.1%}", *numbers, *skills, *caught]
