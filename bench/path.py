"""Paths over graphs of skills: how long planning takes, and what annealing gains over greedy where there is a deadline.

The graphs are drawn from seeds that none of its constants was chosen on: layers of skills with up to three
prerequisites each, minutes and weights that differ tenfold. Run with `python -m bench path`.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from app.learner.path.goals import goals
from app.learner.path.order import Term, annealed, fitting, greedy, value
from app.learner.path.plan import Wanted, plan
from app.policy import PathPolicy
from app.vocabulary import Due, Skill, Standing
from bench.report import keep, table

_FIRST_SEED = 1_000


def course(count: int, chance: random.Random) -> list[Skill]:
    """A course whose skills need up to three of the thirty before them."""
    skills: list[Skill] = []
    for n in range(count):
        before = skills[max(0, n - 30) :]
        needs = chance.sample(before, min(len(before), chance.choice((0, 1, 1, 2, 3))))
        minutes, weight = chance.uniform(5, 50), 10 ** chance.uniform(-0.5, 0.5)
        skills.append(Skill(f"s{n}", f"Skill {n}", tuple(skill.id for skill in needs), minutes, weight))
    return skills


def standings(skills: list[Skill], chance: random.Random) -> dict[str, Standing]:
    """A learner who has tried about half of the course."""
    tried = [skill for skill in skills if chance.random() < 0.5]
    return {s.id: Standing(s.id, chance.betavariate(3, 1.5), 0.1, chance.randint(1, 30)) for s in tried}


def planned(count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of the processor that a path takes: open-ended, for one sitting, and with a deadline."""
    chance, policy = random.Random(1), PathPolicy()
    skills = course(count, chance)
    known = standings(skills, chance)
    due = [Due(name, "2026-11-20T00:00:00Z", 0.6) for name in [*known][:20]]
    kinds: dict[str, Wanted] = {
        "open-ended": Wanted(skills, known, due),
        "90 minutes": Wanted(skills, known, due, 90.0),
        "14 days of 60 minutes": Wanted(skills, known, due, 60.0, 14.0),
        "60 days of 60 minutes": Wanted(skills, known, due, 60.0, 60.0),
    }
    return {name: _took(partial(plan, wanted, policy, random.Random(7)), rounds) for name, wanted in kinds.items()}


def _took(work: Callable[[], object], rounds: int) -> dict[str, float]:
    took = []
    for _ in range(rounds):
        began = time.thread_time_ns()
        work()
        took.append((time.thread_time_ns() - began) / 1e6)
    return {"median": statistics.median(took), "least": min(took), "most": max(took)}


def compared(count: int, cases: int, term: Term) -> dict[str, Any]:
    """What is left at the deadline of what annealing plans, beside greedy, on the same courses."""
    gains, took = [], []
    for seed in range(_FIRST_SEED, _FIRST_SEED + cases):
        chance = random.Random(seed)
        skills = course(count, chance)
        below = goals(skills, standings(skills, chance), PathPolicy())
        first = value(below, fitting(below, greedy(below), term.total), term)
        began = time.thread_time_ns()
        best = value(below, fitting(below, annealed(below, term, chance), term.total), term)
        took.append((time.thread_time_ns() - began) / 1e6)
        gains.append(best / first - 1 if first else 0.0)
    return {
        "mean gain": statistics.fmean(gains),
        "median gain": statistics.median(gains),
        "wins": sum(gain > 1e-9 for gain in gains),
        "ties": sum(abs(gain) <= 1e-9 for gain in gains),
        "losses": sum(gain < -1e-9 for gain in gains),
        "ms": statistics.median(took),
    }


def main(arguments: list[str]) -> None:
    """Measures, prints both tables and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench path", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cases", type=int, default=40, help="courses of each kind")
    options = parser.parse_args(arguments)
    took = planned(500, options.rounds)
    rows = [[name, *(f"{each[key]:.2f}" for key in ("median", "least", "most"))] for name, each in took.items()]
    table("A path over 500 skills, ms of one thread", ["", "median", "least", "most"], rows)
    kinds = {
        f"{count} skills, {minutes:.0f} min × {days:.0f} days": (count, Term(minutes, days, 30.0))
        for count, minutes, days in ((20, 20.0, 7.0), (60, 30.0, 14.0), (200, 45.0, 14.0), (500, 60.0, 30.0))
    }
    found = {name: compared(count, options.cases, term) for name, (count, term) in kinds.items()}
    head = ["deadline", "mean gain", "median", "wins", "ties", "losses", "ms"]
    table("Left at the deadline: annealing beside greedy", head, [_row(name, each) for name, each in found.items()])
    keep("path", {"options": vars(options), "first seed": _FIRST_SEED, "ms": took, "deadlines": found})


def _row(name: str, each: dict[str, Any]) -> list[str]:
    shares = [f"{each[key]:+.1%}" for key in ("mean gain", "median gain")]
    return [name, *shares, *(str(each[key]) for key in ("wins", "ties", "losses")), f"{each['ms']:.1f}"]
