"""Experiments, wired."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.bootstrap.adapters import background
from app.bootstrap.base import Base
from app.choices.experiments.admit import Known
from app.choices.experiments.assign import Facts
from app.choosing.case import Case
from app.choosing.choosing import Lot
from app.experimenting import experimenting, noting
from app.experimenting.experimenting import Experimenting
from app.experimenting.noting import Noting
from app.experimenting.watching import Watching
from app.policy import STANDARD, Policy
from app.providers.port import Entry
from app.storage.experiments import Experiments, Participants
from app.storage.rewards import Rewards
from app.vocabulary import Choice, Task


@dataclass(frozen=True, slots=True)
class Trials:
    """Who gives learners their arms, who notes what comes of them, and who looks at it."""

    experiments: Experiments
    experimenting: Experimenting
    noting: Noting
    watching: Watching

    def lot(self, case: Case, choice: Choice, arms: frozenset[str]) -> Lot | None:
        """The lot of a turn, by an arm among those that may be chosen."""
        about = (case.task, case.critical is not None, case.context, case.course, arms)
        found = self.experimenting.assigned(Facts(case.workspace, case.learner, choice, *about))
        return found and Lot(*found)


@asynccontextmanager
async def trials_of(base: Base, entries: Sequence[Entry]) -> AsyncIterator[Trials]:
    """The experiments of a store, looked after inside this context; `entries` are the models that there are."""
    store, experiments = base.store, Experiments(base.store)
    parts = experimenting.Parts(
        experiments, lambda workspace: known(base.policy, entries, workspace), base.cache, base.events, base.clock
    )
    running, participants = Experimenting(parts), Participants(store)
    await running.load()
    records = base.records
    noted = Noting(
        noting.Parts(participants, records.turns, records.sessions, Rewards(store), running, base.policy, base.clock)
    )
    base.events.subscribe(noted.hear)
    watching = Watching(running, noted, participants, base.clock)
    async with background(running.follow(), noted.stay(), watching.stay()):
        yield Trials(experiments, running, noted, watching)


def known(policy: Policy, entries: Sequence[Entry], workspace: str) -> Known:
    """What a workspace has to choose from."""
    forbidden = policy.forbidden(workspace)
    models = frozenset(f"{one.provider}/{one.model}" for one in entries if one.provider not in forbidden)

    def arms(choice: Choice, task: Task) -> Collection[str]:
        if choice is Choice.STRATEGY:
            return policy.choices.strategies.get(task, (policy.tasks[task],))
        return models if choice is Choice.MODEL else policy.choices.profiles

    def safe(choice: Choice, task: Task) -> Collection[str]:
        if choice is Choice.STRATEGY:
            return {policy.tasks[task]}
        return models if choice is Choice.MODEL else {STANDARD}

    return Known(arms, safe)
