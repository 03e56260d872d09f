"""Makes what a learner's next turn needs warm before it comes: while they write, when they connect, after a turn."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from app.clock import Clock
from app.context.memory.recalls import Recalls
from app.events import Event, TurnEnded
from app.storage.segments import Owner

_WORKERS = 2
"""Fetches ahead at once: a turn's own fetch has eight places of its own."""

_MOST = 256
"""Learners that may wait; of more, the ones that waited longest are given up: their turn has come meanwhile."""

_AGAIN = 15.0
"""Seconds after which the rest of what a learner's turn needs is prepared again."""

Prepare = Callable[[str, str], Awaitable[None]]
"""Something else that is prepared for the next turn of a session: workspace, session id."""

log = logging.getLogger("masterx.preload")


class Preload:
    """Fetches ahead in the background, bounded; a turn never waits for it."""

    def __init__(self, recalls: Recalls, clock: Clock, prepare: Sequence[Prepare] = ()) -> None:
        self._recalls, self._clock, self._prepare = recalls, clock, prepare
        self._waiting: OrderedDict[Owner, str] = OrderedDict()
        self._prepared: OrderedDict[Owner, float] = OrderedDict()
        self._work, self._rest, self._busy = asyncio.Event(), asyncio.Event(), 0
        self._rest.set()
        self.dropped = 0
        """How many were given up because too many waited."""

    def expect(self, owner: Owner, session_id: str) -> None:
        """Notes that a turn of this session is near; returns at once."""
        if owner in self._waiting or (self._recalls.fresh(owner) and self._is_prepared(owner)):
            return
        self._waiting[owner] = session_id
        if len(self._waiting) > _MOST:
            self._waiting.popitem(last=False)
            self.dropped += 1
        self._rest.clear()
        self._work.set()

    async def idle(self) -> None:
        """Waits until nothing is expected that is not there."""
        await self._rest.wait()

    def hear(self, event: Event) -> None:
        """After a turn: a memory that gave way meanwhile is fetched again. One that is only no longer fresh is not: it
        would not be any more when the next turn comes, which `expect` is told of."""
        if isinstance(event, TurnEnded):
            owner = Owner(event.turn.workspace, event.turn.learner_id)
            if self._recalls.warm.peek(owner) is None:
                self.expect(owner, event.turn.session_id)

    def forget(self, workspace: str, learner_id: str) -> None:
        """Drops what is noted of a learner who is erased; one who waits is over in a moment."""
        self._prepared.pop(Owner(workspace, learner_id), None)

    def _is_prepared(self, owner: Owner) -> bool:
        at = self._prepared.get(owner)
        return not self._prepare or (at is not None and self._clock.monotonic() - at < _AGAIN)

    async def stay(self) -> None:
        """Fetches what is expected until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(_WORKERS):
                workers.create_task(self._run())

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                self._work.clear()
                await self._work.wait()
                continue
            self._busy += 1
            await self._fetch(*self._waiting.popitem(last=False))
            self._busy -= 1
            if not (self._busy or self._waiting):
                self._rest.set()

    async def _fetch(self, owner: Owner, session_id: str) -> None:
        try:
            await self._recalls.fetch(owner)
            for prepare in self._prepare:
                await prepare(owner.workspace, session_id)
            self._prepared[owner] = self._clock.monotonic()
            self._prepared.move_to_end(owner)
            if len(self._prepared) > _MOST:
                self._prepared.popitem(last=False)
        except Exception:
            # A bulkhead: what cannot be prepared is made when it is asked for.
            log.exception("nothing is prepared for a turn")
