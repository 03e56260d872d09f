"""What is told of each learner of a class, and in which order. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from app.teaching.cards import WEEK, Card, Cell
from app.teaching.signs import Look, Risk, Stuck, cells_of, risk, stuck

_WEAKEST = 3


@dataclass(frozen=True, slots=True)
class Weak:
    """A skill that a learner has not mastered."""

    skill: str
    mastery: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Row:
    """One learner. `mastery` is the mean over the `skills` that they have answered; `wrong` of the `answers` of the
    last seven days were not right, as far as the newest hundred wrong ones tell."""

    learner_id: str
    last_answer: float | None
    last_session: str | None
    answers: int
    wrong: int
    skills: int
    mastery: float | None
    weakest: tuple[Weak, ...]
    stuck: tuple[Stuck, ...]
    risk: Risk | None


def row(learner_id: str, card: Card, look: Look) -> Row:
    """What is told of a learner."""
    cells = cells_of(card, look)
    stuck_on, since = stuck(cells, look), look.now - WEEK
    return Row(
        learner_id=learner_id,
        last_answer=max((cell.last_at for cell in cells.values()), default=None),
        last_session=card.last_session,
        answers=sum(at >= since for cell in cells.values() for at in cell.times),
        wrong=sum(one.at >= since and one.skill in cells for one in card.wrong),
        skills=len(cells),
        mastery=fmean(cell.mastery for cell in cells.values()) if cells else None,
        weakest=_weakest(cells, look.policy.mastery),
        stuck=stuck_on,
        risk=risk(cells, look, stuck_on),
    )


def _weakest(cells: Mapping[str, Cell], mastered: float) -> tuple[Weak, ...]:
    weak = [Weak(skill, cell.mastery, cell.attempts) for skill, cell in cells.items() if cell.mastery < mastered]
    return tuple(sorted(weak, key=lambda one: (one.mastery, one.skill))[:_WEAKEST])


_LATE = 1e300

SORTS: Mapping[str, Callable[[Row], float]] = {
    "name": lambda row: 0.0,
    "risk": lambda row: _LATE if row.risk is None else (row.risk.probability or 0.0) - 2 * row.risk.at_risk,
    "stuck": lambda row: -float(sum(1_000 + one.wrong for one in row.stuck)),
    "mastery": lambda row: _LATE if row.mastery is None else row.mastery,
    "-mastery": lambda row: _LATE if row.mastery is None else -row.mastery,
    "seen": lambda row: _LATE if row.last_answer is None else row.last_answer,
    "-seen": lambda row: _LATE if row.last_answer is None else -row.last_answer,
    "-answers": lambda row: -float(row.answers),
}
"""Orders by name: the smallest first, those of whom it is not known last; then by name."""

ONLY: Mapping[str, Callable[[Row], bool]] = {
    "stuck": lambda row: bool(row.stuck),
    "at_risk": lambda row: row.risk is not None and row.risk.at_risk,
}
"""Which rows are wanted, by name."""

Place = tuple[float, str]
"""Where a row stands in an order."""


def ordered(rows: Iterable[Row], sort: str) -> list[tuple[Place, Row]]:
    """Rows in an order, each with its place."""
    key = SORTS[sort]
    return sorted((((key(row), row.learner_id), row) for row in rows), key=lambda one: one[0])
