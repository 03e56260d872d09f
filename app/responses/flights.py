"""One call for all who ask the same at the same time.

A call belongs to none of those who listen: it runs in a task of its own and goes on for as long as anyone does. Each
listener hears every piece as it comes, the late ones the earlier pieces at once. One who leaves, cancelled or stopped,
takes nothing from the others; with the last one the call ends. Whoever has listened longest when it ends has it on its
record: attempts, tokens, cost. All end as the call ends: what was told is never taken back, and a chain of providers
that has failed is not asked again for each of those who waited for it.

A whole answer stays for a moment after its end: for those who looked for it in the cache before it was there.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import fields

from app.clock import Clock
from app.errors import BrokenStream
from app.responses.kept import MOST_TEXT
from app.routing.answer import Answer
from app.routing.money import Purse
from app.vocabulary import OFFLINE, Chunk, Finish, Usage

MOST_FLIGHTS = 1_000
"""Calls that can be joined, those that have just ended included. Each keeps its text in the pieces that came, some 140
bytes for a piece of one token (tracemalloc): 140 MB where all are of 1,024 tokens, in proportion more where the policy
allows longer answers."""

LINGER = 5.0
"""Seconds that a whole answer can still be heard: longer than a turn takes to become durable."""

Call = Callable[[Answer], AsyncGenerator[Chunk, None]]
"""Asks the providers, noting in an `Answer` how it went."""

_OWN = frozenset({"first_token_at", "waited", "purse"})
"""What each listener has of its own. A call is paid for from the purse of whom it was made for, who may have left."""


class Flight:
    """One call and who listens to it."""

    def __init__(self, clock: Clock, landed: Callable[["Flight"], None], purse: Purse) -> None:
        """`landed` is told once, when the call has ended; `purse` pays for it."""
        self._clock, self._landed = clock, landed
        self._answer = Answer(purse)
        self._heard: list[Chunk] = []
        self._listeners: list[Answer] = []
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._news = asyncio.Event()
        self.size = 0
        self.ended = False

    @property
    def whole(self) -> bool:
        """Whether it has ended well, so that others may be told the same."""
        answer = self._answer
        said = answer.entry is not None and answer.entry.provider != OFFLINE and not answer.continued
        return self.ended and self._error is None and said and answer.finish is Finish.STOP

    @property
    def open(self) -> bool:
        """Whether one more may listen."""
        going = self._task is not None and not self._task.cancelling()
        return self.size <= MOST_TEXT and (self.whole or (going and not self.ended))

    def start(self, tasks: asyncio.TaskGroup, call: Call) -> None:
        """Makes the call."""
        self._task = tasks.create_task(self._fly(call))
        # A task that is cancelled before its first step does nothing at its end, but it tells that it has ended.
        self._task.add_done_callback(lambda _: self._land())

    async def listen(self, mine: Answer) -> AsyncGenerator[Chunk, None]:
        """Every piece from the first on; raises what the call raises. `mine` is filled in as the router does."""
        self._listeners.append(mine)
        if self.ended:
            self._settle(mine, holds=False)
        heard = 0
        try:
            while heard < len(self._heard) or not self.ended:
                if heard == len(self._heard):
                    await self._wait(mine)
                else:
                    chunk, heard = self._heard[heard], heard + 1
                    self._note(mine, chunk)
                    yield chunk
            if self._error:
                raise self._error.with_traceback(None)
        finally:
            await self._leave(mine)

    async def _wait(self, mine: Answer) -> None:
        asked = self._clock.monotonic()
        try:
            await self._news.wait()
        finally:
            mine.waited += self._clock.monotonic() - asked

    def _note(self, mine: Answer, chunk: Chunk) -> None:
        mine.entry = self._answer.entry
        if chunk.text and mine.first_token_at is None:
            mine.first_token_at = self._clock.monotonic()

    async def _leave(self, mine: Answer) -> None:
        if not self.ended and self._task is not None and len(self._listeners) == 1:
            self._task.cancel()
            await asyncio.wait([self._task])
        elif not self.ended:
            self._settle(mine, holds=False)
        self._listeners = [answer for answer in self._listeners if answer is not mine]

    async def _fly(self, call: Call) -> None:
        try:
            async with aclosing(call(self._answer)) as chunks:
                async for chunk in chunks:
                    self._heard.append(chunk)
                    self.size += len(chunk.text)
                    self._tell()
        except Exception as error:
            # A bulkhead: whatever it is, each listener raises it, and the flights of others go on.
            self._error = error
        finally:
            self._land()

    def _land(self) -> None:
        """Settles whose record the call is on."""
        if self.ended:
            return
        self.ended = True
        if self._error is None and not self._answer.finish:
            self._error = BrokenStream("the call was ended")
        for place, answer in enumerate(self._listeners):
            self._settle(answer, holds=place == 0)
        self._tell()
        self._landed(self)

    def _settle(self, mine: Answer, *, holds: bool) -> None:
        for field in fields(Answer):
            if field.name not in _OWN:
                setattr(mine, field.name, getattr(self._answer, field.name))
        if not holds:
            mine.attempts, mine.usage, mine.cached = [], Usage(cost_usd=0.0), mine.entry is not None

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Flights:
    """The calls of this process that can be joined, by the digest of what is asked and whether it is streamed."""

    def __init__(self, tasks: asyncio.TaskGroup, clock: Clock) -> None:
        self._tasks, self._clock = tasks, clock
        self._open: dict[tuple[str, bool], Flight] = {}
        self._landed: deque[tuple[float, tuple[str, bool], Flight]] = deque()

    def __len__(self) -> int:
        return len(self._open)

    def find(self, digest: str, streamed: bool) -> Flight | None:
        """A call to listen to. One that comes in one piece would keep who reads along waiting: it is only for those
        who want the answer in one piece, too."""
        self._sweep()
        kinds = (True,) if streamed else (True, False)
        found = (self._open.get((digest, kind)) for kind in kinds)
        return next((flight for flight in found if flight and flight.open), None)

    def start(self, asked: tuple[str, bool], call: Call, linger: float, purse: Purse) -> Flight | None:
        """A new call; `None` where there are too many."""
        self._sweep()
        if len(self._open) >= MOST_FLIGHTS:
            return None
        flight = self._open[asked] = Flight(self._clock, lambda landed: self._land(asked, landed, linger), purse)
        flight.start(self._tasks, call)
        return flight

    def _land(self, asked: tuple[str, bool], flight: Flight, linger: float) -> None:
        if flight.open:
            self._landed.append((self._clock.monotonic() + min(linger, LINGER), asked, flight))
        else:
            self._forget(asked, flight)

    def _sweep(self) -> None:
        while self._landed and self._landed[0][0] <= self._clock.monotonic():
            _, asked, flight = self._landed.popleft()
            self._forget(asked, flight)

    def _forget(self, asked: tuple[str, bool], flight: Flight) -> None:
        if self._open.get(asked) is flight:
            del self._open[asked]
