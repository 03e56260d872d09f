"""Questions that wait for a model, in the store. Whoever asks one claims it first, so that no two ask the same."""

from collections.abc import Container
from dataclasses import replace

from app.errors import Duplicate, QueueFull
from app.storage.ports import INSTANCES, QUESTIONS, Doc, Find, Store
from app.storage.records import from_doc, readable, to_doc
from app.vocabulary import Question, Turn, Wait

MOST = 20
"""Questions of one learner that may wait; of calls made at the same moment, a few more get through."""

_SHOWN = 200


class Questions:
    """Adds, claims, settles and forgets questions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, turn: Turn, at: str) -> Question:
        """Queues a turn's message; one that is queued or answered stays as it is, one that was given up waits anew.

        Raises `QueueFull` where `MOST` of the learner's wait.
        """
        known = await self.get(turn.id)
        if known and known.state is not Wait.GIVEN_UP:
            return known
        mine = {"workspace": turn.workspace, "learner_id": turn.learner_id, "state": Wait.WAITING}
        if len(await self._store.find(QUESTIONS, Find(mine, limit=MOST))) >= MOST:
            raise QueueFull(f"{MOST} questions of this learner wait already; take one back, or wait for an answer")
        if known:
            again = replace(known, state=Wait.WAITING, created_at=at)
            return again if await self.settle(known, again) else await self._kept(again)
        new = Question(turn.id, turn.workspace, turn.session_id, turn.learner_id, at)
        try:
            await self._store.insert(QUESTIONS, to_doc(new))
        except Duplicate:  # two calls at once
            return await self._kept(new)
        return new

    async def take_back(self, turn_id: str) -> bool:
        """Forgets a question that waits, or that was given up; false where it is being asked or was answered."""
        for state in (Wait.WAITING, Wait.GIVEN_UP):
            if await self._store.delete(QUESTIONS, {"id": turn_id, "state": state}):
                return True
        return False

    async def get(self, turn_id: str) -> Question | None:
        """The question of a turn."""
        doc = await self._store.get(QUESTIONS, turn_id)
        return _question(doc) if doc else None

    async def of_session(self, session_id: str, oldest: str) -> dict[str, Question]:
        """Questions of a session by turn, from the turn `oldest` on, 200 at most."""
        docs = await self._store.find(QUESTIONS, Find({"session_id": session_id}, "-id", limit=_SHOWN))
        return {doc["id"]: _question(doc) for doc in docs if doc["id"] >= oldest}

    async def waiting(self, limit: int) -> list[Question]:
        """Questions that wait, oldest first."""
        found = await self._store.find(QUESTIONS, Find({"state": Wait.WAITING}, limit=limit))
        return [*readable(Question, found)]

    async def claim(self, question: Question, owner: str) -> Question | None:
        """The question as `owner` asks it now; `None` where another was faster, or it is no longer wanted."""
        claimed = replace(question, state=Wait.ASKING, owner=owner)
        return claimed if await self.settle(question, claimed) else None

    async def settle(self, before: Question, after: Question) -> bool:
        """Puts `after` in the place of `before`, if nobody changed it meanwhile."""
        as_it_was = {"state": before.state, "owner": before.owner, "tries": before.tries}
        return await self._store.replace(QUESTIONS, to_doc(after), as_it_was)

    async def free(self, me: str, asking: Container[str]) -> None:
        """Lets questions wait again whose asker is dead, or is this process, which is not `asking` them.

        The audit of instances (`storage/presence.py`) closes the turns of a dead one before its lease is removed.
        """
        docs = await self._store.find(QUESTIONS, Find({"state": Wait.ASKING}, limit=_SHOWN))
        if not docs:
            return
        alive = {doc["id"] for doc in await self._store.find(INSTANCES, Find({}, limit=_SHOWN))}
        for question in readable(Question, docs):
            lost = question.id not in asking if question.owner == me else question.owner not in alive
            if lost:
                await self.settle(question, replace(question, state=Wait.WAITING, owner=None))

    async def remove(self, turn_id: str) -> None:
        """Forgets a question, however it stands."""
        await self._store.delete(QUESTIONS, {"id": turn_id})

    async def _kept(self, otherwise: Question) -> Question:
        return await self.get(otherwise.id) or otherwise


def _question(doc: Doc) -> Question:
    return from_doc(Question, doc)
