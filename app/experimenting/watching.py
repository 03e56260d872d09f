"""Looks at running experiments: what they show, and whether one must end."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.choices.experiments.guardrails import breached
from app.choices.experiments.results import Results, results
from app.choices.experiments.rule import Conclusion, concluded
from app.clock import Clock, iso
from app.errors import NotFound, StoreUnavailable
from app.experimenting.experimenting import Experimenting
from app.experimenting.noting import Noting, Seat, over
from app.experimenting.shape import shown
from app.rounds import Rounds
from app.storage.experiments import Participants
from app.vocabulary import Ended, Experiment, Participant

LOOK = 30.0
"""Seconds between two looks; harm is looked at at once."""

_EVERY = 20
"""Looks after which an experiment is looked at that nothing was heard of here: learners' time may be over by then, and
other replicas note others."""

_LEAST = 1.0
"""Seconds between two looks at least."""

_SEALED = 1_000
"""Learners of an experiment who are derived once more in one look."""

_KEPT = 200
"""Experiments whose last look is kept."""

log = logging.getLogger("masterx.experimenting")


@dataclass(frozen=True, slots=True)
class Look:
    """An experiment with what it shows and what follows from it; `ends` says by whom and why it must end."""

    experiment: Experiment
    results: Results
    conclusion: Conclusion
    ends: tuple[Ended, str] | None = None


def looked(experiment: Experiment, participants: list[Participant], now: str) -> Look:
    """What there is to see at a time."""
    found = results(experiment, participants, now)
    then = concluded(experiment, found)
    ends: tuple[Ended, str] | None = None
    if experiment.running:
        if why := breached(experiment, participants, now):
            ends = "guardrail", why
        elif experiment.design.stops and then.sure:
            ends = "decided", f"{then.then} {then.arm}: {then.why}"
        elif now >= experiment.ends_at:
            ends = "time", f"its {experiment.design.days:g} days are over"
    return Look(experiment, found, then, ends)


class Watching:
    """Looks at experiments, and ends those that must."""

    def __init__(self, experimenting: Experimenting, noting: Noting, participants: Participants, clock: Clock) -> None:
        self._experimenting, self._noting = experimenting, noting
        self._participants, self._clock = participants, clock
        self._looks: OrderedDict[str, Look] = OrderedDict()
        self._rounds = 0

    async def look(self, workspace: str, experiment_id: str) -> Look:
        """What an experiment shows now; `NotFound` if it is not in this workspace."""
        experiment = await self._experimenting.definition(workspace, experiment_id)
        if experiment is None:
            raise NotFound("experiment", experiment_id)
        return await self._look(experiment)

    def figures(self, workspace: str | None) -> list[Mapping[str, Any]]:
        """The experiments of a workspace (`None`: of all) as they were at the last look of this process, the newest
        first, for who watches."""
        looks = (self._looks[id_] for id_ in sorted(self._looks, reverse=True))
        return [
            shown(look.experiment, look.results, look.conclusion)
            for look in looks
            if workspace in (None, look.experiment.workspace)
        ]

    async def stay(self) -> None:
        """Looks from time to time, and at once where somebody was harmed; runs until cancelled."""
        away = partial(log.warning, "experiments are not looked at: %s")
        await Rounds(self._next, away, every=LOOK, rest=_LEAST, stirred=self._noting.harmed).stay()

    async def _next(self) -> None:
        await self.round(everything=self._rounds % _EVERY == 0)
        self._rounds += 1

    async def round(self, *, everything: bool) -> None:
        """Looks at all experiments of which something was noted here, or at all that run; ends those that must."""
        await self._experimenting.load()
        await self._noting.note_all()
        stirred, self._noting.stirred = self._noting.stirred, set()
        for experiment in self._experimenting.running:
            try:
                if everything:
                    await self._seal(experiment)
                if everything or experiment.id in stirred or experiment.ends_at <= iso(self._clock.now()):
                    await self._visit(experiment)
            except StoreUnavailable:
                raise
            except Exception:
                # A bulkhead: one experiment that cannot be judged must not keep the others from being looked at.
                log.exception("experiment %s is not looked at", experiment.id)

    async def _visit(self, experiment: Experiment) -> None:
        look = await self._look(experiment)
        if look.ends:
            await self._experimenting.stop(experiment.workspace, experiment.id, *look.ends)
            await self.look(experiment.workspace, experiment.id)

    async def _seal(self, experiment: Experiment) -> None:
        """Derives learners whose time is over once more: a process may have died before it noted the last of it."""
        now = self._clock.now()
        late: list[Seat] = []
        async for some in self._participants.of(experiment.id):
            late += [
                Seat(experiment.id, one.workspace, one.learner_id) for one in some if not one.sealed and over(one, now)
            ]
        for seat in late[:_SEALED]:
            await self._noting.note(seat)

    async def _look(self, experiment: Experiment) -> Look:
        found: list[Participant] = []
        async for some in self._participants.of(experiment.id):
            found += some
            if experiment.unit == "class":
                for one in some:
                    self._experimenting.seat(experiment, one.learner_id, one.unit)
        look = await asyncio.to_thread(looked, experiment, found, iso(self._clock.now()))
        self._looks[experiment.id] = look
        self._looks.move_to_end(experiment.id)
        while len(self._looks) > _KEPT:
            self._looks.popitem(last=False)
        return look
