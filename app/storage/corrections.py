"""What people said of a learner's profile, in the store: the truth that no evidence changes."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from app.errors import Duplicate
from app.storage.ports import CORRECTIONS, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import SCHEMA


@dataclass(frozen=True)
class Corrected:
    """One trait of one learner as somebody corrected or hid it; `by` is their role."""

    id: str
    workspace: str
    learner_id: str
    trait: str
    at: str
    by: str
    value: Any = None
    hidden: bool = False
    schema: int = SCHEMA


class Corrections:
    """Corrections by learner, at most one of each trait."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, workspace: str, learner_id: str) -> tuple[Corrected, ...]:
        """All of a learner."""
        found = await self._store.find(CORRECTIONS, Find({"workspace": workspace, "learner_id": learner_id}, limit=200))
        return tuple(from_doc(Corrected, doc) for doc in found)

    async def put(self, said: Corrected) -> None:
        """Keeps a correction in the place of an earlier one of the same trait."""
        if await self._store.replace(CORRECTIONS, to_doc(said), {"workspace": said.workspace}):
            return
        try:
            await self._store.insert(CORRECTIONS, to_doc(said))
        except Duplicate:  # two first ones at once: the later one stands
            await self._store.replace(CORRECTIONS, to_doc(said), {"workspace": said.workspace})

    async def remove(self, workspace: str, learner_id: str, trait: str) -> None:
        """Takes a correction back; evidence counts again."""
        await self._store.delete(CORRECTIONS, {"id": name_of(workspace, learner_id, trait)})


def name_of(workspace: str, learner_id: str, trait: str) -> str:
    """The id of a trait's correction."""
    return sha256("\x00".join((workspace, learner_id, trait)).encode()).hexdigest()[:32]
