"""`masterx adopt`: what follows from an experiment for the policy's tables, and the next policy as a file."""

from collections.abc import Mapping
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

_TABLES = {Choice.STRATEGY: "tasks", Choice.PROFILE: "choices.usual"}


@dataclass(frozen=True)
class Verdict:
    """What an experiment shows, and the arms by task that follow for the policy's table, and those that are there now;
    `why_not` says why nothing follows, if so."""

    look: Look
    follows: Mapping[Task, str]
    now: Mapping[Task, str]
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
    """What follows for a policy: the winner is the choice of those tasks in which control was, and where it may be
    tried."""
    experiment, then = look.experiment, look.conclusion
    now = _table(experiment.choice, policy)
    if why := _not(look):
        return Verdict(look, {}, now, why)
    tried = _tried(experiment, policy)
    if follows := {task: then.arm for task in tried if now[task] == experiment.control}:
        return Verdict(look, follows, now)
    said = ", ".join(f"{task} = {now[task]!r}" for task in tried)
    why = (
        f"policy {policy.version} chooses {experiment.control!r}, beside which it was tried, for no task in which all "
        f"arms may be tried{said and f' ({said})'}"
    )
    return Verdict(look, {}, now, why)


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


def _table(choice: Choice, policy: Policy) -> Mapping[Task, str]:
    """What the policy chooses for each task where nothing is learned."""
    return policy.tasks if choice is Choice.STRATEGY else {task: policy.choices.usual_profile(task) for task in Task}


def _tried(experiment: Experiment, policy: Policy) -> list[Task]:
    """The tasks of an experiment, as far as all its arms may be tried there."""
    arms, choices = {share.arm for share in experiment.arms}, policy.choices
    may = {
        task: choices.strategies.get(task, ()) if experiment.choice is Choice.STRATEGY else choices.profiles
        for task in experiment.eligible.tasks or Task
    }
    return [task for task, names in may.items() if arms.issubset(names)]


def told(found: Verdict) -> str:
    """The verdict as text, then what follows, or why nothing does."""
    one, then = found.look.experiment, found.look.conclusion
    lines = [f"{one.name} ({one.choice}): {then.then} {then.arm}: {then.why}", ""]
    if found.why_not:
        return "\n".join([*lines, f"nothing follows: {found.why_not}"])
    rows = [f'  {task} = "{arm}"  (was "{found.now[task]}")' for task, arm in found.follows.items()]
    return "\n".join([*lines, f"[{_TABLES[one.choice]}] that follows, for all workspaces", *rows])


def write(found: Verdict, policy: Path, file: Path) -> str:
    """Writes the policy with the winner in its table and the next version; says so. Raises `SettingsError` where
    nothing follows, or the file is there already."""
    one = found.look.experiment
    if found.why_not:
        raise SettingsError(f"adopt {one.id}: nothing written: {found.why_not}")
    values = {task.value: arm for task, arm in found.follows.items()}
    return write_next(policy, (_TABLES[one.choice], values), file, f"adopt --write {file}")
