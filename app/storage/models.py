"""Models that were fitted, in the store: each fit adds one, and the newest of a workspace and name is in use."""

from dataclasses import dataclass

from app.storage.ports import MODELS, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import SCHEMA

KNOWLEDGE = "knowledge"
"""The name of the model of what learners know."""

KEPT = 5
"""Models of a name that are kept; older ones go."""


@dataclass(frozen=True)
class StoredModel:
    """A model as text (base 64 of what its capability packs), with its scores in words; ids sort by time."""

    id: str
    workspace: str
    name: str
    packed: str
    scores: str
    created_at: str
    schema: int = SCHEMA


class Models:
    """Adds and finds models."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def newest(self, workspace: str, name: str) -> StoredModel | None:
        """The model in use."""
        found = await self._store.find(MODELS, Find({"workspace": workspace, "name": name}, "-id", limit=1))
        return from_doc(StoredModel, found[0]) if found else None

    async def add(self, model: StoredModel) -> None:
        """Puts a model in use, and forgets all but the newest `KEPT`."""
        await self._store.insert(MODELS, to_doc(model))
        where = {"workspace": model.workspace, "name": model.name}
        for doc in (await self._store.find(MODELS, Find(where, "-id", limit=KEPT + 20)))[KEPT:]:
            await self._store.delete(MODELS, {"id": doc["id"]})
