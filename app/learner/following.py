"""Turns that have ended, handed to whoever learns from them: each once, in the order of their ids, again at any time.

A consumer's state is JSON, and what it makes of a learner's turns depends on nothing else. Of each learner the turns
past the newest one that was taken are read from the log, up to the first that is still open; one that comes to light
with an older id, because replicas' clocks differ, has all of the learner's turns taken again. So what is learned here
one by one is what `masterx rebuild` makes of the log.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from app.errors import StoreUnavailable
from app.events import Event, TurnEnded
from app.learner.minds import Who
from app.rounds import Rounds
from app.storage.learned import OF_TURNS, Learned
from app.storage.turns import TurnLog
from app.vocabulary import State, Turn

_VERSION = 1
_WAITING = 10_000
_RECENT = 64
_WARM = 2_048
_AT_ONCE = 50

log = logging.getLogger("masterx.learner")


class Consumer(Protocol):
    """Learns from one learner's turns. `name` and `version` say whose state it is; one of another version is made
    again from the log."""

    name: str
    version: int

    def begin(self) -> Mapping[str, Any]:
        """The state of a learner who has said nothing."""
        ...

    def take(self, state: Mapping[str, Any], turn: Turn) -> Mapping[str, Any]:
        """The state after a turn that has ended, as JSON; quick, for turns wait behind it."""
        ...


@dataclass(frozen=True, slots=True)
class Followed:
    """What was learned from a learner's turns up to the one with the id `upto`; `recent` are the last ones taken."""

    states: Mapping[str, Mapping[str, Any]]
    upto: str | None = None
    recent: tuple[str, ...] = ()


@dataclass(slots=True)
class _Warm:
    followed: Followed
    stamp: str | None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Following:
    """Takes ended turns to consumers; 10,000 learners may wait."""

    def __init__(self, turns: TurnLog, learned: Learned, consumers: Sequence[Consumer]) -> None:
        self._turns, self._learned, self._consumers = turns, learned, consumers
        self._waiting: OrderedDict[Who, set[str]] = OrderedDict()
        self._rounds = Rounds(self.catch_up, partial(log.warning, "turns are learned from later: %s"))
        self._warm: OrderedDict[Who, _Warm] = OrderedDict()
        self.learned: Callable[[str, str], None] = lambda workspace, learner_id: None
        """Told of whom something was learned."""
        self.forgotten = 0
        """Learners who had to make room for others; their turns are taken with their next one."""

    def hear(self, event: Event) -> None:
        """Notes that a turn has ended."""
        if not (self._consumers and isinstance(event, TurnEnded)):
            return
        self._waiting.setdefault((event.turn.workspace, event.turn.learner_id), set()).add(event.turn.id)
        if len(self._waiting) > _WAITING:
            self._waiting.popitem(last=False)
            self.forgotten += 1
        self._rounds.stir()

    async def stay(self) -> None:
        """Takes what has ended until cancelled."""
        await self._rounds.stay()

    async def catch_up(self) -> None:
        """Takes all turns that were heard of."""
        while self._waiting:
            who, turn_ids = next(iter(self._waiting.items()))
            try:
                await self.follow(who, frozenset(turn_ids))
            except StoreUnavailable:
                raise
            except Exception:
                # A bulkhead: a record that cannot be read must not hold up all learners who wait behind it.
                log.exception("what a learner's turns say is not learned")
            if self._waiting.get(who) == turn_ids:
                self._waiting.pop(who, None)

    async def follow(self, who: Who, heard: frozenset[str] = frozenset()) -> Followed:
        """What was learned of a learner, up to the newest turn; `heard` are turns that have ended."""
        warm = self._warm.get(who)
        if warm is None:
            warm = self._warm[who] = _Warm(Followed({}), None)
            if len(self._warm) > _WARM:
                self._warm.popitem(last=False)
        self._warm.move_to_end(who)
        async with warm.lock:
            if warm.stamp is None:
                kept, warm.stamp = await self._learned.get(*who, OF_TURNS)
                warm.followed = self._of(kept)
            after = await self._after(who, warm.followed)
            if any(turn_id <= (after.upto or "") and turn_id not in after.recent for turn_id in heard):
                after = await self._after(who, self._begun())
            if after != warm.followed:
                await self._keep(who, warm, after)
            return warm.followed

    async def rebuild(self, who: Who) -> None:
        """Derives what consumers know of a learner from all their turns."""
        if not self._consumers:
            return
        stamp = None
        while stamp is None:
            _, known = await self._learned.get(*who, OF_TURNS)
            followed = await self._after(who, self._begun())
            if followed.upto is None:
                return
            stamp = await self._learned.put((*who, OF_TURNS), self._kept(followed), known)
        self.drop(who)

    async def state(self, who: Who, name: str, *, current: bool) -> Mapping[str, Any]:
        """What a consumer knows of a learner; `current` looks for turns that were not heard of here."""
        warm = self._warm.get(who)
        if current or warm is None or not warm.followed.states:
            return (await self.follow(who)).states[name]
        return warm.followed.states[name]

    def drop(self, who: Who) -> None:
        """Forgets a learner, whose records somebody else has changed."""
        self._warm.pop(who, None)

    async def _keep(self, who: Who, warm: _Warm, after: Followed) -> None:
        self.learned(*who)
        new = warm.stamp is None
        warm.followed, warm.stamp = after, await self._learned.put((*who, OF_TURNS), self._kept(after), warm.stamp)
        # An erasure removes turns before what was learned from them: who writes later finds them gone.
        if new and not await self._turns.since(*who, None, 1):
            await self._learned.remove(*who, OF_TURNS)
            self.drop(who)

    def _kept(self, followed: Followed) -> dict[str, Any]:
        return {
            "version": self._version(),
            "states": followed.states,
            "upto": followed.upto,
            "recent": [*followed.recent],
        }

    async def _after(self, who: Who, followed: Followed) -> Followed:
        """What was learned, with the turns that have ended since."""
        while True:
            turns = await self._turns.since(*who, followed.upto, _AT_ONCE)
            for turn in turns:
                if turn.state is State.OPEN:
                    return followed
                followed = self._taken(followed, turn)
            if len(turns) < _AT_ONCE:
                return followed

    def _taken(self, followed: Followed, turn: Turn) -> Followed:
        states = {c.name: c.take(followed.states[c.name], turn) for c in self._consumers}
        return Followed(states, turn.id, (*followed.recent, turn.id)[-_RECENT:])

    def _begun(self) -> Followed:
        return Followed({consumer.name: consumer.begin() for consumer in self._consumers})

    def _of(self, kept: Mapping[str, Any] | None) -> Followed:
        if kept is None or kept["version"] != self._version():
            return self._begun()
        return Followed(kept["states"], kept["upto"], tuple(kept["recent"]))

    def _version(self) -> dict[str, int]:
        return {OF_TURNS: _VERSION, **{consumer.name: consumer.version for consumer in self._consumers}}
