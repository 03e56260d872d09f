"""Experiments and what came of their learners, in the store."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from app.errors import Duplicate, NotFound
from app.storage.ports import EXPERIMENTS, PARTICIPANTS, Find, Store
from app.storage.records import from_doc, readable, to_doc
from app.vocabulary import Experiment, Page, Participant

_PAGE = 200


class Experiments:
    """Adds, changes and finds experiments."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, experiment: Experiment) -> None:
        """Keeps a new experiment; raises `Duplicate` where its workspace has one of this name."""
        await self._store.insert(EXPERIMENTS, to_doc(experiment))

    async def withdraw(self, experiment: Experiment) -> None:
        """Takes one back that nobody was in yet."""
        await self._store.delete(EXPERIMENTS, {"id": experiment.id})

    async def get(self, workspace: str, experiment_id: str) -> Experiment:
        """The experiment; `NotFound` if it is not in this workspace."""
        doc = await self._store.get(EXPERIMENTS, experiment_id)
        if doc is None or doc["workspace"] != workspace:
            raise NotFound("experiment", experiment_id)
        return from_doc(Experiment, doc)

    async def newest(self, workspace: str, limit: int, before: str | None = None) -> Page[Experiment]:
        """Experiments of a workspace, newest first; the cursor is the id of the oldest one on the page."""
        docs = await self._store.find(EXPERIMENTS, Find({"workspace": workspace}, "-id", before, limit + 1))
        page = tuple(from_doc(Experiment, doc) for doc in docs[:limit])
        return Page(page, page[-1].id if len(docs) > limit else None)

    async def running(self) -> list[Experiment]:
        """Those of all workspaces that run, oldest first."""
        return await self._found({"state": "running"})

    async def all(self) -> list[Experiment]:
        """Those of all workspaces that there ever were, oldest first."""
        return await self._found({})

    async def _found(self, where: Mapping[str, str]) -> list[Experiment]:
        found, after = list[Experiment](), None
        while docs := await self._store.find(EXPERIMENTS, Find(where, after=after, limit=_PAGE)):
            found += readable(Experiment, docs)
            after = docs[-1]["id"]
        return found

    async def change(self, known: Experiment, changed: Experiment) -> bool:
        """Puts the next version in the place of the one that is known; false where somebody else has changed it."""
        following = replace(changed, version=known.version + 1)
        return await self._store.replace(EXPERIMENTS, to_doc(following), {"version": known.version})


class Participants:
    """What came of learners."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, experiment_id: str) -> AsyncIterator[list[Participant]]:
        """All participants of an experiment, some at a time."""
        after: str | None = None
        while docs := await self._store.find(
            PARTICIPANTS, Find({"experiment": experiment_id}, after=after, limit=_PAGE)
        ):
            yield [from_doc(Participant, doc) for doc in docs]
            after = docs[-1]["id"]

    async def get(self, participant_id: str) -> Participant | None:
        """What is known of a learner in an experiment."""
        doc = await self._store.get(PARTICIPANTS, participant_id)
        return from_doc(Participant, doc) if doc else None

    async def put(self, known: Participant | None, found: Participant) -> bool:
        """Puts what was found in the place of what is known; false where somebody else has changed that."""
        if known is None:
            try:
                await self._store.insert(PARTICIPANTS, to_doc(found))
            except Duplicate:
                return False
            return True
        following = replace(found, version=known.version + 1)
        return await self._store.replace(PARTICIPANTS, to_doc(following), {"version": known.version})
