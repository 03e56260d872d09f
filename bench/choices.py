"""The default policy of choice in the simulator of teaching strategies, beside standard Thompson sampling.

masterx bench choices [--seeds 20] [--first 1] [--scenarios stationary drift users]

The simulator takes our policy as a plug-in, too: `sim_bandit.py --policy bench.choices:factory`.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from statistics import fmean, median
from time import perf_counter, perf_counter_ns
from typing import Any

import numpy as np
import orjson
import psutil

from app.choices.hybrid import Hybrid
from app.choices.merging import merged
from app.choices.port import Options, Outcome, Situation
from bench.report import keep, skip, table

SIMULATOR = Path(__file__).parents[2] / "shared" / "eval"
SCENARIOS = ("stationary", "drift", "users")
_DECISIONS = 20_000

_PACE = 60.0
"""Seconds from one decision to the next: the simulator counts decisions, a policy lives in time."""

_CONTEXTS = 100_000


class Simulated:
    """A policy of choice as the simulator asks it; it is told nothing but what the simulator tells everybody."""

    def __init__(self, arms: int, features: int, seed: int) -> None:
        self.arms = tuple(map(str, range(arms)))
        self.options = [Options(self.arms, arm, frozenset([arm]), {}) for arm in self.arms]
        self.chooser = Hybrid(features)
        self.rng = np.random.default_rng(seed)
        self.decisions = 0
        self.deciding: list[int] = []
        self.learning: list[int] = []

    def select(self, ctx: dict[str, Any]) -> int:
        """An arm."""
        self.decisions += 1
        situation, options = self._situation(ctx), self.options[ctx["baseline_arm"]]
        began = perf_counter_ns()
        chosen = self.chooser.decide(situation, options, self.rng)
        self.deciding.append(perf_counter_ns() - began)
        return int(chosen.arm)

    def update(self, ctx: dict[str, Any], arm: int, reward: float, harm: bool) -> None:
        """What came of it."""
        situation, outcome = self._situation(ctx), Outcome(self.arms[arm], float(reward), harm=harm)
        began = perf_counter_ns()
        self.chooser.learn(situation, outcome)
        self.learning.append(perf_counter_ns() - began)

    def _situation(self, ctx: dict[str, Any]) -> Situation:
        return Situation(
            context=str(ctx["context"]),
            domain=str(ctx["domain"]),
            features=tuple(ctx["x"].tolist()),
            learner=str(ctx["user"]),
            critical=ctx["critical"],
            at=self.decisions * _PACE,
        )


def factory(arms: int, features: int, seed: int) -> Simulated:
    """The default policy, in the shape that the simulator's `--policy` wants."""
    return Simulated(arms, features, seed)


def bench(scenarios: list[str], seeds: range) -> None:
    """Both policies in the same worlds; then the size of a full memory."""
    if not (SIMULATOR / "sim_bandit.py").exists():
        skip("the simulator is not there: ../shared/eval/sim_bandit.py")
    sys.path.insert(0, str(SIMULATOR))
    simulator = import_module("sim_bandit")
    found = {scenario: _compared(simulator, scenario, seeds) for scenario in scenarios}
    size = _full()
    head = ["", "regret beside Thompson", "95 %", "harmful pulls", "coverage of rare", "decide µs", "learn µs"]
    rows = [
        [
            scenario,
            f"{one['ratio']:.3f}",
            "–".join(f"{bound:.2f}" for bound in one["interval"]),
            f"{one['unsafe']:.2%} ({one['unsafe_thompson']:.1%})",
            f"{one['coverage']:.2f} ({one['coverage_thompson']:.2f})",
            f"{one['decide_us']:.1f}",
            f"{one['learn_us']:.1f}",
        ]
        for scenario, one in found.items()
    ]
    table(
        f"{_DECISIONS:,} decisions, seeds {seeds[0]}-{seeds[-1]}; in brackets: standard Thompson; µs: p50", head, rows
    )
    table(
        f"{_CONTEXTS:,} contexts, 8 arms",
        ["memory MB", "kept MB", "recovered s", "merged s"],
        [
            [f"{size[key]:.1f}" for key in ("memory_mb", "kept_mb")]
            + [f"{size['recovered_s']:.2f}", f"{size['merged_s']:.2f}"]
        ],
    )
    keep("choices", {"seeds": [seeds[0], seeds[-1]], "decisions": _DECISIONS, "scenarios": found, "full": size})


def _compared(simulator: Any, scenario: str, seeds: range) -> dict[str, Any]:
    ours, theirs, policies = [], [], []

    def watched(arms: int, features: int, seed: int) -> Simulated:
        policies.append(factory(arms, features, seed))
        return policies[-1]

    for seed in seeds:
        theirs.append(simulator.run(simulator.ts_beta, seed, scenario, _DECISIONS))
        ours.append(simulator.run(watched, seed, scenario, _DECISIONS))
        print(f"{scenario} {seed}: {ours[-1]['regret'] / theirs[-1]['regret']:.3f}", file=sys.stderr, flush=True)
    ratios = np.array([our["regret"] / their["regret"] for our, their in zip(ours, theirs, strict=True)])
    half = 1.96 * float(ratios.std(ddof=1)) / len(ratios) ** 0.5 if len(ratios) > 1 else float("nan")
    return {
        "ratio": sum(one["regret"] for one in ours) / sum(one["regret"] for one in theirs),
        "interval": [float(ratios.mean()) - half, float(ratios.mean()) + half],
        **{key: fmean(one[key] for one in ours) for key in ("unsafe", "coverage", "regret", "win95")},
        **{f"{key}_thompson": fmean(one[key] for one in theirs) for key in ("unsafe", "coverage", "regret", "win95")},
        "decide_us": median(took for one in policies for took in one.deciding) / 1e3,
        "learn_us": median(took for one in policies for took in one.learning) / 1e3,
    }


def _full() -> dict[str, float]:
    """A memory of so many contexts: its size, and how long it takes to go on from what was kept, and to add up."""
    process, rng = psutil.Process(), np.random.default_rng(1)
    before, chooser = process.memory_info().rss, Hybrid(12)
    arms = tuple(map(str, range(8)))
    options = Options(arms, "0", frozenset("0"), {})
    features = [tuple(row) for row in rng.normal(size=(1000, 12)).tolist()]
    for n in range(_CONTEXTS):
        here = Situation(f"task/subject {n}/even/growing", "task", features[n % 1000], f"{n % 30_000}", False, n * 60.0)
        chooser.learn(here, Outcome(chooser.decide(here, options, rng).arm, float(n % 2)))
    memory = process.memory_info().rss - before
    kept = orjson.dumps(chooser.kept())
    began = perf_counter()
    again = Hybrid(12)
    again.restore(orjson.loads(kept))
    recovered = perf_counter() - began
    began, state = perf_counter(), again.kept()
    merged(state, [state, state])
    took = perf_counter() - began
    return {"memory_mb": memory / 1e6, "kept_mb": len(kept) / 1e6, "recovered_s": recovered, "merged_s": took}


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench choices", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    asked = parser.parse_args(arguments)
    bench(asked.scenarios, range(asked.first, asked.first + asked.seeds))
