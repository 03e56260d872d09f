"""The log of rewards: each source says something of a turn once, however late, whichever replica hears it."""

from collections.abc import AsyncIterator, Callable

from app.errors import Duplicate
from app.storage.ports import REWARDS, Find, Store
from app.storage.records import from_doc, readable, to_doc
from app.vocabulary import Reward

_AT_ONCE = 500


class Rewards:
    """Rewards in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, reward: Reward) -> bool:
        """Keeps a reward; false where its source has said something of the turn before."""
        try:
            await self._store.insert(REWARDS, to_doc(reward))
        except Duplicate:
            return False
        return True

    async def of_turn(self, turn_id: str) -> list[Reward]:
        """What came of a turn."""
        docs = await self._store.find(REWARDS, Find({"turn_id": turn_id}, "source", limit=20))
        return [from_doc(Reward, doc) for doc in docs]

    async def of_learner(self, workspace: str, learner_id: str, after: str) -> set[tuple[str, str]]:
        """Which sources have said something, of which turns of a learner, past an id; 500 at most."""
        where = {"workspace": workspace, "learner_id": learner_id}
        docs = await self._store.find(REWARDS, Find(where, "id", after, _AT_ONCE))
        return {(doc["turn_id"], doc["source"]) for doc in docs}

    async def newest(self, workspace: str, learner_id: str, limit: int) -> list[Reward]:
        """A learner's newest rewards, newest first."""
        where = {"workspace": workspace, "learner_id": learner_id}
        return [from_doc(Reward, doc) for doc in await self._store.find(REWARDS, Find(where, "-id", limit=limit))]

    async def all_of(self, workspace: str, learner_id: str) -> AsyncIterator[Reward]:
        """All rewards of a learner."""
        after, where = "", {"workspace": workspace, "learner_id": learner_id}
        while docs := await self._store.find(REWARDS, Find(where, after=after, limit=_AT_ONCE)):
            for doc in docs:
                yield from_doc(Reward, doc)
            after = docs[-1]["id"]

    async def since(self, after: str, known: Callable[[str, str], bool]) -> AsyncIterator[tuple[str, list[Reward]]]:
        """The rewards past an id, in the order of their ids, some at a time, but for those that are `known` by
        workspace and id; with the newest id that was read."""
        while docs := await self._store.find(REWARDS, Find({}, "id", after, _AT_ONCE)):
            after = docs[-1]["id"]
            yield after, [*readable(Reward, (doc for doc in docs if not known(doc["workspace"], doc["id"])))]
            if len(docs) < _AT_ONCE:
                return
