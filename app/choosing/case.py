"""One turn as choices see it: where it stands, and whether anything may be tried on its learner."""

from dataclasses import dataclass

from app.choices.gate.critical import Facts, critical
from app.choices.segments import segment
from app.context.brief import affect_band, feeling, mastery_band
from app.policy import minor
from app.vocabulary import Affect, Snapshot, Task

UNKNOWN = "unknown"
_LONGEST = 40
"""Characters of a subject, which a front end may call anything."""


@dataclass(frozen=True, slots=True)
class Case:
    """A turn that is to be answered: whose, in which context (`Decision.context`), by which strategy if nothing is
    learned. `critical` says why only approved arms may be chosen, if so; `cared` that nothing is chosen at all, for its
    learner may be in danger; `open` that something may be tried, which a preview must not. `at` is in seconds since the
    epoch, `course` that of the session, `segment` says whom the learner is like."""

    workspace: str
    learner: str
    task: Task
    strategy: str
    context: str
    critical: str | None
    cared: bool
    open: bool
    at: float
    course: str | None = None
    segment: str = ""


def context_of(task: Task, snapshot: Snapshot, affect: Affect) -> str:
    """The context of a turn: task, subject, band of affect, band of mastery."""
    subject = " ".join((snapshot.session.subject or "").replace("/", " ").lower().split())[:_LONGEST]
    return "/".join((task, subject or UNKNOWN, affect_band(affect) or UNKNOWN, mastery_band(snapshot) or UNKNOWN))


def task_of(context: str) -> str:
    """The task of a context.

    >>> task_of("practice/algebra/even/weak")
    'practice'
    """
    return context.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a turn is read as: its task and the table's strategy for it, what its message says of its writer, whether
    they may be in danger, and whether it is a preview."""

    task: Task
    strategy: str
    affect: Affect | None
    cared: bool
    preview: bool


def case_of(snapshot: Snapshot, seen: Seen, at: float) -> Case:
    """The case of a turn."""
    session, felt = snapshot.session, feeling(snapshot, seen.affect)
    asked, failures = snapshot.learner.preferences, snapshot.portrait.failures if snapshot.portrait else 0
    facts = Facts(seen.task, felt, failures, minor=minor(asked), danger=seen.cared)
    return Case(
        workspace=session.workspace,
        learner=session.learner_id,
        task=seen.task,
        strategy=seen.strategy,
        context=context_of(seen.task, snapshot, felt),
        critical=critical(facts),
        cared=seen.cared,
        open=not seen.preview,
        at=at,
        course=session.course_id,
        segment=segment({**asked, "mastery": mastery_band(snapshot)}),
    )
