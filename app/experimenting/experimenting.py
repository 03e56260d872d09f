"""Keeps the experiments of all workspaces in memory, as the store has them, and gives learners their arms."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import orjson

from app.choices.experiments.admit import Draft, Known, overlaps, slots
from app.choices.experiments.assign import Facts, arm_of, assigned
from app.clock import Clock, iso
from app.errors import Conflict, Duplicate, FieldError, Invalid, NotFound, StoreUnavailable
from app.events import Changed, Events
from app.storage.cache import Cache
from app.storage.experiments import Experiments
from app.vocabulary import Assigned, Choice, Ended, Experiment

CHANGED = "experiment-changed"
"""Channel that names experiments that began or ended: a JSON list of workspace and id."""

MOST_RUNNING = 50
"""Experiments of a workspace that run at once."""

_SEATS = 200_000
"""Learners whose class is remembered, of all experiments by class."""

_TRIES = 20

_DAY = 86_400.0

log = logging.getLogger("masterx.experimenting")


@dataclass(frozen=True, slots=True)
class Parts:
    """What is needed: `known` says what a workspace has to choose from."""

    experiments: Experiments
    known: Callable[[str], Known]
    cache: Cache
    events: Events
    clock: Clock


class Experimenting:
    """The experiments that run."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._running: dict[str, Experiment] = {}
        self._places: Mapping[tuple[str, Choice], tuple[Experiment, ...]] = {}
        self._seats: dict[tuple[str, str], dict[str, str]] = {}
        """By workspace and learner, the class by which they were given an arm, by experiment: in another one they keep
        it or get none."""

    def assigned(self, facts: Facts) -> Assigned | None:
        """The arm that a turn's learner has in an experiment on this choice; `None` where the turn is in none.

        At once and from memory. The same learner has the same arm in each turn, on every replica. A turn that is
        critical is in none, nor one for which some arm of the experiment may not be chosen now (`Facts.arms`).
        """
        found = assigned(self._places.get((facts.workspace, facts.choice), ()), facts)
        return found if found and self._seated(found, facts) else None

    def _seated(self, found: Assigned, facts: Facts) -> bool:
        """Whether a learner of several classes stays in the arm of the first one."""
        experiment = self._running[found.experiment]
        if experiment.unit == "learner" or facts.course is None:
            return True
        return arm_of(experiment, self.seat(experiment, facts.learner_id, facts.course)).arm == found.arm

    def seat(self, experiment: Experiment, learner_id: str, course: str) -> str:
        """The class by which a learner is in an experiment: the first that anyone told of."""
        seats = self._seats.setdefault((experiment.workspace, learner_id), {})
        seat = seats.setdefault(experiment.id, course)
        if len(seats) > MOST_RUNNING:
            del seats[next(iter(seats))]
        if len(self._seats) > _SEATS:
            del self._seats[next(iter(self._seats))]
        return seat

    def forget(self, workspace: str, learner_id: str) -> None:
        """Forgets the classes of a learner who is erased."""
        self._seats.pop((workspace, learner_id), None)

    async def begin(self, workspace: str, draft: Draft) -> Experiment:
        """Begins an experiment; raises `Invalid`, which names each field that is wrong, and `Conflict` where another
        replica gave the same learners away at this moment."""
        running = [one for one in await self._p.experiments.running() if one.workspace == workspace]
        if len(running) >= MOST_RUNNING:
            raise Conflict(f"{MOST_RUNNING} experiments run here: stop one first")
        now = self._p.clock.now()
        experiment = Experiment(
            *(self._p.clock.id(), workspace, draft.name, draft.choice, draft.arms, draft.control, draft.traffic),
            slots=slots(draft, running, self._p.known(workspace)),
            created_at=iso(now),
            ends_at=iso(now + draft.design.days * _DAY),
            unit=draft.unit,
            eligible=draft.eligible,
            design=draft.design,
            guardrails=draft.guardrails,
        )
        await self._add(experiment)
        self._tell(experiment, f"began: {', '.join(share.arm for share in experiment.arms)}")
        return experiment

    async def _add(self, experiment: Experiment) -> None:
        try:
            await self._p.experiments.add(experiment)
        except Duplicate as error:
            taken = "there is an experiment of this name; a result is looked up by it, so take another"
            raise Invalid([FieldError("name", taken)]) from error
        others = [one for one in await self._p.experiments.running() if one.workspace == experiment.workspace]
        if overlaps(experiment, [one for one in others if one.id < experiment.id]):
            await self._p.experiments.withdraw(experiment)
            raise Conflict("another experiment began at this moment; try again")

    async def stop(self, workspace: str, experiment_id: str, by: Ended, why: str) -> Experiment:
        """Ends an experiment; one that has ended stays as it is."""
        for _ in range(_TRIES):
            known = await self._p.experiments.get(workspace, experiment_id)
            if not known.running:
                self._remember(known)
                return known
            ended = replace(known, state="stopped", ended_at=iso(self._p.clock.now()), ended_by=by, ended_why=why)
            if await self._p.experiments.change(known, ended):
                self._tell(ended, f"stopped by {by}: {why}")
                return await self._p.experiments.get(workspace, experiment_id)
        raise Conflict(f"others are changing the experiment {experiment_id!r}")

    @property
    def running(self) -> tuple[Experiment, ...]:
        """All experiments that run, oldest first."""
        return tuple(self._running.values())

    async def definition(self, workspace: str, experiment_id: str) -> Experiment | None:
        """An experiment, from memory while it runs."""
        if (known := self._running.get(experiment_id)) is not None and known.workspace == workspace:
            return known
        try:
            return await self._p.experiments.get(workspace, experiment_id)
        except NotFound:
            return None

    async def load(self) -> None:
        """Reads again what runs: what a replica that was not heard has changed."""
        self._hold(await self._p.experiments.running())

    async def follow(self) -> None:
        """Hears what other replicas begin and end; runs until cancelled."""
        async with self._p.cache.subscribe(CHANGED) as messages:
            async for message in messages:
                try:
                    self._remember(await self._p.experiments.get(*orjson.loads(message)))
                except (NotFound, StoreUnavailable) as error:
                    log.warning("an experiment that changed is read with the next look: %s", error)

    def _tell(self, experiment: Experiment, what: str) -> None:
        self._remember(experiment)
        self._p.cache.publish(CHANGED, orjson.dumps([experiment.workspace, experiment.id]))
        self._p.events.publish(Changed("experiment", experiment.name, what, experiment.workspace))
        log.info("experiment %s (%s) %s", experiment.id, experiment.name, what)

    def _remember(self, experiment: Experiment) -> None:
        others = [one for one in self._running.values() if one.id != experiment.id]
        self._hold(sorted([*others, experiment], key=lambda one: one.id))

    def _hold(self, experiments: Iterable[Experiment]) -> None:
        self._running = {one.id: one for one in experiments if one.running}
        places: dict[tuple[str, Choice], tuple[Experiment, ...]] = {}
        for one in self._running.values():
            where = one.workspace, one.choice
            places[where] = (*places.get(where, ()), one)
        self._places = places
