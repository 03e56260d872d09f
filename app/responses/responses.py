"""The cache of whole answers: looked into before a turn is opened, filled when its record is durable.

Exact: two questions are the same one when their keys are (`key.py`). Kept answers are shared by all replicas through
the cache; calls under way only within one process, so that equal questions at one time cost a call for each replica.
A cache that is away costs nothing but the saving.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from app.clock import Clock
from app.errors import CacheUnavailable
from app.policy import ResponsesPolicy
from app.providers.port import Entry
from app.responses.flights import Call, Flights
from app.responses.kept import Kept, packed, unpacked
from app.responses.key import ResponseKey, digest
from app.responses.rules import bypass, worth_keeping
from app.routing.answer import Answer
from app.routing.money import Purse
from app.storage.cache import Cache
from app.vocabulary import Chunk, Finish, Receipt, Turn, Usage

XCache = Literal["hit", "miss", "bypass"]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is asked, and by which rules: the learner's context as its receipt tells it, `streamed` or in one piece."""

    key: ResponseKey
    rules: ResponsesPolicy
    context: Receipt
    streamed: bool


@dataclass(frozen=True, slots=True)
class Bypass:
    """Not for the cache: `off`, `task`, `personal`, `cut`, or the cache is `away`."""

    x_cache: ClassVar[XCache] = "bypass"
    why: str


@dataclass(frozen=True, slots=True)
class Miss:
    """Not in the cache: a provider is asked, or a call that is under way is listened to."""

    x_cache: ClassVar[XCache] = "miss"
    digest: str
    ttl: float
    streamed: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """In the cache, and the model that said it can still be asked."""

    x_cache: ClassVar[XCache] = "hit"
    kept: Kept
    entry: Entry


Looked = Bypass | Miss | Hit


class Responses:
    """Answers questions that were answered before."""

    def __init__(self, cache: Cache, flights: Flights, clock: Clock) -> None:
        self._cache, self._flights, self._clock = cache, flights, clock
        self.results = Counter[str](hit=0, miss=0, bypass=0, shared=0)
        """How questions were answered; `shared` by a call that another one made."""

        self.bypasses = Counter[str]()
        """Why questions were not for the cache."""

    @classmethod
    @asynccontextmanager
    async def of(cls, cache: Cache, clock: Clock) -> AsyncIterator[Self]:
        """Calls may run inside this context; each ends with its last listener."""
        async with asyncio.TaskGroup() as tasks:
            yield cls(cache, Flights(tasks, clock), clock)

    async def look(self, lookup: Lookup) -> Looked:
        """What the cache has for a question; changes nothing."""
        key, rules = lookup.key, lookup.rules
        why = bypass(rules, key.task, lookup.context)
        if why is not None:
            return Bypass(why)
        asked = digest(key)
        try:
            data = await self._cache.get(_name(asked))
        except CacheUnavailable:
            return Bypass("away")
        kept = unpacked(data) if data else None
        entry = _who(kept, key.models) if kept else None
        return Hit(kept, entry) if kept and entry else Miss(asked, rules.ttl, lookup.streamed)

    def stream(self, looked: Looked, call: Call, answer: Answer) -> AsyncGenerator[Chunk, None]:
        """The answer to a question: what was kept, what another call says, or what `call` says."""
        match looked:
            case Hit(kept, entry):
                self.results["hit"] += 1
                return self._told(kept, entry, answer)
            case Miss():
                return self._listen(looked, call, answer)
            case Bypass(why):
                return self._direct(why, call, answer)

    def keep(self, looked: Looked, turn: Turn, purse: Purse) -> None:
        """Keeps the answer of a turn whose record is durable, where it is worth it and no model was left out because
        the money was short."""
        if isinstance(looked, Miss) and worth_keeping(turn) and not purse.short:
            self._cache.set(_name(looked.digest), packed(turn), looked.ttl)

    async def _told(self, kept: Kept, entry: Entry, answer: Answer) -> AsyncGenerator[Chunk, None]:
        answer.entry, answer.finish, answer.cached = entry, Finish.STOP, True
        answer.usage, answer.first_token_at = Usage(cost_usd=0.0), self._clock.monotonic()
        yield Chunk(kept.text, Finish.STOP)

    async def _listen(self, looked: Miss, call: Call, answer: Answer) -> AsyncGenerator[Chunk, None]:
        # Nothing is awaited between finding no call and making one: of equal questions only one does. Who is short of
        # money listens to the calls of others, and makes its own for itself: nobody else is to get the cheaper answer.
        flight = self._flights.find(looked.digest, looked.streamed)
        self.results["shared" if flight else "miss"] += 1
        if flight is None and not answer.purse.short:
            flight = self._flights.start((looked.digest, looked.streamed), call, looked.ttl, answer.purse)
        async with aclosing(flight.listen(answer) if flight else call(answer)) as chunks:
            async for chunk in chunks:
                yield chunk

    def _direct(self, why: str, call: Call, answer: Answer) -> AsyncGenerator[Chunk, None]:
        self.results["bypass"] += 1
        self.bypasses[why] += 1
        return call(answer)


def _name(asked: str) -> str:
    """The cache's name of an answer."""
    return f"response:{asked}"


def _who(kept: Kept, models: tuple[Entry, ...]) -> Entry | None:
    """The model that said it; `None` for an answer that none of these can have given."""
    named = (kept.provider, kept.model)
    return next((entry for entry in models if (entry.provider, entry.model) == named), None)
