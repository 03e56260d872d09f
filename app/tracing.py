"""Tells a collector of OpenTelemetry what became of turns, in the background: one that hangs or refuses delays nobody.

What is told is packed when a turn has ended and its client knows; a bounded number of turns waits to be sent, the rest
is dropped and counted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from app.analytics.traces import Called, Told, packed, request
from app.clock import Clock
from app.events import AttemptEnded, Event, TurnEnded
from app.trail import TRAIL

_BATCH = 64
"""Turns sent in one request."""

_OPEN_TURNS = 10_000
"""Turns whose calls are remembered until they end."""

_AGAIN = frozenset({429, 502, 503, 504})
"""Answers after which the same may be sent once more (OTLP/HTTP, "Retryable Response Codes")."""

Post = Callable[[bytes], Awaitable[int]]
"""Sends a body to the collector and gives the status of its answer; raises `OSError` or `TimeoutError`."""

log = logging.getLogger("masterx.tracing")


@dataclass(frozen=True, slots=True)
class Pace:
    """`every`: seconds that turns are gathered for one request; `pause`: seconds before the first new try, which are
    doubled up to `longest`; `last`: seconds that there are at the end for what still waits; `most`: turns that may
    wait."""

    every: float = 1.0
    pause: float = 0.5
    longest: float = 30.0
    last: float = 2.0
    most: int = 2_048


class Tracing:
    """What is told to a collector, and how many turns that reached."""

    def __init__(self, post: Post, clock: Clock, version: str, pace: Pace | None = None) -> None:
        self._post, self._clock, self._version, self._pace = post, clock, version, pace or Pace()
        self._calls: dict[str, list[Called]] = {}
        self._waiting: deque[bytes] = deque()
        self._some = asyncio.Event()
        self.counts = {"sent": 0, "refused": 0, "dropped": 0}
        """Turns by what became of telling them."""

    def __len__(self) -> int:
        return len(self._waiting)

    def hear(self, event: Event) -> None:
        """Notes a call of a turn; packs a turn that has ended."""
        match event:
            case AttemptEnded():
                self._called(event)
            case TurnEnded():
                self._ended(event)

    async def stay(self) -> None:
        """Sends what there is, again and again until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(self._pace.every)
            await self._send()

    async def leave(self) -> None:
        """Sends what still waits, as far as that can be done in a moment."""
        try:
            async with asyncio.timeout(self._pace.last):
                await self._send()
        except TimeoutError:
            log.warning("%d turn(s) could not be told to the collector of traces before the end", len(self))

    def _called(self, call: AttemptEnded) -> None:
        turn_id = TRAIL.get().turn_id
        if turn_id is None:  # no turn's: a summary, say
            return
        if turn_id not in self._calls and len(self._calls) >= _OPEN_TURNS:
            del self._calls[next(iter(self._calls))]
        self._calls.setdefault(turn_id, []).append(Called(call, self._clock.now()))

    def _ended(self, end: TurnEnded) -> None:
        turn, trail = end.turn, TRAIL.get()
        calls = self._calls.pop(turn.id, [])
        trace = trail.trace if trail.turn_id == turn.id else None
        if trace is not None and not trace.sampled:
            return
        if len(self._waiting) >= self._pace.most:
            self.counts["dropped"] += 1
            return
        self._waiting.append(packed(Told(turn, self._clock.now(), tuple(calls), trace)))
        self._some.set()

    async def _send(self) -> None:
        while self._waiting:
            batch = [self._waiting[n] for n in range(min(_BATCH, len(self._waiting)))]
            result = await self._delivered(request(batch, self._version))
            for _ in batch:
                self._waiting.popleft()
            self.counts[result] += len(batch)
        self._some.clear()

    async def _delivered(self, body: bytes) -> str:
        """Sends a body until the collector takes it or says that it never will; tells which."""
        for pause in _pauses(self._pace):
            try:
                status = await self._post(body)
            except (OSError, TimeoutError) as error:
                status, why = 503, str(error) or "no answer in time"
            else:
                why = f"it answers {status}"
            if status < 300:
                return "sent"
            log.warning("the collector of traces does not take them: %s", why)
            if status not in _AGAIN:
                return "refused"
            await asyncio.sleep(pause)
        raise AssertionError("pauses never end")


def _pauses(pace: Pace) -> Iterator[float]:
    pause = pace.pause
    while True:
        yield pause
        pause = min(pause * 2, pace.longest)
