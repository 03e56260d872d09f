"""The turns under way in this process: started, repeated, stopped, drained."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Self

from app.errors import BudgetSpent, KeyReused, NotFound, Overloaded, SessionBusy
from app.live import Live, past
from app.prepared import Prepared
from app.storage.turns import KeyTaken, TurnLog
from app.trail import TRAIL
from app.turn import Tutor
from app.vocabulary import Ask, State

MOST = 10_000
"""Turns that may run at once in one process."""

_LAST_WAIT = 2.0

log = logging.getLogger("masterx.turn")


class Running:
    """Runs each turn in a task of its own, so that it is finished and kept when its client leaves."""

    def __init__(self, tutor: Tutor, turns: TurnLog, tasks: asyncio.TaskGroup) -> None:
        self._tutor, self._turns, self._tasks = tutor, turns, tasks
        self._lives: dict[str, Live] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self._keyed: dict[tuple[str, str], asyncio.Future[Live]] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, tutor: Tutor, turns: TurnLog) -> AsyncIterator[Self]:
        """Turns may run inside this context. Leaving it waits a little for the last ones; a record that cannot be
        written because the store is away stays open then, and the next start closes it."""
        async with asyncio.TaskGroup() as tasks:
            running = cls(tutor, turns, tasks)
            yield running
            await running.abandon()

    def __len__(self) -> int:
        return len(self._lives)

    def __contains__(self, turn_id: object) -> bool:
        return turn_id in self._lives

    def get(self, turn_id: str) -> Live | None:
        """The turn, if it runs here."""
        return self._lives.get(turn_id)

    async def stop(self, session_id: str) -> None:
        """Stops the answer under way in a session, if there is one here, and waits for its record."""
        await self._stop([live for live in self._lives.values() if live.turn.session_id == session_id])

    async def stop_learner(self, workspace: str, learner_id: str) -> int:
        """Stops every answer to a learner that is under way here, and waits for the records; says how many."""
        whose = (workspace, learner_id)
        theirs = [live for live in self._lives.values() if (live.turn.workspace, live.turn.learner_id) == whose]
        return await self._stop(theirs)

    async def ask(self, ask: Ask) -> tuple[Live, bool]:
        """Starts a turn, or finds the one that its idempotency key started before (then the second value is true).

        Raises `NotFound`, `SessionBusy`, `KeyReused`, `StoreUnavailable`, `Overloaded`: nothing was asked of a
        provider then.
        """
        if len(self._lives) >= MOST:
            raise Overloaded(f"{MOST} turns are running")
        if ask.idempotency_key is None:
            return await self._start(ask), False
        return await self._start_once(ask, (ask.workspace, ask.idempotency_key))

    async def drain(self, grace: float) -> None:
        """Lets turns finish for `grace` seconds, then ends those that still speak as `incomplete`; clients of turns
        whose record cannot be written even then are told so."""
        if await self._all_done(grace):
            return
        for live in self._lives.values():
            live.stop("shutting-down")
        if not await self._all_done(_LAST_WAIT):
            for live in self._lives.values():
                live.end(replace(live.turn, problem="store-unavailable"))

    async def abandon(self) -> None:
        """Ends the tasks that are still at work after a moment."""
        if not await self._all_done(_LAST_WAIT):
            for task in self._at_work:
                task.cancel()

    async def _stop(self, lives: list[Live]) -> int:
        stopped = [live for live in lives if live.stop("cancelled")]
        for live in stopped:
            await live.wait()
        return len(stopped)

    async def _all_done(self, within: float) -> bool:
        if not self._at_work:
            return True
        _, pending = await asyncio.wait(self._at_work, timeout=within)
        return not pending

    async def _start(self, ask: Ask) -> Live:
        prepared, live = await self._tutor.open(ask)
        self._lives[live.turn.id] = live
        task = self._tasks.create_task(self._run(prepared, live))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return live

    async def _run(self, prepared: Prepared, live: Live) -> None:
        TRAIL.set(replace(TRAIL.get(), turn_id=live.turn.id, session_id=live.turn.session_id))
        try:
            await self._tutor.answer(prepared, live)
        except NotFound:  # another replica erased the record while the answer was under way: nothing of it is kept
            log.info("turn %s was erased while it ran", live.turn.id)
            live.end(replace(live.turn, state=State.CANCELLED, reply=live.text))
        except Exception:
            # A bulkhead: what goes wrong in one turn must not end the others. The audit of this instance's turns
            # (storage/presence.py) finds the record open and closes it as incomplete.
            log.exception("turn %s ended unexpectedly", live.turn.id)
            live.end(live.turn)
        finally:
            del self._lives[live.turn.id]

    async def _start_once(self, ask: Ask, key: tuple[str, str]) -> tuple[Live, bool]:
        if first := self._keyed.get(key):
            return _same(ask, await asyncio.shield(first)), True
        first = self._keyed[key] = asyncio.get_running_loop().create_future()
        try:
            live, repeated = await self._start_or_find(ask)
        except BaseException as error:
            first.set_exception(error)
            first.exception()  # nobody else may be waiting for it
            raise
        else:
            first.set_result(live)
            return live, repeated
        finally:
            del self._keyed[key]

    async def _start_or_find(self, ask: Ask) -> tuple[Live, bool]:
        try:
            return await self._start(ask), False
        except (KeyTaken, SessionBusy, BudgetSpent) as taken:
            # What was answered before is told again, also when there is no money for another answer.
            turn = await self._turns.by_key(ask.workspace, ask.idempotency_key or "")
            if turn is None and isinstance(taken, BudgetSpent):
                raise
            if turn is None:
                raise SessionBusy(str(taken)) from taken
        live = self._lives.get(turn.id)
        if live is None and turn.state is State.OPEN:
            raise SessionBusy(f"turn {turn.id} is running on another replica")
        return _same(ask, live or past(turn)), True


def _same(ask: Ask, live: Live) -> Live:
    if live.turn.session_id != ask.session_id or live.turn.digest != ask.digest:
        raise KeyReused("this idempotency key was used with another request")
    return live
