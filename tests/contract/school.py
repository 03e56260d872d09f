"""Replicas with memories over one store, and turns that were recorded there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from app.bootstrap import Records, records_of
from app.clock import Clock, HandClock, iso
from app.context.memory.loading import Extent, Loader
from app.context.memory.recalls import Parts, Recalls, Sought
from app.context.recall.search import Question
from app.events import TurnEnded
from app.policy import RecallPolicy
from app.storage.memory import MemoryCache
from app.storage.ports import Store
from app.storage.segments import Owner, Segments
from app.storage.sessions import Sessions
from app.vocabulary import Session, State, Turn

ADA = Owner("school", "ada")
PATIENT = RecallPolicy(patience=5.0)


@dataclass(frozen=True)
class Replica:
    """One process's part of it."""

    recalls: Recalls
    records: Records
    clock: HandClock

    async def found(self, words: str, owner: Owner = ADA) -> list[str]:
        """The texts that are found for words, best first."""
        ranked = (await self.recalls.find(Sought(owner, Question(words, iso(self.clock.now()))))).ranked
        assert ranked is not None
        return [ranked.index.passage(slot).text for slot in ranked.slots.tolist()]

    async def facts(self, owner: Owner = ADA) -> dict[str, str | None]:
        """What holds of a learner by what it is about."""
        found = await self.recalls.find(Sought(owner, Question("?", iso(self.clock.now()))))
        return {fact.key: fact.value for fact in found.facts}

    async def say(self, turn: Turn, **ended: object) -> Turn:
        """Records a turn here from its beginning to its end."""
        await self.records.turns.open(turn)
        return await self.close(turn, **ended)

    async def close(self, turn: Turn, **ended: object) -> Turn:
        """Ends a turn that is open."""
        closed = closing(turn, self.clock, **ended)
        assert await self.records.turns.close(closed)
        self.recalls.hear(TurnEnded(closed))
        return closed


class School:
    """A store, a cache, a clock, and the replicas on them."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, HandClock()
        self.cache = MemoryCache(self.clock)
        self._seq: dict[str, int] = {}
        self._names = iter(range(1_000))

    @asynccontextmanager
    async def replica(self, policy: RecallPolicy = PATIENT) -> AsyncIterator[Replica]:
        """A process that has just started."""
        segments = Segments(self.store)
        loader = Loader(self.store, segments, self.clock, Extent(policy.passages))
        parts = Parts(loader, segments, self.cache, self.clock, policy, f"replica {next(self._names)}")
        async with Recalls.of(parts) as recalls:
            work = [asyncio.ensure_future(recalls.follow()), asyncio.ensure_future(recalls.stay())]
            await asyncio.sleep(0)
            try:
                yield Replica(recalls, records_of(self.store, self.clock), self.clock)
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)

    async def session(self, owner: Owner = ADA) -> Session:
        """A new session."""
        now = iso(self.clock.now())
        session = Session(self.clock.id(), owner.workspace, owner.learner_id, now, now)
        await Sessions(self.store).add(session)
        return session

    def turn(self, session: Session, message: str, clock: Clock | None = None) -> Turn:
        """The next turn of a session, which nobody has opened yet."""
        seq = self._seq[session.id] = self._seq.get(session.id, 0) + 1
        made = (clock or self.clock).id()
        at = iso((clock or self.clock).now())
        return Turn(made, session.workspace, session.id, session.learner_id, seq, message, at)

    async def history(self, owner: Owner, messages: list[str]) -> Session:
        """A session of the past with a turn for each message, in one batch."""
        session = await self.session(owner)
        said = [closing(self.turn(session, message), self.clock) for message in messages]
        other = replace(session, id=self.clock.id())
        await Sessions(self.store).add(other, said)
        return session


def closing(turn: Turn, clock: HandClock, **ended: object) -> Turn:
    """A turn as it ends."""
    how = {"state": State.COMPLETE, "reply": "I see.", "closed_at": iso(clock.now()), **ended}
    return replace(turn, **how)  # type: ignore[arg-type]


async def until_segments(school: School, owner: Owner, count: int) -> None:
    """Waits until so many segments of a learner are kept."""
    async with asyncio.timeout(30):
        while await Segments(school.store).newest(owner) + 1 < count:
            await asyncio.sleep(0)


LONG = [f"Lesson {n} is about w{n}x and y{n}z" for n in range(300)]
"""What was said in a history of two segments."""


async def packed(school: School) -> None:
    """Two segments of a history that is settled."""
    await school.history(ADA, LONG)
    school.clock.turn(61)
    async with school.replica() as replica:
        assert await replica.found("w7x")
        await until_segments(school, ADA, 2)
