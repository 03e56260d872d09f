"""Who is alive: a lease for each running process, so that the turns of a dead one can be closed.

A process renews its lease every 5 seconds. One that was not renewed for 20 seconds of our own time (hosts' clocks may
differ), or whose process is gone from this very host, is dead: its open turns are closed as `incomplete` with the text
streamed so far. A process that was only stalled and comes back finds its record closed and says so to its client;
nothing is overwritten.
"""

import logging
import os
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.clock import Clock, iso
from app.errors import Duplicate, StoreUnavailable
from app.rounds import Rounds
from app.storage.ports import INSTANCES, Find, Store
from app.storage.records import readable, to_doc
from app.storage.turns import TurnLog
from app.vocabulary import SCHEMA, Turn

_RENEW = 5.0
_DEAD_AFTER = 20.0
_UNKNOWN_AFTER = 60.0
"""Seconds after which an open turn of this process that it does not run is closed: its opening was answered by an
error, but reached the store all the same."""

log = logging.getLogger("masterx.presence")


@dataclass(frozen=True)
class Instance:
    """One running process of the service."""

    id: str
    host: str
    pid: int
    seen_at: str
    workspace: str = ""
    schema: int = SCHEMA


class Presence:
    """This process's lease, and the care for turns that nobody runs any more."""

    def __init__(self, store: Store, turns: TurnLog, clock: Clock, me: Instance) -> None:
        self._store, self._turns, self._clock, self._me = store, turns, clock, me
        self._noticed: dict[str, tuple[str, float]] = {}

    async def arrive(self) -> int:
        """Takes a lease and closes the turns of dead processes; says how many turns that were."""
        await self._renew()
        return await self._bury()

    async def stay(self, running: Container[str]) -> None:
        """Keeps the lease and looks after open turns until cancelled; `running` are the ids of turns run here."""
        await Rounds(partial(self._look, running), partial(log.warning, "lease not renewed: %s"), every=_RENEW).stay()

    async def leave(self) -> None:
        """Gives the lease back, unless turns are still open under it: then the next process to look closes them."""
        try:
            if not await self._turns.open_of(self._me.id):
                await self._store.delete(INSTANCES, {"id": self._me.id})
        except StoreUnavailable as error:
            log.warning("lease not given back: %s", error)

    async def _look(self, running: Container[str]) -> None:
        await self._renew()
        await self._bury()
        await self._audit(running)

    async def _renew(self) -> None:
        seen = to_doc(Instance(self._me.id, self._me.host, self._me.pid, iso(self._clock.now())))
        if not await self._store.replace(INSTANCES, seen, {}):
            try:
                await self._store.insert(INSTANCES, seen)
            except Duplicate:
                log.warning("two processes share the instance id %s", self._me.id)

    async def _bury(self) -> int:
        closed = 0
        others = [*readable(Instance, await self._store.find(INSTANCES, Find({}, limit=200)))]
        self._notice(others)
        for instance in others:
            if self._dead(instance):
                while turns := await self._turns.open_of(instance.id):
                    closed += await self._close(turns)
                await self._store.delete(INSTANCES, {"id": instance.id})
        return closed

    def _notice(self, others: list[Instance]) -> None:
        """Keeps since when, by our own clock, each lease has been as it is."""
        now = self._clock.monotonic()
        known = {other.id: self._noticed.get(other.id, ("", now)) for other in others}
        self._noticed = {o.id: known[o.id] if known[o.id][0] == o.seen_at else (o.seen_at, now) for o in others}

    def _dead(self, other: Instance) -> bool:
        if other.id == self._me.id:
            return False
        if other.host == self._me.host and (other.pid == self._me.pid or not _running(other.pid)):
            return True
        return self._clock.monotonic() - self._noticed[other.id][1] > _DEAD_AFTER

    async def _audit(self, running: Container[str]) -> None:
        now = self._clock.now()
        mine = await self._turns.open_of(self._me.id)
        lost = [t for t in mine if t.id not in running and _age(t.created_at, now) > _UNKNOWN_AFTER]
        await self._close(lost)

    async def _close(self, turns: list[Turn]) -> int:
        for turn in turns:
            await self._turns.recover(turn, iso(self._clock.now()))
        return len(turns)


def _running(pid: int) -> bool:
    """Whether a process of this number exists on this host."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _age(then: str, now: float) -> float:
    return now - datetime.fromisoformat(then).timestamp()
