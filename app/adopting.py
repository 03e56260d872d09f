"""`masterx adopt`: what follows from an experiment for the policy's tables, and the next policy as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.clock import Clock, iso
from app.errors import NotFound, SettingsError
from app.experimenting.watching import Look, looked
from app.policy import Policy, load
from app.policy_file import write_next
from app.storage.experiments import Experiments, Participants
from app.storage.ports import Store
from app.vocabulary import Choice, Experiment, Task

_TABLES = {
    Choice.STRATEGY: "tasks",
    Choice.VARIANT: "choices.usual.variants",
    Choice.PROFILE: "choices.usual.profiles",
}


@dataclass(frozen=True)
class Verdict:
    """What an experiment shows, and what follows for the policy's table, by task (of variants by strategy), with what
    is there now; `why_not` says why nothing follows, if so."""

    look: Look
    follows: Mapping[str, str]
    now: Mapping[str, str]
    why_not: str | None = None


async def judged(store: Store, policy: Path, experiment: tuple[str, str], clock: Clock) -> Verdict:
    """What follows from an experiment (workspace and id) for the policy in this file."""
    workspace, experiment_id = experiment
    try:
        known = await Experiments(store).get(workspace, experiment_id)
    except NotFound as error:
        raise SettingsError(f"adopt {experiment_id}: there is no such experiment in workspace {workspace}") from error
    participants = [one async for some in Participants(store).of(experiment_id) for one in some]
    return verdict(looked(known, participants, iso(clock.now())), load(policy))


def verdict(look: Look, policy: Policy) -> Verdict:
    """What follows for a policy: the winner takes the place of control wherever both may be tried."""
    experiment = look.experiment
    tasks = experiment.eligible.tasks or tuple(Task)
    now = {place: arm for task in tasks for place, arm in _safe(experiment, policy, task)}
    if why := _not(look) or _elsewhere(experiment, policy, now):
        return Verdict(look, {}, now, why)
    follows = {place: look.conclusion.arm for place, arm in now.items() if arm == experiment.control}
    if follows:
        return Verdict(look, follows, now)
    said = ", ".join(f"{place} = {arm!r}" for place, arm in now.items())
    why = (
        f"policy {policy.version} chooses {experiment.control!r}, beside which it was tried, nowhere where all arms "
        f"may be tried{said and f' ({said})'}"
    )
    return Verdict(look, {}, now, why)


def _safe(experiment: Experiment, policy: Policy, task: Task) -> Iterator[tuple[str, str]]:
    """What the policy chooses of the arms of an experiment for a task where nothing is learned, and its place in the
    table."""
    for arms in policy.offered(experiment.choice, task):
        if {share.arm for share in experiment.arms} <= {*arms}:
            yield arms[0].rpartition("/")[0] if experiment.choice is Choice.VARIANT else task.value, arms[0]


def _elsewhere(experiment: Experiment, policy: Policy, now: Mapping[str, str]) -> str | None:
    """Why a table may not follow that counts for other tasks, too."""
    tried = experiment.eligible.tasks
    others = [task for task in Task if tried and task not in tried]
    beyond = [task for task in others if any(place in now for place, _ in _safe(experiment, policy, task))]
    if beyond:
        return f"it was not tried for {', '.join(beyond)}, for which the policy's table of variants counts as well"
    return None


def _not(look: Look) -> str | None:
    """Why no table may follow from what an experiment shows."""
    one, then = look.experiment, look.conclusion
    if one.running:
        return "it still runs: stop it first"
    if then.then != "adopt":
        return f"its verdict is {then.then} {then.arm!r}: {then.why}"
    if one.eligible.subjects or one.eligible.mastery:
        return "it was tried on some subjects or bands of mastery only, and the policy's tables are by task"
    if one.choice is Choice.MODEL:
        return (
            f"no policy says which model is asked: in the catalogue of providers give {then.arm!r} more strength than "
            f"{one.control!r}"
        )
    return None


def told(found: Verdict) -> str:
    """The verdict as text, then what follows, or why nothing does."""
    one, then = found.look.experiment, found.look.conclusion
    lines = [f"{one.name} ({one.choice}): {then.then} {then.arm}: {then.why}", ""]
    if found.why_not:
        return "\n".join([*lines, f"nothing follows: {found.why_not}"])
    rows = [
        f'  {place} = "{_name(one, arm)}"  (was "{_name(one, found.now[place])}")'
        for place, arm in found.follows.items()
    ]
    return "\n".join([*lines, f"[{_TABLES[one.choice]}] that follows, for all workspaces", *rows])


def write(found: Verdict, policy: Path, file: Path) -> str:
    """Writes the policy with the winner in its table and the next version; says so. Raises `SettingsError` where
    nothing follows, or the file is there already."""
    one = found.look.experiment
    if found.why_not:
        raise SettingsError(f"adopt {one.id}: nothing written: {found.why_not}")
    values = {place: _name(one, arm) for place, arm in found.follows.items()}
    return write_next(policy, (_TABLES[one.choice], values), file, f"adopt --write {file}")


def _name(experiment: Experiment, arm: str) -> str:
    """An arm as its table names it: a variant without its strategy."""
    return arm.rpartition("/")[2] if experiment.choice is Choice.VARIANT else arm
