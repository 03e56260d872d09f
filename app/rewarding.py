"""What came of turns: notes rewards, each once, however late.

    feedback      what the learner said of the answer (`POST /v1/turns/{id}/feedback`), the first that says anything
    independent   the learner's next try at the turn's skill was within a day: 1 if it was right without help
    review        the next try came later than that, within 30 days: 1 if it was right without help
    finished      1 for an answer that was read to its end, 0 for one that the learner cut short; with it, as the turn
                  tells them at the same moment, latency and cost
    harm          the learner complained, gave up, or said that they may be in danger right after it

A reward is kept in the store before anybody learns from it, unique by turn and source, with the arms that it counts
for. What events tell is noted in the background: a store that is away is asked again.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.choosing.credit import credits_of
from app.clock import Clock, before, iso
from app.context.worth import reward as thought
from app.errors import Conflict, StoreUnavailable
from app.events import Event, Events, Graded, Rewarded, SafetyFlagged, TurnEnded
from app.policy import ChoicesPolicy
from app.rounds import Rounds
from app.storage.rewards import Rewards
from app.storage.turns import TurnLog
from app.vocabulary import Answer, Feedback, Reward, Source, State, Turn

_DAY = 86_400.0
_MONTH = 30 * _DAY
_TURNS = 100
"""The newest turns of a learner that a graded answer may say something of."""

_JUST_NOW = 1_800.0
"""Seconds within which an answer has something to do with what a learner says next."""

_GIVEN_UP = 3
"""Answers of a session that its learner cuts short one after the other, before they are taken to have given up."""

_WAITING = 10_000

log = logging.getLogger("masterx.rewarding")


@dataclass(frozen=True, slots=True)
class Parts:
    """What rewards are made of. `stirred` says of a workspace whether anybody ever told there how a turn went: before
    that, what turns tell by themselves is not worth a write for each."""

    turns: TurnLog
    rewards: Rewards
    events: Events
    clock: Clock
    policy: ChoicesPolicy
    stirred: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a turn."""

    source: Source
    value: float
    note: str | None = None
    also: tuple[tuple[Source, float], ...] = ()


