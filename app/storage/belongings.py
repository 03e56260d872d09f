"""Everything that the store has of one learner: read to the last document, or erased to the last."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from app.storage.ports import FEEDBACK, KEYS, OF_LEARNER, SEGMENTS, TURNS, Doc, Find, Kind, Store, Where
from app.storage.segments import Owner

_PAGE = 200
_PASSES = 5

Part = tuple[str, list[Doc]]
"""Some documents, and the name of their kind."""


class Belongings:
    """What is kept of a learner: every kind of `OF_LEARNER`, and what names the learner or their turns otherwise."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self, owner: Owner) -> AsyncIterator[Part]:
        """All of it, kind by kind, some documents at a time. Without segments, which hold turns a second time, and
        without the hashes of keys."""
        for kind in OF_LEARNER:
            if kind is SEGMENTS:
                continue
            yield kind.name, []
            async for docs in self._pages(kind, owner.where):
                yield kind.name, docs
        yield FEEDBACK.name, []
        async for turns in self._pages(TURNS, owner.where):
            yield FEEDBACK.name, [doc for found in await asyncio.gather(*map(self._feedback, turns)) for doc in found]
        keys = await self._keys(owner)
        yield KEYS.name, [{name: value for name, value in key.items() if name != "hash"} for key in keys]

    async def turns(self, owner: Owner) -> AsyncIterator[Sequence[str]]:
        """The ids of the learner's turns, oldest first, some at a time."""
        async for turns in self._pages(TURNS, owner.where):
            yield [turn["id"] for turn in turns]

    async def erase(self, owner: Owner) -> Counter[str]:
        """Erases what is there, again until nothing is left of what others wrote meanwhile, at most five times; says
        how many documents of each kind it was. What breaks off is finished by asking again: what finds the rest, such
        as the turn that feedback names, goes after it, and the keys go last."""
        erased = Counter[str]()
        for _ in range(_PASSES):
            found = await self._erase_once(owner)
            if not found:
                break
            erased += found
        erased[KEYS.name] = await self._remove(KEYS, await self._keys(owner))
        return +erased

    async def _erase_once(self, owner: Owner) -> Counter[str]:
        erased = Counter[str]()
        async for turns in self._pages(TURNS, owner.where):
            of_turns = (self._store.delete(FEEDBACK, {"turn_id": turn["id"]}) for turn in turns)
            erased[FEEDBACK.name] += sum(await asyncio.gather(*of_turns))
            await self._store.forget([turn["id"] for turn in turns])
        for kind in OF_LEARNER:
            erased[kind.name] += await self._store.delete(kind, owner.where)
        return +erased

    async def _pages(self, kind: Kind, where: Where) -> AsyncIterator[list[Doc]]:
        after = None
        while docs := await self._store.find(kind, Find(where, "id", after, _PAGE)):
            yield docs
            after = docs[-1]["id"]

    async def _feedback(self, turn: Doc) -> list[Doc]:
        return [doc async for docs in self._pages(FEEDBACK, {"turn_id": turn["id"]}) for doc in docs]

    async def _keys(self, owner: Owner) -> list[Doc]:
        pages = self._pages(KEYS, {"workspace": owner.workspace})
        return [doc async for docs in pages for doc in docs if doc["learner_id"] == owner.learner_id]

    async def _remove(self, kind: Kind, docs: Sequence[Doc]) -> int:
        return sum([await self._store.delete(kind, {"id": doc["id"]}) for doc in docs])
