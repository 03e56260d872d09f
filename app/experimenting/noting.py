"""Notes what comes of learners in experiments: derived from their log again whenever something is added to it."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from app.choices.experiments.outcome import MOST_TURNS, Log, decision, participant
from app.clock import Clock, before, iso
from app.errors import NotFound, StoreUnavailable
from app.events import Event, Rewarded, TurnEnded
from app.experimenting.experimenting import Experimenting
from app.policy import Policy
from app.rounds import Rounds
from app.storage.experiments import Participants
from app.storage.rewards import Rewards
from app.storage.sessions import Sessions
from app.storage.turns import TurnLog
from app.vocabulary import Experiment, Participant, Source, Turn

PAUSE = 2.0
"""Seconds between two rounds: a turn's rewards come in several at once."""

MOST_WAITING = 50_000
"""Learners who wait to be noted; beyond that the oldest are left out until something else is heard of them."""

_MOST_REWARDS = 2_000
_TRIES = 20
_SKEW = 120.0
"""Seconds by which the clocks of replicas may differ."""

log = logging.getLogger("masterx.experimenting")


@dataclass(frozen=True, slots=True)
class Parts:
    """What is noted of whom: `experimenting` says what an experiment is, the policy what rewards count."""

    participants: Participants
    turns: TurnLog
    sessions: Sessions
    rewards: Rewards
    experimenting: Experimenting
    policy: Policy
    clock: Clock


@dataclass(frozen=True, slots=True)
class Seat:
    """A learner in an experiment."""

    experiment: str
    workspace: str
    learner_id: str


class Noting:
    """Keeps what came of participants."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._waiting: dict[Seat, None] = {}
        away = partial(log.warning, "what came of participants waits: %s")
        self._rounds = Rounds(self.note_all, away, rest=PAUSE)
        self.stirred: set[str] = set()
        """Experiments of which something was noted since they were looked at."""

        self.harmed = asyncio.Event()
        """Somebody was harmed: look at once."""

    def hear(self, event: Event) -> None:
        """Has the learner of an experiment's turn noted when it ends, and when something comes of it."""
        if not isinstance(event, TurnEnded | Rewarded):
            return
        for made in event.turn.decisions:
            if made.experiment is not None:
                self._waiting[Seat(made.experiment, event.turn.workspace, event.turn.learner_id)] = None
                self._rounds.stir()
        if isinstance(event, Rewarded) and event.reward.source is Source.HARM and self._waiting:
            self.harmed.set()
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]

    async def stay(self) -> None:
        """Notes what is heard; runs until cancelled."""
        await self._rounds.stay()

    async def note_all(self) -> None:
        """Notes everybody who waits."""
        while self._waiting:
            seat = next(iter(self._waiting))
            try:
                await self.note(seat)
            except StoreUnavailable:
                raise
            except Exception:
                # A bulkhead: a record that cannot be read must not hold up everybody who waits.
                log.exception("what came of a learner in experiment %s is not noted", seat.experiment)
            self._waiting.pop(seat, None)

    async def note(self, seat: Seat) -> Participant | None:
        """What came of a learner, kept; `None` where they are in no such experiment."""
        experiment = await self._p.experimenting.definition(seat.workspace, seat.experiment)
        if experiment is None:
            return None
        for _ in range(_TRIES):
            known = await self._p.participants.get(f"{seat.experiment}/{seat.learner_id}")
            found = participant(experiment, await self._log(experiment, seat, known))
            if found is None:
                return known
            found = replace(found, sealed=over(found, self._p.clock.now()))
            if known and replace(found, version=known.version) == known:
                return known
            if await self._p.participants.put(known, found):
                self.stirred.add(experiment.id)
                return found
        log.warning("what came of a learner in experiment %s changes too fast to be kept", experiment.id)
        return None

    async def _log(self, experiment: Experiment, seat: Seat, known: Participant | None) -> Log:
        start = datetime.fromisoformat(known.first_at if known else experiment.created_at).timestamp() - _SKEW
        whose = seat.workspace, seat.learner_id
        turns = await self._p.turns.since(*whose, before(start), MOST_TURNS)
        rewards = await self._p.rewards.newest(*whose, _MOST_REWARDS)
        course = await self._course(experiment, turns) if experiment.unit == "class" else None
        return Log(turns, rewards, weights_of(self._p.policy), course)

    async def _course(self, experiment: Experiment, turns: list[Turn]) -> str | None:
        first = next((turn for turn in turns if decision(experiment, turn)), None)
        if first is None:
            return None
        try:
            return (await self._p.sessions.get(first.workspace, first.session_id)).course_id
        except NotFound:
            return None


def over(participant: Participant, now: float) -> bool:
    """Whether all that counts of a learner has happened, also by the slowest clock."""
    return participant.closes_at <= iso(now - _SKEW)


def weights_of(policy: Policy) -> dict[Source, float]:
    """What kinds of rewards count in a policy."""
    return {Source(name): weight for name, weight in policy.choices.rewards.model_dump().items()}
