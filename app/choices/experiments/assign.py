"""Who is in which experiment, and in which arm: by hash alone, so that all replicas say the same for ever.

For each choice of a workspace a learner has one lot in [0, 1), and each experiment some part of it for its own: nobody
is in two experiments on the same choice whose turns may be the same. Which arm it is says a second lot, of the
experiment's own, so that the next experiment mixes the learners of this one anew (Tang et al. 2010, "Overlapping
Experiment Infrastructure").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from app.vocabulary import Assigned, Choice, Eligible, Experiment, Share, Task

_PARTS = 4
"""Of `Decision.context`: task, subject, band of affect, band of mastery."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A turn before its choice is made. `context` is that of its decision (task/subject/affect/mastery), `course` that
    of its session; `arms` are those that may be chosen now (`None`: any)."""

    workspace: str
    learner_id: str
    choice: Choice
    task: Task
    critical: bool
    context: str = ""
    course: str | None = None
    arms: frozenset[str] | None = None


def assigned(running: Iterable[Experiment], facts: Facts) -> Assigned | None:
    """The arm of this turn by the experiments that run on its choice; `None` where it is in none of them.

    A critical turn is in no experiment, nor one for which not all of its arms may be chosen: what is left out must not
    depend on the arm.
    """
    if facts.critical:
        return None
    for experiment in running:
        unit = unit_of(experiment, facts)
        if unit is not None and _takes(experiment, facts) and inside(experiment, unit):
            share = arm_of(experiment, unit)
            return Assigned(experiment.id, share.arm, share.share)
    return None


def _takes(experiment: Experiment, facts: Facts) -> bool:
    free = facts.arms
    return eligible(experiment.eligible, facts) and (free is None or all(one.arm in free for one in experiment.arms))


def unit_of(experiment: Experiment, facts: Facts) -> str | None:
    """Whom the lot is drawn for: the learner, or their course; `None` for a session without one."""
    return facts.learner_id if experiment.unit == "learner" else facts.course


def eligible(wanted: Eligible, facts: Facts) -> bool:
    """Whether a turn is of the kind that is tried.

    >>> facts = Facts("w", "ada", Choice.STRATEGY, Task.PRACTICE, False, "practice/algebra/unknown/weak")
    >>> eligible(Eligible(tasks=(Task.PRACTICE,), subjects=("algebra",)), facts)
    True
    >>> eligible(Eligible(mastery=("strong",)), facts)
    False
    """
    parts = facts.context.split("/")
    subject, mastery = (parts[1], parts[-1]) if len(parts) == _PARTS else (None, None)
    return (
        (not wanted.tasks or facts.task in wanted.tasks)
        and (not wanted.subjects or subject in wanted.subjects)
        and (not wanted.mastery or mastery in wanted.mastery)
    )


def inside(experiment: Experiment, unit: str) -> bool:
    """Whether a unit's lot is the experiment's."""
    drawn = lot(experiment.workspace, experiment.choice, unit)
    return any(start <= drawn < end for start, end in experiment.slots)


def arm_of(experiment: Experiment, unit: str) -> Share:
    """The arm of a unit that is inside."""
    drawn = lot(experiment.id, unit) * sum(share.share for share in experiment.arms)
    for share in experiment.arms:
        if drawn < share.share:
            return share
        drawn -= share.share
    return experiment.arms[-1]  # rounding


def lot(*names: str) -> float:
    """A number in [0, 1) that follows from names alone, alike for any of them.

    >>> lot("e1", "ada") == lot("e1", "ada") != lot("e1a", "da")
    True
    """
    text = "".join(f"{len(name)}:{name}" for name in names)
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=7).digest()) / 2**56
