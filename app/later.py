"""Questions that no model answered, asked again when one can be asked: one after the other, never all at once.

Each has its own pause after a try in vain. Those of workspaces that forbid the same providers are asked in one queue,
which ends for now where nobody answers; the others' goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from app.clock import Clock
from app.errors import BudgetSpent, Conflict, NotFound, Overloaded, ProviderRefused, SessionBusy, StoreUnavailable
from app.events import AttemptEnded, Event
from app.policy import Policy
from app.rounds import Rounds
from app.routing.breaker import State as Breaker
from app.routing.rank import Wanted, excluded
from app.routing.router import Router
from app.running import Running
from app.spending import limits
from app.storage.questions import Questions
from app.storage.turns import TurnLog
from app.vocabulary import OFFLINE, Ask, Question, State, Turn, Wait

LIFETIME = 24 * 3_600.0
"""Seconds that a question waits before it is given up."""

MOST_TRIES = 50
"""Turns that are opened for one question before it is given up."""

LOOK = 15.0
"""Seconds between two looks; after a try in vain its question rests for as long, doubling up to `LONGEST`."""

LONGEST = 900.0

_AT_ONCE = 4
"""Questions that are asked side by side, at most; the first one is asked alone."""

_LEAST = 1.0
"""Seconds between two looks at least, however often a model answers meanwhile."""

_MOST = 1_000
"""Questions that one look sees; the oldest ones."""

log = logging.getLogger("masterx.later")


@dataclass(frozen=True, slots=True)
class Parts:
    """What is needed to ask again."""

    questions: Questions
    turns: TurnLog
    running: Running
    router: Router
    policy: Policy
    clock: Clock
    owner: str
    leaving: Callable[[], bool]
    """Whether this process is about to stop, so that nothing new is begun here."""


def after(question: Question, turn: Turn, *, able: bool = True) -> Question:
    """A question that was being asked, by how the turn ended that asked it; `able` is whether some model may be asked
    it at all, as far as anyone knows beforehand."""
    settled = replace(question, owner=None)
    if turn.state in (State.COMPLETE, State.GUARDED):
        return replace(settled, state=Wait.ANSWERED, answered_by=turn.id)
    if turn.state is State.OPEN:  # its end could not be written yet; the next try finds it
        return replace(settled, state=Wait.WAITING)
    declined = (
        all(attempt.outcome == ProviderRefused.outcome for attempt in turn.attempts) if turn.attempts else not able
    )
    # A learner who stops the answer wants it no more; models that decline a question would do so again.
    return _in_vain(settled, last=turn.state is State.CANCELLED or declined)


def _in_vain(question: Question, *, last: bool = False) -> Question:
    """A question after a try that brought no answer, the `last` one or one more."""
    tries = question.tries + 1
    ended = last or tries >= MOST_TRIES
    return replace(question, state=Wait.GIVEN_UP if ended else Wait.WAITING, owner=None, tries=tries)


class Later:
    """Looks after waiting questions in this process."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._asking: set[str] = set()
        away = partial(log.warning, "waiting questions not looked at: %s")
        self._rounds = Rounds(self.look, away, every=LOOK - _LEAST, rest=_LEAST)
        self._heard_from: set[str] = set()
        self._rests: dict[str, float] = {}
        """Until when, by the monotonic clock, a question is not asked."""

        self._let_past: set[str] = set()
        """Questions that were asked before their rest was over, because a model had answered, and in vain."""

        self.waiting = 0
        """Questions that waited at the last look, in all processes."""

        self.settled = {Wait.ANSWERED.value: 0, Wait.GIVEN_UP.value: 0}
        """How many questions this process brought to an end, by how."""

    def hear(self, event: Event) -> None:
        """Notes that a model answered: those who wait for it may be asked before their rest is over, each one once. A
        question that fails by itself would else be asked as often as the model answers others."""
        if not self.waiting or not isinstance(event, AttemptEnded):
            return
        if event.attempt.outcome == "ok" and event.attempt.provider != OFFLINE:
            self._heard_from.add(event.attempt.provider)
            self._rounds.stir()

    def expect(self) -> None:
        """Notes that a question was queued here."""
        self.waiting += 1

    async def stay(self) -> None:
        """Looks every 15 seconds, and soon after a model answered, until cancelled."""
        await self._rounds.stay()

    async def look(self) -> None:
        """Asks what waits, if a model can be asked; gives up what has waited too long, or may be sent to nobody."""
        p, (heard, self._heard_from) = self._p, (self._heard_from, set())
        await p.questions.free(p.owner, self._asking)
        waiting = [question for question in await p.questions.waiting(_MOST) if not await self._ended(question)]
        self.waiting = len(waiting)
        self._forget_all_but({question.id for question in waiting})
        if p.leaving():
            return
        queues: dict[frozenset[str], list[Question]] = {}
        for question in waiting:
            forbidden = p.policy.forbidden(question.workspace)
            if self._is_due(question, heard - forbidden):
                queues.setdefault(forbidden, []).append(question)
        ended = sum(self.settled.values())
        for forbidden, queue in queues.items():
            if self._someone_can_be_asked(forbidden):
                await self._ask_in_turn(queue)
        self.waiting -= sum(self.settled.values()) - ended

    async def _ended(self, question: Question) -> bool:
        """Gives a question up that has waited too long, or whose workspace forbids every model."""
        p = self._p
        waited = p.clock.now() - datetime.fromisoformat(question.created_at).timestamp()
        providers = {entry.provider for entry in p.router.entries}
        if waited <= LIFETIME and not (providers and providers <= p.policy.forbidden(question.workspace)):
            return False
        await self._settle(question, replace(question, state=Wait.GIVEN_UP))
        return True

    def _forget_all_but(self, waiting: Set[str]) -> None:
        self._rests = {one: until for one, until in self._rests.items() if one in waiting}
        self._let_past &= waiting

    def _is_due(self, question: Question, heard: Set[str]) -> bool:
        """Whether a question has rested enough; `heard` are providers that may be asked it and have answered others."""
        rested = self._p.clock.monotonic() >= self._rests.get(question.id, float("-inf"))
        return rested or (bool(heard) and question.id not in self._let_past)

    def _rest(self, question: Question, seconds: float) -> None:
        now = self._p.clock.monotonic()
        if now < self._rests.get(question.id, now):
            self._let_past.add(question.id)
        self._rests[question.id] = now + min(seconds, LONGEST)

    async def _settle(self, before: Question, now: Question) -> None:
        if await self._p.questions.settle(before, now) and now.state in self.settled:
            self.settled[now.state] += 1

    def _someone_can_be_asked(self, forbidden: Set[str]) -> bool:
        """Whether some model's breaker and pulse let a call through, as far as this process knows."""
        guard, now = self._p.router.guard, self._p.clock.monotonic()
        entries = [entry for entry in self._p.router.entries if entry.provider not in forbidden]
        standings = ((guard.standing(e), guard.pulse(e, stream=False)) for e in entries)
        return any(s.state is not Breaker.FORCED_OPEN and s.rest <= 0 and p.admits(now) for s, p in standings)

    async def _ask_in_turn(self, waiting: Sequence[Question]) -> None:
        """One question of each session, the oldest, and last those that were tried most often in vain: first one of
        them, then two at a time, then four, until one is not answered."""
        oldest: dict[str, Question] = {}
        for question in waiting:
            oldest.setdefault(question.session_id, question)
        queue = sorted(oldest.values(), key=lambda question: question.tries)
        width, answered = 1, True
        while queue and answered:
            batch, queue = queue[:width], queue[width:]
            answered = all(await asyncio.gather(*map(self._ask, batch)))
            width = min(width * 2, _AT_ONCE)

    async def _ask(self, question: Question) -> bool:
        """Asks a question, unless another process does; false where asking on makes no sense now."""
        self._asking.add(question.id)
        try:
            claimed = await self._p.questions.claim(question, self._p.owner)
            return claimed is None or await self._asked(claimed)
        except (StoreUnavailable, Overloaded) as error:
            log.warning("question %s is looked after later: %s", question.id, error)
            return False
        finally:
            self._asking.discard(question.id)

    async def _asked(self, question: Question) -> bool:
        """Runs the turn and notes how it ended."""
        try:
            turn = await self._turn(question)
        except (StoreUnavailable, Overloaded):
            raise
        except NotFound:  # the session was erased
            await self._p.questions.remove(question.id)
            return True
        except Exception as error:
            await self._settle(question, self._not_asked(question, error))
            return True
        settled = after(question, turn, able=self._able(turn))
        if settled.state is Wait.WAITING:
            self._rest(question, _pause(question))
        await self._settle(question, settled)
        return settled.state is not Wait.WAITING

    def _not_asked(self, question: Question, error: Exception) -> Question:
        """A question for which no turn could be opened."""
        waits = replace(question, state=Wait.WAITING, owner=None)
        match error:
            case SessionBusy():
                return waits
            case BudgetSpent():
                self._rest(question, error.retry_after)
                return waits
            case Conflict():
                return replace(waits, state=Wait.GIVEN_UP)
        # A bulkhead: what goes wrong with one question, such as with a record that another version wrote, must not end
        # the others, nor the service. The try counts, so that it comes to an end.
        log.error("question %s could not be asked", question.id, exc_info=error)
        self._rest(question, _pause(question))
        return _in_vain(question)

    def _able(self, turn: Turn) -> bool:
        """Whether some model may be asked at all. A turn that fails without an attempt may also have listened to
        another's call."""
        policy = self._p.policy
        fit = Wanted(
            turn.task,
            forbidden=policy.forbidden(turn.workspace),
            prompt_tokens=turn.receipt.tokens if turn.receipt else 0,
            max_tokens=policy.answer.max_tokens,
        )
        priced_only = policy.budgets.unpriced == "refuse" and limits(policy, turn.workspace) != (None, None)
        able = (entry for entry in self._p.router.entries if excluded(entry, fit) is None)
        return any(not priced_only or entry.most(0, 0) is not None for entry in able)

    async def _turn(self, question: Question) -> Turn:
        """The turn that asks it again. Under its key there is one, whoever asks and however often: a process that
        died after the answer, or that took itself to be alone, finds what there is."""
        first = await self._p.turns.get(question.workspace, question.id)
        ask = Ask(
            workspace=question.workspace,
            session_id=question.session_id,
            message=first.message,
            stream=False,
            task=first.task,
            # The space keeps it apart from all keys that a client can give.
            idempotency_key=f"later {question.id} {question.tries}",
            digest=question.id,
            answers=question.id,
        )
        live, _ = await self._p.running.ask(ask)
        return await live.wait()


def _pause(question: Question) -> float:
    """Seconds that a question rests after one more try in vain."""
    return LOOK * 2.0**question.tries
