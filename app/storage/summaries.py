"""Summaries of older stretches of sessions that a model made, in the store: of each session the newest."""

from app.errors import Duplicate
from app.storage.ports import SESSIONS, SUMMARIES, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import Retold


class Summaries:
    """The summaries in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, workspace: str, session_id: str) -> Retold | None:
        """The newest one of a session."""
        doc = await self._store.get(SUMMARIES, session_id)
        return from_doc(Retold, doc) if doc and doc["workspace"] == workspace else None

    async def put(self, made: Retold) -> bool:
        """Keeps it in the place of an earlier one; false where the session is no more. Whoever erases a session removes
        its summary when it is gone, and here it is looked for after writing, so that one of the two sees the other."""
        doc = to_doc(made)
        if not await self._store.replace(SUMMARIES, doc, {"workspace": made.workspace}):
            try:
                await self._store.insert(SUMMARIES, doc)
            except Duplicate:  # two first ones at once: the later one stands
                await self._store.replace(SUMMARIES, doc, {"workspace": made.workspace})
        if await self._store.get(SESSIONS, made.id) is None:
            await self._store.delete(SUMMARIES, {"id": made.id})
            return False
        return True
