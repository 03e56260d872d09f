"""What was done to arms so that nobody is hurt, in the store: a log for people."""

from contextlib import suppress
from dataclasses import dataclass

from app.errors import Duplicate
from app.storage.ports import INTERVENTIONS, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import SCHEMA, Choice


@dataclass(frozen=True)
class Intervention:
    """One thing that was done: to an arm, or (`None`) to all that were not allowed; times are ISO 8601 UTC."""

    id: str
    workspace: str
    choice: Choice
    context: str
    arm: str | None
    what: str
    reason: str
    at: str
    until: str | None = None
    schema: int = SCHEMA


class Interventions:
    """Adds and lists them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, intervention: Intervention) -> None:
        """Keeps one, once: it may be there already where the store could not say so."""
        with suppress(Duplicate):
            await self._store.insert(INTERVENTIONS, to_doc(intervention))

    async def newest(self, workspace: str, limit: int) -> list[Intervention]:
        """Those of a workspace, newest first."""
        docs = await self._store.find(INTERVENTIONS, Find({"workspace": workspace}, "-id", limit=limit))
        return [from_doc(Intervention, doc) for doc in docs]
