"""Questions that no model answered, asked again when one can be asked: one after the other, never all at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from app.clock import Clock
from app.errors import BudgetSpent, Conflict, NotFound, Overloaded, ProviderRefused, SessionBusy, StoreUnavailable
from app.events import AttemptEnded, Event
from app.providers.port import OFFLINE
from app.routing.breaker import State as Breaker
from app.routing.router import Router
from app.running import Running
from app.storage.questions import Questions
from app.storage.turns import TurnLog
from app.vocabulary import Ask, Question, State, Turn, Wait

LIFETIME = 24 * 3_600.0
"""Seconds that a question waits before it is given up."""

MOST_TRIES = 50
"""Turns that are opened for one question before it is given up."""

LOOK = 15.0
"""Seconds between two looks; after a try in vain the next one is made after as long, doubling up to `LONGEST`."""

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
    clock: Clock
    owner: str
    leaving: Callable[[], bool]
    """Whether this process is about to stop, so that nothing new is begun here."""


def after(question: Question, turn: Turn) -> Question:
    """A question that was being asked, by how the turn ended that asked it."""
    settled = replace(question, owner=None)
    if turn.state in (State.COMPLETE, State.GUARDED):
        return replace(settled, state=Wait.ANSWERED, answered_by=turn.id)
    if turn.state is State.OPEN:  # its end could not be written yet; the next try finds it
        return replace(settled, state=Wait.WAITING)
    declined = bool(turn.attempts) and all(attempt.outcome == ProviderRefused.outcome for attempt in turn.attempts)
    # A learner who stops the answer wants it no more; models that decline a question would do so again.
    ended = turn.state is State.CANCELLED or declined or question.tries + 1 >= MOST_TRIES
    return replace(settled, state=Wait.GIVEN_UP if ended else Wait.WAITING, tries=question.tries + 1)


class Later:
    """Looks after waiting questions in this process."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._asking: set[str] = set()
        self._heard = asyncio.Event()
        self._pause, self._next = LOOK, float("-inf")
        self.waiting = 0
        """Questions that waited at the last look, in all processes."""

        self.settled = {Wait.ANSWERED.value: 0, Wait.GIVEN_UP.value: 0}
        """How many questions this process brought to an end, by how."""

    def hear(self, event: Event) -> None:
        """Notes that a model answered: those who wait may be asked again."""
        if not self.waiting or not isinstance(event, AttemptEnded):
            return
        if event.attempt.outcome == "ok" and event.attempt.provider != OFFLINE:
            self._next, self._pause = float("-inf"), LOOK
            self._heard.set()

    def expect(self) -> None:
        """Notes that a question was queued here."""
        self.waiting += 1

    async def stay(self) -> None:
        """Looks every 15 seconds, and soon after a model answered, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                log.warning("waiting questions not looked at: %s", error)
            await asyncio.sleep(_LEAST)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK - _LEAST):
                    await self._heard.wait()

    async def look(self) -> None:
        """Asks what waits, if a model can be asked; gives up what has waited too long."""
        p = self._p
        self._heard.clear()
        await p.questions.free(p.owner, self._asking)
        waiting = [question for question in await p.questions.waiting(_MOST) if not await self._outlived(question)]
        self.waiting = len(waiting)
        due = p.clock.monotonic() >= self._next and not p.leaving()
        if waiting and due and self._someone_can_be_asked():
            await self._ask_in_turn(waiting)

    async def _outlived(self, question: Question) -> bool:
        waited = self._p.clock.now() - datetime.fromisoformat(question.created_at).timestamp()
        if waited <= LIFETIME:
            return False
        await self._settle(question, replace(question, state=Wait.GIVEN_UP))
        return True

    async def _settle(self, before: Question, now: Question) -> None:
        if await self._p.questions.settle(before, now) and now.state in self.settled:
            self.settled[now.state] += 1

    def _someone_can_be_asked(self) -> bool:
        """Whether some model's breaker and pulse let a call through, as far as this process knows."""
        guard, now = self._p.router.guard, self._p.clock.monotonic()
        standings = ((guard.standing(e), guard.pulse(e, stream=False)) for e in self._p.router.entries)
        return any(s.state is not Breaker.FORCED_OPEN and s.rest <= 0 and p.admits(now) for s, p in standings)

    async def _ask_in_turn(self, waiting: Sequence[Question]) -> None:
        """One question of each session, the oldest, and last those that were tried most often in vain: first one of
        them, then two at a time, then four."""
        oldest: dict[str, Question] = {}
        for question in waiting:
            oldest.setdefault(question.session_id, question)
        queue = sorted(oldest.values(), key=lambda question: question.tries)
        width, answered = 1, self.settled[Wait.ANSWERED]
        while queue:
            batch, queue = queue[:width], queue[width:]
            if not all(await asyncio.gather(*map(self._ask, batch))):
                self._next, self._pause = self._p.clock.monotonic() + self._pause, min(self._pause * 2, LONGEST)
                return
            width = min(width * 2, _AT_ONCE)
        self._pause = LOOK
        self.waiting -= self.settled[Wait.ANSWERED] - answered

    async def _ask(self, question: Question) -> bool:
        """Asks a question, unless another process does; false where asking on makes no sense now."""
        self._asking.add(question.id)
        try:
            claimed = await self._p.questions.claim(question, self._p.owner)
            return claimed is None or await self._asked(claimed)
        except StoreUnavailable as error:
            log.warning("question %s is looked after when the store is back: %s", question.id, error)
            return False
        finally:
            self._asking.discard(question.id)

    async def _asked(self, question: Question) -> bool:
        """Runs the turn and notes how it ended."""
        waits = replace(question, state=Wait.WAITING, owner=None)
        try:
            turn = await self._turn(question)
        except NotFound:  # the session was erased
            await self._p.questions.remove(question.id)
            return True
        except (SessionBusy, BudgetSpent, Overloaded) as not_now:
            await self._settle(question, waits)
            return not isinstance(not_now, Overloaded)
        except Conflict:
            await self._settle(question, replace(waits, state=Wait.GIVEN_UP))
            return True
        settled = after(question, turn)
        await self._settle(question, settled)
        return settled.state is not Wait.WAITING

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
