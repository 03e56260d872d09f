"""Arms as operators see them."""

from collections.abc import Iterator
from typing import NamedTuple

from app.choosing.case import task_of
from app.choosing.choosing import Choosing
from app.choosing.experience import Experience, Row
from app.clock import iso
from app.vocabulary import Choice


class Shown(NamedTuple):
    """How an arm stands in a task: what it earns beyond what is usual, from how much evidence, the share of late
    decisions that it was chosen in, and where it is suspended until when."""

    row: Row
    gain: float | None
    evidence: float
    share: float | None
    suspended: list[tuple[str, str]]


def shown(choosing: Choosing, workspace: str, at: float) -> list[Shown]:
    """The arms of a workspace that were chosen lately or rewarded ever, by choice, task and name."""
    experience = choosing.workspaces.get(workspace)
    shares = choosing.lately(workspace)
    known = experience.rows if experience else {}
    away = [*_suspended(experience, at)] if experience else []
    found = []
    for row in sorted({*known, *shares}):
        mean = known.get(row)
        where = [
            (context, iso(until))
            for choice, context, arm, until in away
            if (choice, arm) == (row.choice, row.arm) and task_of(context) in (row.task, "*")
        ]
        gain, evidence = (mean.value, mean.weight) if mean else (None, 0.0)
        found.append(Shown(row, gain, evidence, shares.get(row), where))
    return found


def _suspended(experience: Experience, at: float) -> Iterator[tuple[Choice, str, str, float]]:
    for choice, chooser in experience.choosers.items():
        yield from ((choice, *one) for one in chooser.gate.suspended(at))
