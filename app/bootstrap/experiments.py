"""Experiments, wired."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.bootstrap.base import Base
from app.choices.experiments.admit import Known
from app.choices.experiments.assign import Facts
from app.choosing.case import Case
from app.choosing.choosing import Lot
from app.clock import Clock
from app.events import Events
from app.experimenting import experimenting, noting
from app.experimenting.experimenting import Experimenting
from app.experimenting.noting import Noting, Seat
from app.experimenting.watching import Watching
from app.policy import Policy
from app.providers.port import Entry
from app.storage.experiments import Experiments, Participants
from app.storage.memory import MemoryCache
from app.storage.ports import Store
from app.storage.rewards import Rewards
from app.storage.sessions import Sessions
from app.storage.turns import TurnLog
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
    experiments = Experiments(base.store)
    parts = experimenting.Parts(
        experiments, lambda workspace: known(base.policy, entries, workspace), base.cache, base.events, base.clock
    )
    running = Experimenting(parts)
    await running.load()
    noted = _noting(base.store, running, base.policy, base.clock)
    base.events.subscribe(noted.hear)
    watching = Watching(running, noted, Participants(base.store), base.clock)
    work = {"experiments_heard": running.follow, "participants": noted.stay, "experiments": watching.stay}
    async with base.background.beside(**work):
        yield Trials(experiments, running, noted, watching)


def _noting(store: Store, running: Experimenting, policy: Policy, clock: Clock) -> Noting:
    log = TurnLog(store), Sessions(store), Rewards(store)
    return Noting(noting.Parts(Participants(store), *log, running, policy, clock))


async def noted_again(store: Store, policy: Policy, clock: Clock, everyone: Sequence[tuple[str, str]]) -> int:
    """Derives from the log again what came of these learners (workspace and name) in all experiments that there ever
    were; says of how many participants. What ends and what is dealt is not touched."""
    parts = (Experiments(store), lambda workspace: known(policy, (), workspace), MemoryCache(clock), Events(), clock)
    noted, count = _noting(store, Experimenting(experimenting.Parts(*parts)), policy, clock), 0
    for experiment in await Experiments(store).all():
        for workspace, learner_id in everyone:
            if workspace == experiment.workspace:
                count += await noted.note(Seat(experiment.id, workspace, learner_id)) is not None
    return count


def known(policy: Policy, entries: Sequence[Entry], workspace: str) -> Known:
    """What a workspace has to choose from."""
    forbidden = policy.forbidden(workspace)
    models = frozenset(f"{one.provider}/{one.model}" for one in entries if one.provider not in forbidden)

    def arms(choice: Choice, task: Task) -> Sequence[Collection[str]]:
        return (models,) if choice is Choice.MODEL else policy.offered(choice, task)

    def safe(choice: Choice, task: Task) -> Collection[str]:
        return models if choice is Choice.MODEL else {first for first, *_ in policy.offered(choice, task)}

    return Known(arms, safe)
