"""A turn while it is being answered: who listens hears each event once, in order, from any point on."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import orjson

from app.errors import CacheUnavailable
from app.responses.responses import Bypass, Looked
from app.storage.cache import Cache
from app.storage.turns import TurnLog
from app.vocabulary import State, Task, Turn


class Name(StrEnum):
    """What an event says."""

    STARTED = "turn.started"
    DELTA = "delta"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """Event `n` of a turn, counted from 1. `data` is a JSON object; that of ENDED is empty: the record says how."""

    n: int
    name: Name
    data: bytes


LOG_LIFETIME = 120.0
"""Seconds that the log of a streamed turn outlives its last event."""


_TOLD_AGAIN = Bypass("told-again")
"""Of a turn whose own record answers."""


def log_name(turn_id: str) -> str:
    """The cache's log of a turn's events."""
    return f"turn:{turn_id}:events"


class Live:
    """One running turn. One task says; any number of listeners read, each at its own speed."""

    def __init__(self, turn: Turn, streamed: bool, cache: Cache | None = None, looked: Looked = _TOLD_AGAIN) -> None:
        """A turn that is not `streamed` has no events but its end; `cache` keeps events for other replicas; `looked` is
        what the cache of answers had for it."""
        self.turn, self.streamed = turn, streamed
        self.looked = looked
        self.stopped: str | None = None
        self._cache = cache
        self._events: list[Event] = []
        self._text: list[str] = []
        self._waiting: set[asyncio.Future[bool]] = set()
        self._speaker: asyncio.Task[None] | None = None
        self.ended = False

    @property
    def text(self) -> str:
        """All that was said so far."""
        return "".join(self._text)

    @property
    def pieces(self) -> int:
        """How many pieces were said so far."""
        return len(self._text)

    @property
    def said(self) -> int:
        """The number of the newest event."""
        return len(self._events)

    def start(self, provider: str | None, model: str | None, task: Task) -> None:
        """Says who answers."""
        data = {"id": self.turn.id, "provider": provider, "model": model, "task": task}
        self._tell(Name.STARTED, data)

    def say(self, text: str) -> None:
        """Says a piece of the answer."""
        self._text.append(text)
        self._tell(Name.DELTA, {"text": text})

    def end(self, turn: Turn) -> None:
        """Says that `turn` is the final record; nothing can be said after it. Only the first end is heard."""
        self.turn = turn
        if self.ended:
            return
        if not self._events:
            self.start(turn.provider, turn.model, turn.task)
        self.ended = True
        self._tell(Name.ENDED, {})

    def speaking(self, task: asyncio.Task[None] | None) -> None:
        """Notes which task may be stopped: the one that reads from a provider, only while it does."""
        self._speaker = task

    def stop(self, why: str) -> bool:
        """Stops the answer where it is; false when it has been said to the end already."""
        if self._speaker is None or self.stopped:
            return False
        self.stopped = why
        self._speaker.cancel()
        return True

    async def wait(self) -> Turn:
        """The final record."""
        while not self.ended:
            await self._change()
        return self.turn

    async def listen(self, after: int = 0, beat: float | None = None) -> AsyncIterator[list[Event]]:
        """The events past number `after`, as many at a time as there are; an empty list after `beat` silent seconds."""
        heard = after
        while True:
            if fresh := self._events[heard:]:
                heard += len(fresh)
                yield fresh
            elif self.ended:
                return
            elif not await self._change(beat):
                yield []

    def _tell(self, name: Name, data: Mapping[str, object]) -> None:
        if self.streamed:
            event = Event(len(self._events) + 1, name, orjson.dumps(data))
            self._events.append(event)
            if self._cache is not None:
                entry = b"%b %b" % (name.encode(), event.data)
                self._cache.append(log_name(self.turn.id), event.n, entry, LOG_LIFETIME)
        for waiter in self._waiting:
            _wake(waiter, True)
        self._waiting.clear()

    async def _change(self, within: float | None = None) -> bool:
        """Waits for something to be said; false when nothing was within so many seconds."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting.add(waiter)
        timer = loop.call_later(within, _wake, waiter, False) if within else None
        try:
            return await waiter
        finally:
            self._waiting.discard(waiter)
            if timer:
                timer.cancel()


class Logged:
    """A turn as the cache's log tells it: one that runs on another replica, or that has ended."""

    def __init__(self, turn: Turn, cache: Cache, turns: TurnLog) -> None:
        self.turn = turn
        self._cache, self._turns = cache, turns

    async def at(self, n: int, wait: float = 0.0) -> Event | None:
        """Event `n`, if the log still has it, or is told it within `wait` seconds."""
        try:
            entries = await self._cache.read(log_name(self.turn.id), n - 1, wait)
        except CacheUnavailable:
            return None
        return _event(*entries[0]) if entries and entries[0][0] == n else None

    async def listen(self, after: int = 0, beat: float = 15.0) -> AsyncIterator[list[Event]]:
        """The events past number `after`; an empty list after `beat` silent seconds. Ends without ENDED where the log
        is lost."""
        heard, ended = after, False
        while not ended:
            try:
                entries = await self._cache.read(log_name(self.turn.id), heard, beat)
            except CacheUnavailable:
                return
            events = [_event(n, entry) for n, entry in entries]
            if not events or events[-1].name is Name.ENDED:
                self.turn = await self._turns.get(self.turn.workspace, self.turn.id)
                if not events and self.turn.state is not State.OPEN:
                    # Whoever wrote the log died; the audit of its turns has closed the record since.
                    events = [Event(heard + 1, Name.ENDED, b"{}")]
            yield events
            heard += len(events)
            ended = bool(events) and events[-1].name is Name.ENDED


def _event(n: int, entry: bytes) -> Event:
    name, _, data = entry.partition(b" ")
    return Event(n, Name(name.decode()), data)


def past(turn: Turn) -> Live:
    """A closed turn as if it were told again, its whole reply in one piece."""
    live = Live(turn, streamed=True)
    live.start(turn.provider, turn.model, turn.task)
    if turn.reply:
        live.say(turn.reply)
    live.end(turn)
    return live


def _wake(waiter: asyncio.Future[bool], said: bool) -> None:
    if not waiter.done():
        waiter.set_result(said)
