"""Makes what a learner's next turn needs warm before it comes: while they write, when they connect, after a turn."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from app.context.memory.recalls import Recalls
from app.events import Event, TurnEnded
from app.storage.segments import Owner

_WORKERS = 2
"""Fetches ahead at once: a turn's own fetch has eight places of its own."""

_MOST = 256
"""Learners that may wait; of more, the ones that waited longest are given up: their turn has come meanwhile."""

Prepare = Callable[[str, str], Awaitable[None]]
"""Something else that is prepared for the next turn of a session: workspace, session id."""

log = logging.getLogger("masterx.preload")


class Preload:
    """Fetches ahead in the background, bounded; a turn never waits for it."""

    def __init__(self, recalls: Recalls, prepare: Sequence[Prepare] = ()) -> None:
        self._recalls, self._prepare = recalls, prepare
        self._waiting: OrderedDict[Owner, str] = OrderedDict()
        self._work = asyncio.Event()
        self.dropped = 0
        """How many were given up because too many waited."""

    def expect(self, owner: Owner, session_id: str) -> None:
        """Notes that a turn of this session is near; returns at once."""
        if owner in self._waiting or self._recalls.fresh(owner):
            return
        self._waiting[owner] = session_id
        if len(self._waiting) > _MOST:
            self._waiting.popitem(last=False)
            self.dropped += 1
        self._work.set()

    def hear(self, event: Event) -> None:
        """After a turn: a memory that gave way meanwhile is fetched again. One that is only no longer fresh is not: it
        would not be any more when the next turn comes, which `expect` is told of."""
        if isinstance(event, TurnEnded):
            owner = Owner(event.turn.workspace, event.turn.learner_id)
            if self._recalls.warm.peek(owner) is None:
                self.expect(owner, event.turn.session_id)

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
            owner, session_id = self._waiting.popitem(last=False)
            try:
                await self._recalls.fetch(owner)
                for prepare in self._prepare:
                    await prepare(owner.workspace, session_id)
            except Exception:
                # A bulkhead: what cannot be prepared is made when it is asked for.
                log.exception("nothing is prepared for a turn")
