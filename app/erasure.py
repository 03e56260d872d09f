"""Erasure: what a learner or a session has left is gone from the store, and from what every replica keeps at hand."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import orjson

from app.choosing.keeping import Keeping
from app.context.memory.recalls import Recalls
from app.live import log_name
from app.rewarding import Rewarding
from app.running import Running
from app.storage.belongings import Belongings
from app.storage.cache import Cache
from app.storage.segments import Owner
from app.storage.sessions import Sessions
from app.storage.snapshots import CHANGED, Snapshots
from app.vocabulary import Session

ERASED = "learner-erased"
"""Channel that names learners who are being erased, as JSON."""

log = logging.getLogger("masterx.erasure")


@dataclass(frozen=True, slots=True)
class Parts:
    """All that holds something of a learner; `forget` are those that know one by name and are told of whom to forget,
    workspace and learner."""

    belongings: Belongings
    sessions: Sessions
    snapshots: Snapshots
    recalls: Recalls
    running: Running
    rewarding: Rewarding
    cache: Cache
    arms: Keeping
    forget: Sequence[Callable[[str, str], None]]


class Erasure:
    """Erases, here and on every replica. What was erased is in no context that is assembled after the call returned;
    on replicas that do not hear of it because the cache is away, after 30 seconds at the latest."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts

    async def session(self, session: Session) -> None:
        """Erases a session; an answer under way in it is stopped first."""
        p, owner = self._p, Owner(session.workspace, session.learner_id)
        await p.running.stop(session.id)
        await p.sessions.remove(session)
        self._drop(owner)  # of all their sessions: each has a line about the others
        p.cache.publish(CHANGED, f"learner:{owner.workspace}/{owner.learner_id}".encode())

    async def learner(self, owner: Owner) -> dict[str, int]:
        """Erases everything of a learner; answers under way are stopped. Says how many documents of each kind were
        erased; none where nothing is left. What breaks off is finished by asking again."""
        p = self._p
        said = orjson.dumps([owner.workspace, owner.learner_id])
        p.cache.publish(ERASED, said)
        await self._stop(owner.workspace, owner.learner_id)
        async for turn_ids in p.belongings.turns(owner):
            for turn_id in turn_ids:
                p.cache.delete(log_name(turn_id))
        self._drop(owner)
        erased = await p.belongings.erase(owner)
        await p.arms.erase(owner.workspace, owner.learner_id)
        self._drop(owner)
        p.cache.publish(CHANGED, f"learner:{owner.workspace}/{owner.learner_id}".encode())
        # Once more: answers that were stopped on other replicas have told all of how they ended.
        p.cache.publish(ERASED, said)
        await self._stop(owner.workspace, owner.learner_id)
        log.info("a learner was erased: %d documents", erased.total())
        return dict(erased)

    def export(self, owner: Owner) -> AsyncIterator[tuple[str, list[dict[str, object]]]]:
        """Everything that is kept of a learner, kind by kind."""
        return self._p.belongings.all(owner)

    async def follow(self) -> None:
        """Stops the answers of learners whom another replica erases, and forgets them; runs until cancelled."""
        async with self._p.cache.subscribe(ERASED) as messages:
            async for message in messages:
                try:
                    await self._stop(*orjson.loads(message))
                except Exception:
                    # A bulkhead: whom this replica cannot forget must not keep it from hearing of the others.
                    log.exception("a learner whom another replica erased may still be in memory here")

    async def _stop(self, workspace: str, learner_id: str) -> None:
        """Stops answers under way; what their ends would have said is noted no more, what they said is forgotten."""
        await self._p.running.stop_learner(workspace, learner_id)
        self._p.rewarding.forget(workspace, learner_id)
        for forget in self._p.forget:
            forget(workspace, learner_id)

    def _drop(self, owner: Owner) -> None:
        self._p.snapshots.drop_learner(owner.workspace, owner.learner_id)
        self._p.recalls.forget(owner)
