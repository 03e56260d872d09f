"""Experiments that are looked at all the time, and policies judged by logs: what is claimed of both.

Learners come in by lot, one after the other. *No effect*: how often a test that is looked at 80 times, once every 50
learners an arm, finds one; ours is looked at after each learner, which is stricter. *An effect of 5 points*: how often
it is found within 1,200 learners an arm, and after how many on average (4,000 where never). Beside ours stand the
textbook's z-test (`naive`), the z-test that looks once, at 1,200 (`once`: no method that looks can find more with the
same data), and the mSPRT of `../shared/eval/ab_peeking.py`.

*Known before* is a covariate that explains so much of the variance of one answer; *answers* are averaged for a learner.
*Students* are those of ASSISTments 2015 in `../shared/data` (skipped where absent): what they answered after their
first ten answers, with the share right of those ten as covariate, a tutor's help planted in a half of them by lot.

*Logs* are of 150 learners by a policy that adapts; a table that was drawn at random is judged by them.

Run with `python -m bench experiments [--runs N] [--logs N]`.
"""

import argparse
import csv
import gzip
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from app.choices.offline.entries import Entry
from app.choices.offline.expected import Expected
from app.choices.offline.judge import Judged, judged
from app.stats.sequential import Plan, Units, first_sure
from bench.report import keep, table

STUDENTS = Path("../shared/data/kt_assist15/train.csv.gz")
ARM, PLAN, LOOK = 4_000, 1_200, 50
NAIVE_Z = 1.96
FIRST = 10
WAYS = ("naive", "mSPRT", "ours")
THIN = (
    ("8 turns of 20 learners", (20, 8), 0.4),
    ("1 turn of 100 learners", (100, 1), 0.4),
    ("nothing left to chance", (150, 12), 0.0),
    ("1 % left to chance", (150, 12), 0.01),
)
"""Logs that cannot tell: how many learners with how many turns, and what share was left to chance."""

Draw = Callable[[Generator, float], Units]
"""Learners of two arms, of whom the treated do better by so much."""


def answers(rng: Generator, effect: float, *, known: float = 0.0, each: int = 1, base: float = 0.7) -> Units:
    """Learners who answer `each` questions, right with a chance of `base` on average; a covariate explains the share
    `known` of the variance of one answer."""
    treated = rng.random(2 * ARM) < 0.5
    # Chances that are equally far from the mean on both sides of it stay chances.
    spread = math.sqrt(known * base * (1 - base))
    up = min(1 - base - 0.05, spread)
    rare = up * up / (spread * spread + up * up) if spread else 0.5
    high = rng.random(2 * ARM) >= rare
    able = np.where(high, up, -up * (1 - rare) / rare) if spread else np.zeros(2 * ARM)
    right = rng.binomial(each, base + able + effect * treated) / each
    return Units(right.astype(float), treated, able[:, None] if known else np.empty((2 * ARM, 0)))


@dataclass(frozen=True)
class School:
    """Students: the share right of their first answers, and of those after them."""

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    each: int

    def draw(self, rng: Generator, effect: float, *, adjusted: bool) -> Units:
        """Students in random order, drawn anew, some of the wrong answers of the treated put right."""
        who = rng.integers(0, len(self.before), 2 * ARM)
        treated = rng.random(2 * ARM) < 0.5
        wrong = np.rint((1 - self.after[who]) * self.each).astype(int)
        helped = effect / (1 - self.after.mean())
        right = self.after[who] + rng.binomial(wrong, helped * treated) / self.each
        return Units(right, treated, self.before[who, None] if adjusted else np.empty((2 * ARM, 0)))


def schools() -> Iterator[tuple[str, School]]:
    """The students of the data there is, by how many answers are averaged."""
    if not STUDENTS.exists():
        print(f"students: skipped, there is no {STUDENTS}")
        return
    rows: dict[str, list[int]] = {}
    with gzip.open(STUDENTS, "rt") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["student"], []).append(int(row["correct"]))
    for each in (1, 5):
        long = [seen for seen in rows.values() if len(seen) >= FIRST + each]
        before = np.array([np.mean(seen[:FIRST]) for seen in long])
        after = np.array([np.mean(seen[FIRST : FIRST + each]) for seen in long])
        yield f"students, {each} answer{'s' if each > 1 else ''}", School(before, after, each)


