"""Snapshots of sessions, kept warm: what a turn needs to know, without a read in the usual case.

A snapshot held here may be stale when another replica has run a turn since. That is found out without asking: a turn
is opened under the next number of its session, and a number that is taken says so (`turns.StaleSnapshot`). Changes to
the session or the learner reach other replicas through a channel of the cache, and at the latest after `_LIFETIME`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.clock import Clock
from app.storage.cache import Cache
from app.storage.sessions import Learners, Sessions
from app.storage.turns import TurnLog, exchange
from app.vocabulary import Session, Snapshot, Turn

CHANGED = "snapshot-changed"
"""Channel that names sessions (`session:ID`) and learners (`learner:WORKSPACE/ID`) whose snapshots are out of date."""

_LIFETIME = 30.0
_WARM = 2_048
_WARM_TOKENS = 1_000_000
_RECENT = 64
_RECENT_TOKENS = 32_000
_EARLIER = 4


@dataclass(slots=True)
class _Held:
    snapshot: Snapshot
    tokens: int
    until: float


class Snapshots:
    """The snapshots of the 2,048 sessions last used, or of fewer when together they hold over a million tokens."""

    def __init__(self, sessions: Sessions, learners: Learners, turns: TurnLog, clock: Clock) -> None:
        self._sessions, self._learners, self._turns, self._clock = sessions, learners, turns, clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
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
            return held.snapshot
        self.lookups["miss"] += 1
        return await self._load(await self._sessions.get(workspace, session_id))

    def advance(self, snapshot: Snapshot, turn: Turn) -> None:
        """Moves a session's snapshot past a turn that was opened on it and is closed now."""
        held = self._held.get(turn.session_id)
        if held is None or held.snapshot is not snapshot:
            return self.drop(turn.session_id)
        said = exchange(turn)
        tokens = said.tokens if said else 0
        moved = replace(
            snapshot,
            said=(*snapshot.said, said) if said else snapshot.said,
            last_seq=turn.seq,
            history_items=snapshot.history_items + (said is not None),
            history_tokens=snapshot.history_tokens + tokens,
        )
        self._hold(moved, held.tokens + tokens, held.until)
        return None

    def drop(self, session_id: str) -> None:
        """Forgets a session's snapshot."""
        if held := self._held.pop(session_id, None):
            self._tokens -= held.tokens

    def tell_of_dropped(self, listener: Callable[[str, str], None]) -> None:
        """Names every learner whose snapshots are forgotten, here or on another replica, to whoever keeps more."""
        self._listeners.append(listener)

    def drop_learner(self, workspace: str, learner_id: str) -> None:
        """Forgets all snapshots of a learner."""
        for listener in self._listeners:
            listener(workspace, learner_id)
        stale = [
            session_id
            for session_id, held in self._held.items()
            if (held.snapshot.session.workspace, held.snapshot.session.learner_id) == (workspace, learner_id)
        ]
        for session_id in stale:
            self.drop(session_id)

    async def follow(self, cache: Cache) -> None:
        """Drops what other replicas say has changed; runs until cancelled."""
        async with cache.subscribe(CHANGED) as messages:
            async for message in messages:
                what, _, name = message.decode().partition(":")
                if what == "session":
                    self.drop(name)
                else:
                    workspace, _, learner_id = name.partition("/")
                    self.drop_learner(workspace, learner_id)

    async def _load(self, session: Session) -> Snapshot:
        learner, past, earlier = await asyncio.gather(
            self._learners.get(session.workspace, session.learner_id),
            self._turns.past(session.id, _RECENT),
            self._sessions.of(session.workspace, session.learner_id, _EARLIER),
        )
        snapshot = Snapshot(
            session=session,
            learner=learner,
            memory=tuple(_memory(s) for s in earlier.data if s.id != session.id and (s.subject or s.title or s.goal)),
            said=past.said,
            last_seq=past.last_seq,
            history_items=past.items,
            history_tokens=past.tokens,
        )
        if past.running:
            # Its newest turn will have a reply that this snapshot lacks, under a number that it knows.
            return snapshot
        return self._hold(snapshot, sum(s.tokens for s in past.said), self._clock.monotonic() + _LIFETIME)

    def _hold(self, snapshot: Snapshot, tokens: int, until: float) -> Snapshot:
        self.drop(snapshot.session.id)
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


def _memory(session: Session) -> str:
    about = " · ".join(part for part in (session.subject, session.title, session.goal) if part)
    return f"- {session.created_at[:10]}: {about}"
