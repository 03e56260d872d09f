"""What was told of a learner's turns: the half of the decision log that turns do not have."""

from collections.abc import AsyncIterator

from app.storage.ports import REWARDS, Find, Store
from app.storage.records import from_doc
from app.vocabulary import Reward

_PAGE = 200


class Told:
    """Reads rewards, learner by learner."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def newest(self, workspace: str, learner_id: str, limit: int) -> list[Reward]:
        """A learner's newest rewards, newest first."""
        where = {"workspace": workspace, "learner_id": learner_id}
        return [from_doc(Reward, doc) for doc in await self._store.find(REWARDS, Find(where, "-id", limit=limit))]

    async def all(self, workspace: str, learner_id: str) -> AsyncIterator[Reward]:
        """All rewards of a learner."""
        after, where = "", {"workspace": workspace, "learner_id": learner_id}
        while docs := await self._store.find(REWARDS, Find(where, after=after, limit=_PAGE)):
            for doc in docs:
                yield from_doc(Reward, doc)
            after = docs[-1]["id"]