def naive(units: Units) -> tuple[int | None, bool, int | None]:
    """After how many learners the z-test and the reference's mSPRT first find an effect in 80 looks, and whether the
    z-test does that looks once, at the plan."""
    n1, n0 = np.cumsum(units.treated), np.cumsum(~units.treated)
    a, b = np.cumsum(units.outcome * units.treated), np.cumsum(units.outcome * ~units.treated)
    squares = [np.cumsum(units.outcome**2 * arm) for arm in (units.treated, ~units.treated)]
    at = np.arange(2 * LOOK, len(n1) + 1, 2 * LOOK) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        means = a[at] / n1[at], b[at] / n0[at]
        spread = [q[at] / n[at] - m**2 for q, n, m in zip(squares, (n1, n0), means, strict=True)]
        variance = np.maximum(spread[0], 1e-3) / n1[at] + np.maximum(spread[1], 1e-3) / n0[at]
    effect = means[0] - means[1]
    z = np.abs(effect) / np.sqrt(variance)
    mixture = 0.05**2
    evidence = 0.5 * np.log(variance / (variance + mixture)) + 0.5 * effect**2 * mixture / (
        variance * (variance + mixture)
    )
    once = bool(z[PLAN // LOOK - 1] > NAIVE_Z)
    return _first(z > NAIVE_Z, at), once, _first(evidence > math.log(20), at)


def _first(found: NDArray[np.bool_], at: NDArray[np.int_]) -> int | None:
    return int(at[np.argmax(found)]) + 1 if found.any() else None


def compare(draw: Draw, effect: float, runs: int, seed: int) -> dict[str, float]:
    """Shares of runs that find an effect, and learners an arm until they do."""
    rng = default_rng(seed)
    found: dict[str, list[int | None]] = {"naive": [], "mSPRT": [], "ours": []}
    once = 0
    for _ in range(runs):
        units = draw(rng, effect)
        peeking, at_plan, mixture = naive(units)
        once += at_plan
        for name, first in zip(found, (peeking, mixture, first_sure(units, Plan(PLAN))), strict=True):
            found[name].append(first)
    shares: dict[str, float] = {"once": once / runs}
    for name, firsts in found.items():
        ends = [2 * ARM if first is None else first for first in firsts]
        shares[f"{name} ever"] = sum(first is not None for first in firsts) / runs
        shares[f"{name} by plan"] = sum(end <= 2 * PLAN for end in ends) / runs
        shares[f"{name} stops at"] = float(np.mean(ends)) / 2
    return shares


@dataclass
class World:
    """Contexts, arms, what each earns, and a policy that adapts: it takes what it has seen to be best with a chance of
    1 - `curious`, else any arm."""

    rng: Generator
    curious: float

    def __post_init__(self) -> None:
        self.worth = self.rng.uniform(0.25, 0.75, (12, 4))
        self.common = 1 / np.arange(1, 13)
        self.common /= self.common.sum()
        self.target = self.rng.integers(0, 4, 12)

    @property
    def truth(self) -> float:
        """What the target earns."""
        return float((self.common * self.worth[np.arange(12), self.target]).sum())

    def log(self, learners: int, turns: int) -> list[Entry]:
        """Decisions of learners, some of whom always do better than others."""
        seen, total = np.zeros((12, 4)), np.zeros((12, 4))
        entries = []
        able = self.rng.uniform(-0.2, 0.2, learners)
        for n in range(learners * turns):
            learner, c = n % learners, int(self.rng.choice(12, p=self.common))
            chances = np.full(4, self.curious / 4)
            chances[int(np.argmax((total[c] + 1) / (seen[c] + 2)))] += 1 - self.curious
            arm = int(self.rng.choice(4, p=chances))
            reward = float(self.rng.random() < self.worth[c, arm] + able[learner])
            seen[c, arm] += 1
            total[c, arm] += reward
            context = f"task{c % 4}/subject{c // 4}"
            entries.append(Entry(str(learner), "t", context, tuple("0123"), str(arm), float(chances[arm]), reward))
        return entries

    def choose(self, entry: Entry) -> str:
        """The target's arm."""
        task, subject = entry.context.split("/")
        return str(self.target[int(task[4:]) + 4 * int(subject[7:])])


def judge(seed: int, shape: tuple[int, int], curious: float) -> tuple[Judged, float]:
    """A target judged by a log of so many learners and turns, and what it truly earns."""
    world = World(default_rng(seed), curious)
    entries = world.log(*shape)
    return judged(entries, world.choose, Expected(entries)), world.truth


def coverage(logs: int) -> dict[str, float]:
    """In which share of logs that tell something each interval covers the truth, how wide it is, and how far off."""
    covered: dict[str, list[bool]] = {"ips": [], "snips": [], "robust": []}
    widths: dict[str, list[float]] = {name: [] for name in covered}
    told = 0
    for seed in range(logs):
        found, truth = judge(seed, (150, 12), 0.4)
        if found.estimates is None:
            continue
        told += 1
        for name, inside in covered.items():
            one = getattr(found.estimates, name)
            inside.append(one.low <= truth <= one.high)
            widths[name].append(one.high - one.low)
    shares = {f"{name} covers": float(np.mean(inside)) for name, inside in covered.items()}
    return {**shares, **{f"{name} width": float(np.mean(one)) for name, one in widths.items()}, "told": told / logs}


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="bench experiments")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--logs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=10_000)
    asked = parser.parse_args(arguments)
    worlds = [*_worlds(), *_schools()]
    nothing = {name: compare(draw, 0.0, asked.runs, asked.seed + n) for n, (name, draw) in enumerate(worlds)}
    table(
        f"No effect: share of {asked.runs} runs that find one (at most .05 is claimed)",
        ["", "naive", "mSPRT", "ours"],
        [[name, *(f"{one[f'{way} ever']:.3f}" for way in WAYS)] for name, one in nothing.items()],
    )
    effect = {name: compare(draw, 0.05, asked.runs, asked.seed + n) for n, (name, draw) in enumerate(worlds)}
    table(
        f"5 points: found within {PLAN:,} learners an arm, and learners an arm until found",
        ["", "once", "mSPRT", "ours", "mSPRT stops", "ours stops"],
        [
            [name, *(f"{one[key]:.3f}" for key in ("once", "mSPRT by plan", "ours by plan"))]
            + [f"{one[f'{way} stops at']:,.0f}" for way in ("mSPRT", "ours")]
            for name, one in effect.items()
        ],
    )
    logs = coverage(asked.logs)
    thin = {name: _refused(shape, curious, asked.logs // 5) for name, shape, curious in THIN}
    ways = ("ips", "snips", "robust")
    table(
        f"{asked.logs} logs: share of 95 % intervals that cover what the candidate truly earns (.93 is claimed)",
        ["", "covers", "width"],
        [[way, f"{logs[f'{way} covers']:.3f}", f"{logs[f'{way} width']:.3f}"] for way in ways],
    )
    table("Thin logs", ["", "refused"], [[name, f"{share:.0%}"] for name, share in thin.items()])
    keep("experiments", {**vars(asked), "no effect": nothing, "effect": effect, "judged": logs, "thin": thin})


def _refused(shape: tuple[int, int], curious: float, logs: int) -> float:
    """The share of logs by which nothing is told."""
    return sum(judge(seed, shape, curious)[0].refused is not None for seed in range(logs)) / logs


def _worlds() -> Iterator[tuple[str, Draw]]:
    yield "one answer", answers
    for known in (0.15, 0.3, 0.35):
        yield f"one answer, {known:.0%} known before", partial(answers, known=known)
    for each in (2, 3):
        yield f"{each} answers", partial(answers, each=each)


def _schools() -> Iterator[tuple[str, Draw]]:
    for name, school in schools():
        yield name, partial(school.draw, adjusted=False)
        yield f"{name}, first {FIRST} known", partial(school.draw, adjusted=True)
