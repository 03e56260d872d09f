"""Sheets of graded answers in the store: the truth about what a learner can do, in an order that cannot change."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import fields
from typing import TypeVar

from app.errors import Duplicate
from app.storage.ports import ANSWERS, Doc, Find, Store
from app.storage.records import to_doc
from app.vocabulary import Answer, Estimate, Sheet

R = TypeVar("R")
T = TypeVar("T")

_AT_ONCE = 8
"""Sheets in one read: one of 10,000 answers has 2 MB."""

_SLICE = 500
_FIELDS = tuple(field.name for field in fields(Sheet))


class SeqTaken(Exception):
    """Another sheet of the learner has this number; catch up with it and try the next."""


class SheetKeyTaken(Exception):
    """Another sheet was kept under this idempotency key."""


class Sheets:
    """Adds and reads sheets. A learner's are numbered without a gap, by a unique index."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, sheet: Sheet) -> None:
        """Makes a sheet durable; raises `SheetKeyTaken`, or `SeqTaken` when its number is another's."""
        try:
            await self._store.insert(ANSWERS, await _doc(sheet))
        except Duplicate as duplicate:
            # A document may be refused by two indexes, and either one may be named.
            key = sheet.idempotency_key
            if key is not None and await self.by_key(sheet.workspace, key) is not None:
                raise SheetKeyTaken from duplicate
            raise SeqTaken from duplicate

    async def by_key(self, workspace: str, key: str) -> Sheet | None:
        """The sheet that was kept under an idempotency key."""
        found = await self._store.find(ANSWERS, Find({"workspace": workspace, "idempotency_key": key}, limit=1))
        return await _sheet(found[0]) if found else None

    async def after(self, workspace: str, learner_id: str, seq: int) -> AsyncIterator[Sheet]:
        """A learner's sheets past a number, in order."""
        where = {"workspace": workspace, "learner_id": learner_id}
        while True:
            docs = await self._store.find(ANSWERS, Find(where, "seq", seq, _AT_ONCE))
            for doc in docs:
                yield await _sheet(doc)
            if len(docs) < _AT_ONCE:
                return
            seq = docs[-1]["seq"]

    async def since(self, workspace: str, last: str, limit: int) -> list[Sheet]:
        """A workspace's sheets past an id, in the order in which they were made."""
        found = list[Sheet]()
        for doc in await self._store.find(ANSWERS, Find({"workspace": workspace}, "id", last, limit)):
            found.append(await _sheet(doc))
            await asyncio.sleep(0)
        return found

    async def newest(self, workspace: str, learner_id: str, before: int | None = None) -> AsyncIterator[Sheet]:
        """A learner's sheets, newest first, those with numbers below `before`."""
        where = {"workspace": workspace, "learner_id": learner_id}
        while True:
            docs = await self._store.find(ANSWERS, Find(where, "-seq", before, _AT_ONCE))
            for doc in docs:
                yield await _sheet(doc)
            if len(docs) < _AT_ONCE:
                return
            before = docs[-1]["seq"]

    async def reaching(self, workspace: str, learner_id: str, at: str) -> AsyncIterator[Sheet]:
        """A learner's sheets with an answer as late as `at`, those that end first coming first."""
        # What sorts before this time and after every earlier one.
        where, past = {"workspace": workspace, "learner_id": learner_id}, at[:-1]
        while True:
            docs = await self._store.find(ANSWERS, Find(where, "until", past, _AT_ONCE))
            for doc in docs:
                yield await _sheet(doc)
            if len(docs) < _AT_ONCE:
                return
            past = docs[-1]["until"]

    async def has(self, workspace: str, learner_id: str, sheet_id: str) -> bool:
        """Whether this sheet of a learner is still there: an erasure takes all of them."""
        where = {"workspace": workspace, "learner_id": learner_id, "id": sheet_id}
        return await self._store.count(ANSWERS, where) > 0

    async def remove(self, sheet_id: str) -> None:
        """Takes a sheet back."""
        await self._store.delete(ANSWERS, {"id": sheet_id})

    async def pending(self, limit: int) -> list[Sheet]:
        """The oldest sheets that are not in the counts yet."""
        docs = await self._store.find(ANSWERS, Find({"pending": "yes"}, limit=limit))
        return [await _sheet(doc) for doc in docs]

    async def counted(self, sheet: Sheet) -> None:
        """Notes that a sheet is in the counts."""
        await self._store.replace(ANSWERS, {**await _doc(sheet), "pending": None}, {"pending": "yes"})

    async def workspaces(self) -> AsyncIterator[str]:
        """Every workspace that has a sheet."""
        last: str | None = None
        while docs := await self._store.find(ANSWERS, Find({}, "workspace", last, 1)):
            last = docs[0]["workspace"]
            yield last

    async def learners(self, workspace: str) -> AsyncIterator[str]:
        """Every learner of a workspace who has a sheet."""
        last: str | None = None
        while docs := await self._store.find(ANSWERS, Find({"workspace": workspace}, "learner_id", last, 1)):
            last = docs[0]["learner_id"]
            yield last


async def _doc(sheet: Sheet) -> Doc:
    """orjson writes no named tuples; as arrays they are also a third of the size."""
    lists = {"answers": sheet.answers, "lessons": sheet.lessons, "told": sheet.told}
    return {**to_doc(sheet), **{name: await in_slices(rows, lambda row: [*row]) for name, rows in lists.items()}}


async def _sheet(doc: Doc) -> Sheet:
    """The sheet in a document; built by hand, for one of 10,000 answers would keep others waiting."""
    known = {name: doc[name] for name in _FIELDS if name in doc}
    known["answers"] = await in_slices(doc["answers"], lambda row: Answer(*row))
    known["told"] = await in_slices(doc["told"], lambda row: Estimate(*row))
    return Sheet(**known)


async def in_slices(rows: Iterable[R], make: Callable[[R], T]) -> list[T]:
    """Makes something of each row, others being served now and then."""
    made = list[T]()
    for n, row in enumerate(rows, 1):
        made.append(make(row))
        if n % _SLICE == 0:
            await asyncio.sleep(0)
    return made
