"""Snapshots of sessions, kept warm: what a turn needs to know, without a read in the usual case.

A snapshot held here may be stale when another replica has run a turn since. That is found out without asking: a turn
is opened under the next number of its session, and a number that is taken says so (`turns.StaleSnapshot`). Changes to
the session or the learner reach other replicas through a channel of the cache, and at the latest after `_LIFETIME`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from app.clock import Clock
from app.storage.cache import Cache
from app.storage.sessions import Learners, Sessions
from app.storage.turns import TurnLog, exchange
from app.vocabulary import Portrait, Session, Snapshot, Turn

CHANGED = "snapshot-changed"
"""Channel that names sessions (`session:ID`) and learners (`learner:WORKSPACE/ID`) whose snapshots are out of date, and
learners of whom a replica has learned something (`portrait:REPLICA/WORKSPACE/ID`)."""

_LIFETIME = 30.0
_WARM = 2_048
_WARM_TOKENS = 1_000_000
_RECENT = 64
_RECENT_TOKENS = 32_000
_EARLIER = 4


class Portraying(Protocol):
    """Gives what is believed of a learner; `current` looks for what other replicas have written."""

    def __call__(self, workspace: str, learner_id: str, *, current: bool) -> Awaitable[Portrait | None]: ...


@dataclass(slots=True)
class _Held:
    snapshot: Snapshot
    tokens: int
    until: float
    learned: Literal["here", "elsewhere"] | None = None
    """Where something was learned of the learner since the portrait was drawn."""


@dataclass(slots=True, eq=False)
class _Load:
    """A snapshot being read, and whether what it is made of has changed meanwhile."""

    session: Session
    spoilt: bool = False


class Snapshots:
    """The snapshots of the 2,048 sessions last used, or of fewer when together they hold over a million tokens."""

    def __init__(
        self, sessions: Sessions, learners: Learners, turns: TurnLog, around: tuple[Clock, Portraying]
    ) -> None:
        self._sessions, self._learners, self._turns = sessions, learners, turns
        self._clock, self._portrait = around
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._loads: set[_Load] = set()
        self._tokens = 0
        self._listeners: list[Callable[[str, str], None]] = []
        self.lookups = {"hit": 0, "miss": 0}
        """How often a snapshot was found here, and how often it had to be read."""

    async def of(self, workspace: str, session_id: str) -> Snapshot:
        """What is known of a session now; `NotFound` if it is not in this workspace."""
        held = self._held.get(session_id)
        if held and held.snapshot.session.workspace == workspace and held.until > self._clock.monotonic():
            self._held.move_to_end(session_id)
            self.lookups["hit"] += 1
            return await self._redrawn(held) if held.learned else held.snapshot
        self.lookups["miss"] += 1
        return await self._load(await self._sessions.get(workspace, session_id))

    def advance(self, snapshot: Snapshot, turn: Turn) -> None:
        """Moves a session's snapshot past a turn that was opened on it and is closed now."""
        held = self._held.get(turn.session_id)
        if held is None or not _same(held.snapshot, snapshot):
            return self.drop(turn.session_id)
        said = exchange(turn)
        tokens = said.tokens if said else 0
        moved = replace(
            held.snapshot,
            said=(*snapshot.said, said) if said else snapshot.said,
            last_seq=turn.seq,
            history_items=snapshot.history_items + (said is not None),
            history_tokens=snapshot.history_tokens + tokens,
            frustration=turn.reading.affect.frustration,
            alarmed=(turn.seq, turn.created_at) if turn.safety else held.snapshot.alarmed,
        )
        learned = held.learned
        self._hold(moved, held.tokens + tokens, held.until)
        self._held[turn.session_id].learned = learned
        return None

    def drop(self, session_id: str) -> None:
        """Forgets a session's snapshot, and one that is being read."""
        for load in self._loads:
            load.spoilt = load.spoilt or load.session.id == session_id
        self._let_go(session_id)

    def _let_go(self, session_id: str) -> None:
        if held := self._held.pop(session_id, None):
            self._tokens -= held.tokens

    def tell_of_dropped(self, listener: Callable[[str, str], None]) -> None:
        """Names every learner whose snapshots are forgotten, here or on another replica, to whoever keeps more."""
        self._listeners.append(listener)

    def drop_learner(self, workspace: str, learner_id: str) -> None:
        """Forgets all snapshots of a learner, and those that are being read."""
        for load in self._loads:
            session = load.session
            load.spoilt = load.spoilt or (session.workspace, session.learner_id) == (workspace, learner_id)
        for listener in self._listeners:
            listener(workspace, learner_id)
        for session_id in self._of_learner(workspace, learner_id):
            self._let_go(session_id)

    def learned(self, workspace: str, learner_id: str, *, here: bool = True) -> None:
        """Has a learner's portrait drawn again when it is wanted next: something was learned of them, `here` or by
        another replica."""
        for session_id in self._of_learner(workspace, learner_id):
            held = self._held[session_id]
            held.learned = held.learned or "here" if here else "elsewhere"

    async def follow(self, cache: Cache, me: str) -> None:
        """Drops what other replicas say has changed; runs until cancelled. `me` is the name of this one."""
        async with cache.subscribe(CHANGED) as messages:
            async for message in messages:
                what, _, name = message.decode().partition(":")
                if what == "session":
                    self.drop(name)
                elif what == "portrait":
                    who, _, name = name.partition("/")
                    if who != me:
                        workspace, _, learner_id = name.partition("/")
                        self.learned(workspace, learner_id, here=False)
                else:
                    workspace, _, learner_id = name.partition("/")
                    self.drop_learner(workspace, learner_id)

    def _of_learner(self, workspace: str, learner_id: str) -> list[str]:
        """The sessions of a learner that are held."""
        return [
            session_id
            for session_id, held in self._held.items()
            if (held.snapshot.session.workspace, held.snapshot.session.learner_id) == (workspace, learner_id)
        ]

    async def _redrawn(self, held: _Held) -> Snapshot:
        """A held snapshot with the portrait of now."""
        session, current, held.learned = held.snapshot.session, held.learned == "elsewhere", None
        try:
            portrait = await self._portrait(session.workspace, session.learner_id, current=current)
        except BaseException:
            held.learned = "elsewhere"
            raise
        if portrait != held.snapshot.portrait:
            held.snapshot = replace(held.snapshot, portrait=portrait)
        return held.snapshot

    async def _load(self, session: Session) -> Snapshot:
        """Reads a snapshot, again where something of it was erased or changed meanwhile, so that it is not kept."""
        load = _Load(session)
        self._loads.add(load)
        try:
            snapshot, running = await self._read(session)
        finally:
            self._loads.discard(load)
        if load.spoilt:
            return await self._load(await self._sessions.get(session.workspace, session.id))
        if running:
            # Its newest turn will have a reply that this snapshot lacks, under a number that it knows.
            return snapshot
        return self._hold(snapshot, sum(s.tokens for s in snapshot.said), self._clock.monotonic() + _LIFETIME)

    async def _read(self, session: Session) -> tuple[Snapshot, bool]:
        """A snapshot, and whether a turn of it is running."""
        learner, past, earlier, portrait = await asyncio.gather(
            self._learners.get(session.workspace, session.learner_id),
            self._turns.past(session.id, _RECENT),
            self._sessions.of(session.workspace, session.learner_id, _EARLIER),
            self._portrait(session.workspace, session.learner_id, current=True),
        )
        snapshot = Snapshot(
            session=session,
            learner=learner,
            memory=tuple(_memory(s) for s in earlier.data if s.id != session.id and (s.subject or s.title or s.goal)),
            said=past.said,
            last_seq=past.last_seq,
            history_items=past.items,
            history_tokens=past.tokens,
            portrait=portrait,
            frustration=past.frustration,
            alarmed=past.alarmed,
        )
        return snapshot, past.running

    def _hold(self, snapshot: Snapshot, tokens: int, until: float) -> Snapshot:
        self._let_go(snapshot.session.id)
        start = 0
        while len(snapshot.said) - start > _RECENT or (tokens > _RECENT_TOKENS and start < len(snapshot.said)):
            tokens -= snapshot.said[start].tokens
            start += 1
        kept = replace(snapshot, said=snapshot.said[start:]) if start else snapshot
        self._held[snapshot.session.id] = _Held(kept, tokens, until)
        self._tokens += tokens
        while len(self._held) > _WARM or self._tokens > _WARM_TOKENS:
            self._tokens -= self._held.popitem(last=False)[1].tokens
        return kept


def _same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots differ by no more than what is believed of the learner."""
    return one is other or (one.said is other.said and one.session is other.session and one.learner is other.learner)


async def nothing(workspace: str, learner_id: str, *, current: bool) -> Portrait | None:
    """Believes nothing of anybody."""
    return None


def _memory(session: Session) -> str:
    about = " · ".join(part for part in (session.subject, session.title, session.goal) if part)
    return f"- {session.created_at[:10]}: {about}"
