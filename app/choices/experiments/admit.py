"""Whether an experiment may begin, and which part of the lots is its own."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.choices.experiments.assign import lot
from app.errors import FieldError, Invalid
from app.vocabulary import Choice, Design, Eligible, Experiment, Guardrails, Share, Task, Unit

_CLOSE = 1e-6


@dataclass(frozen=True)
class Draft:
    """An experiment as it was asked for."""

    name: str
    choice: Choice
    arms: tuple[Share, ...]
    control: str
    traffic: float
    unit: Unit
    eligible: Eligible
    design: Design
    guardrails: Guardrails


@dataclass(frozen=True)
class Known:
    """What a workspace has to choose from, by choice and task: sets of arms, of which a turn chooses from one, and
    those arms that learners get without an experiment, one of which must be control."""

    arms: Callable[[Choice, Task], Sequence[Collection[str]]]
    safe: Callable[[Choice, Task], Collection[str]]


Slots = tuple[tuple[float, float], ...]


def slots(draft: Draft, running: Iterable[Experiment], known: Known) -> Slots:
    """The lots that are to be the experiment's; raises `Invalid`, which names every field that is wrong."""
    rivals = [one for one in running if one.choice is draft.choice and _meet(one.eligible, draft.eligible)]
    faults = [*_faults(draft, known), *_crowded(draft, rivals)]
    if faults:
        raise Invalid(faults)
    return _free(draft, rivals)


def _faults(draft: Draft, known: Known) -> Iterator[FieldError]:
    names = [share.arm for share in draft.arms]
    yield from _unknown(draft, names, known)
    if abs((total := sum(share.share for share in draft.arms)) - 1) > _CLOSE:
        yield FieldError("arms", f"the shares add up to {total:g}, not to 1")
    if draft.control not in names:
        yield FieldError("control", f"{draft.control!r} is none of the arms: others are compared with it")
    elif draft.control not in (safe := {arm for task in _tasks(draft) for arm in known.safe(draft.choice, task)}):
        said = f"must be what learners get without the experiment ({', '.join(sorted(safe))}), so that somebody is safe"
        yield FieldError("control", said)


def _unknown(draft: Draft, names: Sequence[str], known: Known) -> Iterator[FieldError]:
    """Arms that do not exist, or that no turn may be given all of."""
    offered = {task: known.arms(draft.choice, task) for task in _tasks(draft)}
    there = {arm for sets in offered.values() for arms in sets for arm in arms}
    for n, name in enumerate(names):
        if name not in there:
            listed = f"there is {', '.join(sorted(there))}" if there else "there is none"
            yield FieldError(f"arms.{n}.arm", f"there is no {draft.choice} {name!r} to try here; {listed}")
        elif name in names[:n]:
            yield FieldError(f"arms.{n}.arm", f"{name!r} is named twice")
    lacking = [task for task, sets in offered.items() if not any({*names} <= {*arms} for arms in sets)]
    if there.issuperset(names) and (draft.eligible.tasks if lacking else ()):
        yield FieldError("eligible.tasks", f"not all arms may be tried for {', '.join(lacking)}")
    elif there.issuperset(names) and len(lacking) == len(offered):
        yield FieldError("eligible.tasks", "there is no task with turns in which all arms may be tried")


def _tasks(draft: Draft) -> Sequence[Task]:
    return draft.eligible.tasks or tuple(Task)


def _crowded(draft: Draft, rivals: Sequence[Experiment]) -> Iterator[FieldError]:
    others = [one.name for one in rivals if one.unit != draft.unit]
    if others:
        yield FieldError("unit", f"{', '.join(others)} draws lots by {rivals[0].unit} on the same choice and tasks")
    taken = 1 - sum(end - start for start, end in _gaps(rivals))
    if draft.traffic + taken > 1 + _CLOSE:
        named = ", ".join(one.name for one in rivals)
        yield FieldError("traffic", f"{taken:.0%} of learners are in {named} already: {1 - taken:.0%} are left")


def _meet(a: Eligible, b: Eligible) -> bool:
    """Whether a turn may be eligible for both."""
    return all(
        not mine or not theirs or set(mine) & set(theirs)
        for mine, theirs in ((a.tasks, b.tasks), (a.subjects, b.subjects), (a.mastery, b.mastery))
    )


def _gaps(rivals: Iterable[Experiment]) -> list[tuple[float, float]]:
    gaps, at = [], 0.0
    for start, end in sorted(slot for one in rivals for slot in one.slots):
        if start > at:
            gaps.append((at, start))
        at = max(at, end)
    return [*gaps, (at, 1.0)] if at < 1 else gaps


def _free(draft: Draft, rivals: Iterable[Experiment]) -> Slots:
    """Free lots from a place on that follows from the name, so that it is not always the same learners who are tried
    things on."""
    begin = lot(draft.choice, draft.name)
    cut = [piece for start, end in _gaps(rivals) for piece in _cut(start, end, begin)]
    found, left = [], draft.traffic
    for start, end in sorted(cut, key=lambda piece: (piece[0] < begin, piece[0])):
        if left > 0:
            # What is left after the last piece is rounding.
            found.append((start, min(start + left, end)))
            left -= end - start
    return tuple(found)


def _cut(start: float, end: float, at: float) -> Slots:
    return ((start, at), (at, end)) if start < at < end else ((start, end),)


def overlaps(experiment: Experiment, older: Iterable[Experiment]) -> bool:
    """Whether another replica gave the same lots away a moment before."""
    rivals = [one for one in older if one.choice is experiment.choice and _meet(one.eligible, experiment.eligible)]
    taken = [slot for one in rivals for slot in one.slots]
    return any(start < end_ and start_ < end for start, end in experiment.slots for start_, end_ in taken)
