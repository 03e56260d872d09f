"""Who is stuck, and who is at risk and why: rules over cards, each with what it was seen in and what to do. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.learner.curve import Growth
from app.learner.habit import Habit, habit
from app.learner.outcome import Future, Outlook, Target, forgetting, of_course
from app.policy import PathPolicy
from app.teaching.cards import DAY, HELPED, Card, Cell
from app.vocabulary import Skill, Standing

IN_A_ROW = 3
"""Wrong answers in a row from which somebody is stuck on a skill."""

MUCH_HELP = 6
"""Of the newest eight tries of a skill, those with help from which somebody does not get on without."""

LATELY = 14.0
"""Days after which what happened is no longer how things stand; and without an answer that are a risk."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A learner does not get on with a skill: `wrong` answers in a row since a time, or help before `helped` of the
    newest `tries`."""

    skill: str
    wrong: int
    since: float | None
    item: str | None
    helped: int
    tries: int
    why: str
    advice: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is at risk, and what to do about it."""

    kind: str
    why: str
    advice: str


@dataclass(frozen=True, slots=True)
class Risk:
    """How likely a learner is to master what they learn by the date, and what speaks against it."""

    at_risk: bool
    probability: float | None
    now: float | None
    expected: float | None
    low: float | None
    high: float | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """How a class is looked at: `skills` those of a course, or `None` for whatever each learner answered; `days` until
    the date at which what is expected is told; `now` in seconds."""

    skills: Mapping[str, Skill] | None
    days: float
    now: float
    policy: PathPolicy


def cells_of(card: Card, look: Look) -> dict[str, Cell]:
    """What of a card is looked at."""
    if look.skills is None:
        return card.cells
    return {skill: cell for skill, cell in card.cells.items() if skill in look.skills}


def stuck(cells: Mapping[str, Cell], look: Look) -> tuple[Stuck, ...]:
    """The skills that a learner is stuck on, the longest row of wrong answers first."""
    found = [one for skill, cell in cells.items() if (one := _stuck(skill, cell, look)) is not None]
    return tuple(sorted(found, key=lambda one: (-one.wrong, -one.helped, one.skill)))


def _stuck(skill: str, cell: Cell, look: Look) -> Stuck | None:
    if look.now - cell.last_at > LATELY * DAY:
        return None
    tries = min(cell.attempts, HELPED)
    known = skill, cell.wrong, cell.wrong_since if cell.wrong else None, cell.wrong_item, cell.helped, tries
    if cell.wrong >= IN_A_ROW:
        on = f", the last one on {cell.wrong_item}" if cell.wrong_item else ""
        why = f"{cell.wrong} wrong answers in a row{on}"
        return Stuck(
            *known, why, "look at these answers together: an example that is worked out comes before more tries"
        )
    if cell.helped >= MUCH_HELP and cell.mastery < look.policy.mastery:
        why = f"help was taken before {cell.helped} of the last {tries} answers"
        return Stuck(*known, why, "let them do an easier one alone, and give the next hint later")
    return None


def risk(cells: Mapping[str, Cell], look: Look, stuck_on: Sequence[Stuck]) -> Risk | None:
    """What is to be expected of a learner; `None` while they have answered nothing of what is looked at."""
    if not cells:
        return None
    outlook = _outlook(cells, look)
    reasons = tuple(_reasons(cells, look, (outlook, stuck_on)))
    idle = any(reason.kind == "idle" for reason in reasons)
    lacking = outlook.at_risk or (idle and outlook.now < 1.0)
    figures = outlook.probability, outlook.now, outlook.expected, outlook.low, outlook.high
    return Risk(lacking, *figures, reasons if lacking else ())


def _outlook(cells: Mapping[str, Cell], look: Look) -> Outlook:
    known = {skill: cell.standing(skill) for skill, cell in cells.items()}
    times = [at for cell in cells.values() for at in cell.times]
    found = habit(times, look.now) or Habit.none()
    future = Future(look.days, found, Growth().after(known.values()), forgetting(look.policy))
    return of_course(_targets(known, look), future, look.policy)


def _targets(known: Mapping[str, Standing], look: Look) -> list[Target]:
    """What is to be mastered, what lacks least first. The plan of one learner (`GET …/forecast`) looks at prerequisites
    and minutes, too: for a class that takes too long."""
    if look.skills is None:
        targets = [Target(standing) for standing in known.values()]
    else:
        targets = [Target(known.get(skill), one.weight or 1.0) for skill, one in look.skills.items()]
    return sorted(targets, key=lambda target: -target.odds[0])


_ADVICE = {
    "pace": "agree on short daily practice; more answers help most here",
    "success": "practise what comes before: what they answer now is too hard to learn from",
    "forgetting": "have due reviews done first; what was learned is fading",
    "time": "move the date, or leave out what matters least",
}


def _reasons(cells: Mapping[str, Cell], look: Look, seen: tuple[Outlook, Sequence[Stuck]]) -> Iterator[Reason]:
    outlook, stuck_on = seen
    idle = (look.now - max(cell.last_at for cell in cells.values())) / DAY
    if idle > LATELY:
        yield Reason("idle", f"no answer for {idle:.0f} days", "ask what keeps them, and start again with due reviews")
    if outlook.at_risk:
        yield Reason(outlook.driver, outlook.why, _ADVICE[outlook.driver])
    if stuck_on:
        more = f" and on {len(stuck_on) - 1} more" if len(stuck_on) > 1 else ""
        yield Reason("stuck", f"stuck on {stuck_on[0].skill}{more}: {stuck_on[0].why}", stuck_on[0].advice)
