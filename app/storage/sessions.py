"""Sessions and learners in the store."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.clock import Clock, iso
from app.errors import Conflict, Duplicate, NotFound
from app.storage.learned import OF_TURNS, learned_id
from app.storage.ports import FEEDBACK, LEARNED, LEARNERS, QUESTIONS, SEGMENTS, SESSIONS, SUMMARIES, TURNS, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import Feedback, Learner, Page, Session, Turn

_OPINIONS = 20
"""Of one turn: who changes their mind more often tells nothing by it. Some more fit where they come at once."""


class Sessions:
    """Conversations, each of one learner."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, session: Session, said: Sequence[Turn] = ()) -> None:
        """Keeps a new session, with what was `said` in it elsewhere, in one batch of writes."""
        turns = (self._store.insert(TURNS, to_doc(turn)) for turn in said)
        await asyncio.gather(self._store.insert(SESSIONS, to_doc(session)), *turns)

    async def get(self, workspace: str, session_id: str) -> Session:
        """The session; `NotFound` if it is not in this workspace."""
        doc = await self._store.get(SESSIONS, session_id)
        if doc is None or doc["workspace"] != workspace:
            raise NotFound("session", session_id)
        return from_doc(Session, doc)

    async def change(self, session: Session, changes: Mapping[str, Any], at: str) -> Session:
        """The session with these fields changed."""
        changed = replace(session, **changes, updated_at=at)
        if not await self._store.replace(SESSIONS, to_doc(changed), {"workspace": session.workspace}):
            raise NotFound("session", session.id)
        return changed

    async def remove(self, session: Session) -> None:
        """Erases the session with its turns, their feedback, the questions that wait, and what was derived from what
        the learner said; a half-done erasure is finished by asking again."""
        await self._store.delete(QUESTIONS, {"session_id": session.id})
        await self._remove_turns(session)
        # First what was said, last what quotes it: who quotes the session looks whether it is still there (`Segments`).
        await self._store.delete(SESSIONS, {"id": session.id})
        await self._remove_turns(session)  # those that were opened meanwhile
        await self._store.delete(SUMMARIES, {"id": session.id})
        await self._store.delete(SEGMENTS, {"workspace": session.workspace, "learner_id": session.learner_id})
        await self._store.delete(LEARNED, {"id": learned_id(session.workspace, session.learner_id, OF_TURNS)})

    async def _remove_turns(self, session: Session) -> None:
        while turns := await self._store.find(TURNS, Find({"session_id": session.id}, "seq", limit=200)):
            for turn in turns:
                await self._store.delete(FEEDBACK, {"turn_id": turn["id"]})
                await self._store.delete(TURNS, {"id": turn["id"]})

    async def of(self, workspace: str, learner_id: str, limit: int, before: str | None = None) -> Page[Session]:
        """A learner's sessions, newest first; the cursor is the id of the oldest one on the page."""
        where = {"workspace": workspace, "learner_id": learner_id}
        docs = await self._store.find(SESSIONS, Find(where, "-id", before, limit + 1))
        page = tuple(from_doc(Session, doc) for doc in docs[:limit])
        return Page(page, page[-1].id if len(docs) > limit else None)

    async def since(self, workspace: str, last: str, limit: int) -> list[Session]:
        """A workspace's sessions past an id, in the order in which they were opened."""
        docs = await self._store.find(SESSIONS, Find({"workspace": workspace}, "id", last, limit))
        return [from_doc(Session, doc) for doc in docs]

    async def has(self, workspace: str, learner_id: str) -> bool:
        """Whether a learner has a session."""
        where = {"workspace": workspace, "learner_id": learner_id}
        return bool(await self._store.find(SESSIONS, Find(where, limit=1)))

    async def rate(self, feedback: Feedback) -> None:
        """Keeps what a learner thought of a turn; raises `Conflict` where 20 opinions of it are there."""
        if await self._store.count(FEEDBACK, {"turn_id": feedback.turn_id}) >= _OPINIONS:
            raise Conflict(f"turn {feedback.turn_id} has {_OPINIONS} opinions already")
        await self._store.insert(FEEDBACK, to_doc(feedback))

    async def ratings(self, turn_id: str) -> list[Feedback]:
        """What was thought of a turn, oldest first."""
        docs = await self._store.find(FEEDBACK, Find({"turn_id": turn_id}, limit=2 * _OPINIONS))
        return [from_doc(Feedback, doc) for doc in docs]


class Learners:
    """Who learns, by the front end's own name for them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def get(self, workspace: str, learner_id: str) -> Learner:
        """The learner; one that nothing is known of yet if it was never written."""
        found = await self._store.find(LEARNERS, Find({"workspace": workspace, "learner_id": learner_id}, limit=1))
        return from_doc(Learner, found[0]) if found else Learner("", workspace, learner_id)

    async def put(self, workspace: str, learner_id: str, preferences: Mapping[str, Any]) -> Learner:
        """Sets a learner's preferences."""
        at = iso(self._clock.now())
        known = await self.get(workspace, learner_id)
        if known.id:
            changed = replace(known, preferences=preferences, updated_at=at)
            await self._store.replace(LEARNERS, to_doc(changed), {"workspace": workspace})
            return changed
        new = Learner(self._clock.id(), workspace, learner_id, preferences, at, at)
        try:
            await self._store.insert(LEARNERS, to_doc(new))
        except Duplicate:  # two first writes at once: the later one is a change
            return await self.put(workspace, learner_id, preferences)
        return new