class Rewarding:
    """Notes rewards."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._waiting: deque[Event] = deque(maxlen=_WAITING)
        self._rounds = Rounds(self.catch_up, partial(log.warning, "rewards are noted later: %s"))
        self.told: dict[str, int] = {source.value: 0 for source in Source}
        """Rewards that were noted here, by source."""

    def hear(self, event: Event) -> None:
        """Notes later what an event says."""
        match event:
            case TurnEnded(turn) if turn.decisions and self._p.stirred(turn.workspace):
                self._later(event)
            case SafetyFlagged() | Graded():
                self._later(event)

    async def stay(self) -> None:
        """Notes what events said until cancelled."""
        await self._rounds.stay()

    def forget(self, workspace: str, learner_id: str) -> None:
        """Notes nothing of what is still waiting of a learner, who is being erased."""
        kept = (event for event in self._waiting if _whose(event) != (workspace, learner_id))
        self._waiting = deque(kept, _WAITING)

    async def catch_up(self) -> None:
        """Notes what the events so far said."""
        while self._waiting:
            event = self._waiting[0]
            try:
                await self._note(event)
            except StoreUnavailable:
                raise
            except Exception:
                # A bulkhead: a record that cannot be read must not hold up all that wait behind it.
                log.exception("what an event says of a turn is not noted")
            if self._waiting and self._waiting[0] is event:
                self._waiting.popleft()

    async def feedback(self, turn: Turn, feedback: Feedback) -> bool:
        """What a learner said of an answer, which is kept already; says whether it counts."""
        value = thought(feedback)
        if feedback.rating == 1 and feedback.comment:
            await self._try(turn, Said(Source.HARM, 0.0, "the learner complained"))
        return value is not None and await self._try(turn, Said(Source.FEEDBACK, value))

    async def told_by_front_end(self, turn: Turn, said: Said) -> None:
        """What a front end has seen of a turn. Raises `Conflict` where nothing can be credited with it, or its source
        has said something of the turn before."""
        if not credits_of(turn, said.source):
            why = "nothing was chosen in it" if not turn.decisions else "its answer was not made by what was chosen"
            raise Conflict(f"turn {turn.id} cannot be rewarded: {why}")
        if not await self.tell(turn, said):
            raise Conflict(f"turn {turn.id} has a reward of this kind already: {said.source}")

    async def tell(self, turn: Turn, said: Said) -> bool:
        """Keeps a reward and says so; false where its source has said something of the turn before, or where the turn
        credits nobody for it."""
        earned, clock = credits_of(turn, said.source), self._p.clock
        if not earned:
            return False
        reward = Reward(
            id=clock.id(),
            workspace=turn.workspace,
            learner_id=turn.learner_id,
            turn_id=turn.id,
            source=said.source,
            value=said.value,
            at=iso(clock.now()),
            note=said.note,
            also={source.value: value for source, value in said.also},
            credits=earned,
        )
        if not await self._p.rewards.add(reward):
            return False
        self.told[said.source] += 1
        self._p.events.publish(Rewarded(reward, turn))
        return True

    async def _try(self, turn: Turn, said: Said) -> bool:
        try:
            return await self.tell(turn, said)
        except StoreUnavailable as error:
            # What the learner said is kept itself; one reward less makes no estimate wrong.
            log.warning("what was said of turn %s does not count: %s", turn.id, error)
            return False

    def _later(self, event: Event) -> None:
        self._waiting.append(event)
        self._rounds.stir()

    async def _note(self, event: Event) -> None:
        match event:
            case TurnEnded(turn):
                await self._ended(turn)
            case SafetyFlagged(turn=turn):
                for last in await self._before(turn, 1):
                    await self.tell(last, Said(Source.HARM, 0.0, "the learner may be in danger"))
            case Graded():
                await self._graded(event)

    async def _ended(self, turn: Turn) -> None:
        await self.tell(turn, ended(turn, self._p.policy))
        if turn.state is State.CANCELLED:
            rest = await self._before(turn, _GIVEN_UP - 1)
            if len(rest) == _GIVEN_UP - 1 and all(one.state is State.CANCELLED for one in rest):
                await self.tell(turn, Said(Source.HARM, 0.0, f"the learner cut {_GIVEN_UP} answers short in a row"))

    async def _before(self, turn: Turn, count: int) -> Sequence[Turn]:
        """The turns of the session just before this one."""
        found = (await self._p.turns.newest(turn.session_id, count, turn.seq)).data
        since = datetime.fromisoformat(turn.created_at).timestamp() - _JUST_NOW
        return [one for one in found if one.created_at >= iso(since)]

    async def _graded(self, graded: Graded) -> None:
        p, who = self._p, (graded.workspace, graded.learner_id)
        found = (await p.turns.of_learner(*who, _TURNS)).data
        oldest = p.clock.now() - _MONTH
        turns = [one for one in found if one.decisions and one.reading.skills and one.created_at >= iso(oldest)]
        if not turns:
            return
        known = await p.rewards.of_learner(*who, before(oldest))
        for turn in turns:
            for said in practised(turn, graded.answers):
                if (turn.id, said.source) not in known:
                    await self.tell(turn, said)


def _whose(event: Event) -> tuple[str, str] | None:
    match event:
        case TurnEnded(turn) | SafetyFlagged(turn=turn):
            return turn.workspace, turn.learner_id
        case Graded():
            return event.workspace, event.learner_id
    return None


def ended(turn: Turn, policy: ChoicesPolicy) -> Said:
    """What a turn tells by itself when it ends."""
    also = []
    if turn.timing.first_token_ms is not None:
        also.append((Source.LATENCY, worth(turn.timing.first_token_ms / 1e3, policy.first_token)))
    if turn.usage.cost_usd is not None:
        also.append((Source.COST, worth(turn.usage.cost_usd, policy.cost_usd)))
    if turn.state is State.CANCELLED:
        return Said(Source.FINISHED, 0.0)
    return Said(Source.FINISHED, 1.0, also=tuple(also))


def worth(spent: float, half: float) -> float:
    """What is left of 1 where so much was spent: one half at `half`.

    >>> worth(0.0, 2.0), worth(2.0, 2.0), worth(6.0, 2.0)
    (1.0, 0.5, 0.25)
    """
    return round(half / (half + spent), 4)


def practised(turn: Turn, answers: Sequence[Answer]) -> Iterator[Said]:
    """What answers that came after a turn, on a skill of it, say of the turn: the first one within a day, and the first
    one after that."""
    ended_at = datetime.fromisoformat(turn.closed_at or turn.created_at).timestamp()
    tries = [(a.at - ended_at, a) for a in answers if a.at is not None and a.skill in turn.reading.skills]
    for source, since, until in ((Source.INDEPENDENT, 0.0, _DAY), (Source.REVIEW, _DAY, _MONTH)):
        first = min((one for one in tries if since < one[0] <= until), key=lambda one: one[0], default=None)
        if first is not None:
            answer = first[1]
            alone = answer.correct and not answer.hints and not answer.shown
            yield Said(source, float(alone), f"the next try at {answer.skill}")
