"""Sums of rewards by layer of context: one document for each workspace, policy and task, to which replicas add."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from app.errors import Conflict, Duplicate
from app.storage.ports import WORTH, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import SCHEMA

RECENT = 256
"""Turns that a document remembers having counted: a turn that is rated at two replicas at once counts once. The ids of
erased turns stay until 256 others were rated: they say when a turn was, and nothing in the store says any more whose or
of what; to take them out would cost each erasure a read of all tallies, for which replicas compete."""

_TRIES = 50
"""Replicas that may add between reading and writing before one gives up."""

_PAGE = 200


@dataclass(frozen=True)
class Arm:
    """A layer and what it was shrunk to (1.0: whole), with sums that add up number by number."""

    layer: str
    factor: float
    sums: tuple[float, ...]


@dataclass(frozen=True)
class Tally:
    """What was seen under one policy in one task of one workspace; `version` counts its changes."""

    id: str
    workspace: str
    policy: str
    task: str
    arms: tuple[Arm, ...] = ()
    recent: tuple[str, ...] = ()
    version: int = 0
    schema: int = SCHEMA

    @classmethod
    def of(cls, workspace: str, policy: str, task: str) -> "Tally":
        """An empty one; its id is unlike any other's, whatever workspaces and policies are called."""
        name = json.dumps([workspace, policy, task], separators=(",", ":"))
        return cls(name, workspace, policy, task)

    def plus(self, turn_id: str, seen: tuple[Arm, ...]) -> "Tally":
        """With what one turn showed."""
        arms = {(arm.layer, arm.factor): arm for arm in self.arms}
        for one in seen:
            known = arms.get((one.layer, one.factor))
            sums = tuple(map(sum, zip(known.sums, one.sums, strict=True))) if known else one.sums
            arms[one.layer, one.factor] = replace(one, sums=sums)
        return replace(
            self, arms=tuple(arms.values()), recent=(*self.recent, turn_id)[-RECENT:], version=self.version + 1
        )


class Worths:
    """The tallies in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_turn = asyncio.Lock()

    async def add(self, empty: Tally, turn_id: str, seen: tuple[Arm, ...]) -> bool:
        """Adds what a turn showed to its tally; false if that turn was counted a short while ago."""
        async with self._in_turn:  # only replicas compete
            return await self._add(empty, turn_id, seen)

    async def _add(self, empty: Tally, turn_id: str, seen: tuple[Arm, ...]) -> bool:
        for _ in range(_TRIES):
            doc = await self._store.get(WORTH, empty.id)
            known = from_doc(Tally, doc) if doc else empty
            if turn_id in known.recent:
                return False
            if await self._put(known, known.plus(turn_id, seen)):
                return True
        raise Conflict(f"the tally of {empty.task} changes too fast to add to")

    async def _put(self, known: Tally, changed: Tally) -> bool:
        if known.version:
            return await self._store.replace(WORTH, to_doc(changed), {"version": known.version})
        try:
            await self._store.insert(WORTH, to_doc(changed))
        except Duplicate:
            return False
        return True

    async def all(self, workspace: str | None = None) -> AsyncIterator[Tally]:
        """The tallies of a workspace, or of all."""
        where, after = ({"workspace": workspace} if workspace is not None else {}), None
        while docs := await self._store.find(WORTH, Find(where, after=after, limit=_PAGE)):
            for doc in docs:
                yield from_doc(Tally, doc)
            after = docs[-1]["id"]
