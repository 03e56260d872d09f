"""Orders of goals in which nothing comes before what it needs.

By gain per minute, the best of what is open next; or, where there is a deadline, by simulated annealing (Kirkpatrick,
Gelatt & Vecchi, "Optimization by simulated annealing", 1983) over whole orders: what is worth most may need things
that are worth little by themselves, what is learned early is partly forgotten by then, and not all has room.
"""

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from app.learner.path.goals import Goal

_MOVES = 300
_MISSES = 30
_HOT, _COLD = 0.03, 0.0003
"""Temperatures of the first and the last move, as parts of the value that was begun with."""


@dataclass(frozen=True, slots=True)
class Term:
    """Time until a deadline: minutes a day for so many days, and the days in which half of what was gained is lost."""

    minutes: float
    days: float
    half_life: float

    @property
    def total(self) -> float:
        """Minutes in all."""
        return self.minutes * self.days


def greedy(goals: Sequence[Goal]) -> list[int]:
    """All goals, of those that are open always the one that gains most per minute, the earlier one among equals."""
    open_: list[tuple[float, int]] = []
    missing = [len(goal.needs) for goal in goals]
    opens = dependents(goals)
    for n, goal in enumerate(goals):
        if not missing[n]:
            open_.append((-goal.rate, n))
    heapq.heapify(open_)
    order: list[int] = []
    while open_:
        _, n = heapq.heappop(open_)
        order.append(n)
        for later in opens[n]:
            missing[later] -= 1
            if not missing[later]:
                heapq.heappush(open_, (-goals[later].rate, later))
    return order


def dependents(goals: Sequence[Goal]) -> list[list[int]]:
    """For each goal, those that need it."""
    found: list[list[int]] = [[] for _ in goals]
    for n, goal in enumerate(goals):
        for needed in goal.needs:
            found[needed].append(n)
    return found


def fitting(goals: Sequence[Goal], order: Sequence[int], minutes: float) -> list[int]:
    """What of an order there is time for: a goal that is too long is left out, with what needs it; after many in a row
    no further one is tried."""
    taken: list[int] = []
    done: set[int] = set()
    misses = 0
    for n in order:
        goal = goals[n]
        if goal.minutes <= minutes and done.issuperset(goal.needs):
            minutes -= goal.minutes
            done.add(n)
            taken.append(n)
            misses = 0
        else:
            misses += 1
            if misses > _MISSES:
                break
    return taken


def value(goals: Sequence[Goal], taken: Sequence[int], term: Term) -> float:
    """What is left at the deadline of what is gained by goals that there is time for, one after the other."""
    spent = gained = 0.0
    for n in taken:
        spent += goals[n].minutes
        gained += goals[n].gain * 2.0 ** ((spent / term.minutes - term.days) / term.half_life)
    return gained


def annealed(goals: Sequence[Goal], term: Term, chance: random.Random, moves: int = _MOVES) -> list[int]:
    """An order that is worth at least as much at the deadline as the greedy one, after so many moves."""
    order = greedy(goals)
    taken = fitting(goals, order, term.total)
    best, most = order, value(goals, taken, term)
    now, heat = most, most * _HOT
    cooling = (_COLD / _HOT) ** (1 / max(moves, 1))
    for _ in range(moves if len(goals) > 1 else 0):
        other = _moved(goals, order, 2 * len(taken) + 2, chance)
        fits = fitting(goals, other, term.total)
        worth = value(goals, fits, term)
        if worth >= now or chance.random() < math.exp((worth - now) / max(heat, 1e-12)):
            order, taken, now = other, fits, worth
            if now > most:
                best, most = order, now
        heat *= cooling
    return best


def _moved(goals: Sequence[Goal], order: list[int], reach: int, chance: random.Random) -> list[int]:
    """The order with one goal moved within reach: back over what does not need it, or forward with all it needs."""
    to, at = chance.randrange(min(len(order), reach)), chance.randrange(len(order))
    if at < to:
        return _later(goals, order, at, to)
    wanted = _needed(goals, order[at])
    passed = [n for n in order[to : at + 1] if n not in wanted]
    brought = [n for n in order[to : at + 1] if n in wanted]
    return [*order[:to], *brought, *passed, *order[at + 1 :]]


def _needed(goals: Sequence[Goal], goal: int) -> set[int]:
    """A goal with all that must come before it."""
    found, ahead = {goal}, [goal]
    while ahead:
        for needed in goals[ahead.pop()].needs:
            if needed not in found:
                found.add(needed)
                ahead.append(needed)
    return found


def _later(goals: Sequence[Goal], order: list[int], at: int, to: int) -> list[int]:
    """The goal at one place moved back to another, or to before the first that needs it."""
    goal = order[at]
    for place in range(at + 1, to + 1):
        if goal in goals[order[place]].needs:
            to = place - 1
            break
    return [*order[:at], *order[at + 1 : to + 1], goal, *order[to + 1 :]]
