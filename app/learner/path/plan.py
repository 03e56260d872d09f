"""A path: goals in order with due reviews between them, each step with its reason in words."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.learner.path.goals import Goal, goals
from app.learner.path.order import Term, annealed, fitting, greedy
from app.policy import PathPolicy
from app.vocabulary import Due, Skill, Standing

_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next: how long it takes, the mastery it adds times the skill's weight, and why it stands here.

    `mastery` is what is believed now, `None` of a skill without an answer; `recall` the chance that what is to be
    reviewed is still known.
    """

    kind: Literal["learn", "review"]
    skill: str
    title: str
    minutes: float
    gain: float
    why: str
    mastery: float | None = None
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """What to do next, in order. `mastered` of `skills` need no more learning; `left` is what did not fit."""

    steps: tuple[Step, ...]
    skills: int
    mastered: int
    left: int

    @property
    def minutes(self) -> float:
        """What all steps take."""
        return round(sum(step.minutes for step in self.steps), 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a path is for: the skills there are, what is believed of them, and which reviews are due; `minutes` are
    those of one sitting or, where there are `days` until a deadline, of each day. At most `limit` steps are told.
    Without `now` (seconds since the epoch) what is due is taken to be so already."""

    skills: Sequence[Skill]
    standings: Mapping[str, Standing]
    due: Sequence[Due] = ()
    minutes: float | None = None
    days: float | None = None
    limit: int = 20
    now: float | None = None


def plan(wanted: Wanted, policy: PathPolicy, chance: random.Random) -> Path:
    """What to learn next; `chance` is used only where there is a deadline."""
    below = goals(wanted.skills, wanted.standings, policy)
    reviews = list(_reviews(wanted, policy))
    room = _room(wanted)
    order = _order(below, wanted, policy, chance)
    if room is not None:
        reviews = list(_within(reviews, room))
        order = fitting(below, order, room - sum(step.minutes for step in reviews))
    learning = list(_learning(below, order))
    soon = {step.skill for step in learning[: wanted.limit]}  # who learns it anew has reviewed it
    steps = tuple(_woven(learning, [step for step in reviews if step.skill not in soon], wanted.skills))
    left = len(below) - len(order) if room is not None else max(0, len(steps) - wanted.limit)
    return Path(steps[: wanted.limit], len(wanted.skills), len(wanted.skills) - len(below), left)


def _room(wanted: Wanted) -> float | None:
    """Minutes in all; `None` without a limit."""
    if wanted.minutes is None:
        return None
    return wanted.minutes * (1.0 if wanted.days is None else wanted.days)


def _order(below: Sequence[Goal], wanted: Wanted, policy: PathPolicy, chance: random.Random) -> list[int]:
    if wanted.minutes is None or wanted.days is None:
        return greedy(below)
    return annealed(below, Term(wanted.minutes, wanted.days, policy.half_life), chance)


def _reviews(wanted: Wanted, policy: PathPolicy) -> Iterator[Step]:
    """Reviews of skills that there are, what is gained by them in their time first."""
    known = {skill.id: skill for skill in wanted.skills}
    found = []
    for due in wanted.due:
        if skill := known.get(due.skill):
            standing = wanted.standings.get(due.skill)
            mastery = standing.mastery if standing else None
            lost = (mastery if mastery is not None else policy.mastery) * (1 - due.recall) * (skill.weight or 1.0)
            why = f"{_when(due.at, wanted.now)}; the chance that it is still known is {due.recall:.0%}"
            step = Step(
                "review", skill.id, skill.title, policy.review_minutes, round(lost, 4), why, mastery, due.recall
            )
            found.append(step)
    yield from sorted(found, key=lambda step: (-step.gain, step.skill))


def _when(due: str, now: float | None) -> str:
    """When a review was due, or will be, in words.

    >>> _when("1970-01-01T05:10:00Z", 0.0), _when("1970-01-01T00:00:00Z", 60.0)
    ('due in 5 hours', 'due since 1970-01-01')
    """
    ahead = 0.0 if now is None else datetime.fromisoformat(due).timestamp() - now
    if ahead <= 0:
        return f"due since {due[:10]}"
    if ahead < _HOUR:
        return f"due in {_number(ahead / 60, 'minute')}"
    return f"due in {_number(ahead / _HOUR, 'hour')}"


def _number(of: float, what: str) -> str:
    many = max(round(of), 1)
    return f"{many} {what}{'s' if many > 1 else ''}"


def _within(reviews: Iterable[Step], room: float) -> Iterator[Step]:
    """Reviews that take no more than half of the time there is: the other half is for what is new."""
    left = room / 2
    for step in reviews:
        if step.minutes <= left:
            left -= step.minutes
            yield step


def _learning(below: Sequence[Goal], order: Sequence[int]) -> Iterator[Step]:
    """Steps of goals in order."""
    opens: dict[int, int] = {}
    for goal in below:
        for needed in goal.needs:
            opens[needed] = opens.get(needed, 0) + 1
    for n in order:
        goal = below[n]
        yield Step(
            kind="learn",
            skill=goal.skill.id,
            title=goal.skill.title,
            minutes=round(goal.minutes, 1),
            gain=round(goal.gain, 4),
            why=_why(goal, [below[needed].skill.title for needed in goal.needs], opens.get(n, 0)),
            mastery=goal.mastery,
        )


def _why(goal: Goal, after: Sequence[str], opens: int) -> str:
    known = "not tried yet" if goal.mastery is None else f"mastery is {goal.mastery:.0%}"
    parts = [f"{known}; learning it adds about {goal.gain:.2f} in {goal.minutes:.0f} minutes"]
    if after:
        parts.append(f"open after {', '.join(after[:3])}{' and others' if len(after) > 3 else ''}")
    elif goal.skill.prerequisites:
        parts.append("all that it needs is mastered")
    if opens:
        parts.append(f"it opens {opens} more" if opens > 1 else "it opens one more")
    return "; ".join(parts)


def _woven(learning: Iterable[Step], reviews: Sequence[Step], skills: Sequence[Skill]) -> Iterator[Step]:
    """Learning with reviews between: first those of what a skill needs, and otherwise one before each skill."""
    waiting = {step.skill: step for step in reviews}
    needs = {skill.id: skill.prerequisites for skill in skills}
    for step in learning:
        first = [name for name in needs[step.skill] if name in waiting] or [*waiting][:1]
        for name in first:
            yield waiting.pop(name)
        waiting.pop(step.skill, None)
        yield step
    yield from waiting.values()
