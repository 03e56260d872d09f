"""One kind in its collection: inserts, replacements and gets go out in batches."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from app.errors import MasterxError
from app.storage.batches import Outcome
from app.storage.mongo.documents import Filter, Pipeline, all_of, from_bson, matching, pipeline, still, to_bson
from app.storage.mongo.errors import refused, translated, unavailable
from app.storage.mongo.lane import Lane
from app.storage.ports import Doc, Find, Kind, Where

Stored = RawBSONDocument
Writes = Sequence[InsertOne[Stored] | ReplaceOne[Stored]]
Errors = Mapping[int, MasterxError]
"""What was refused, by its place in the batch."""

# The server answers the queries of a batch one after the other: more of them would wait longer than they save.
_FINDS = 16
# Documents that come with the answer itself; more are asked for.
_ROUND_TRIP = 4_000
_RAW: CodecOptions[Stored] = CodecOptions(document_class=RawBSONDocument)


@dataclass(frozen=True, slots=True, eq=False)
class Replacement:
    """A document to put in the place of the one that is found."""

    found: Filter
    stored: Stored


class Collection:
    """The part of the store that is about one kind."""

    def __init__(self, kind: Kind, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._kind = kind
        self._documents: AsyncCollection[dict[str, Any]] = database[kind.name]
        self._raw = self._documents.with_options(codec_options=_RAW)
        self._inserts: Lane[Stored] = Lane(self._insert_all)
        self._replacements: Lane[Replacement] = Lane(self._replace_all)
        self._gets: Lane[str] = Lane(self._get_all)
        self._finds: Lane[Pipeline] = Lane(self._find_all, _FINDS)
        self._writing: dict[str, asyncio.Future[Outcome]] = {}

    async def insert(self, doc: Doc) -> None:
        """As `Store.insert`."""
        stored = to_bson(self._kind, doc)
        await self._in_order(doc["id"], lambda: self._inserts.ask(stored))

    async def replace(self, doc: Doc, where: Where) -> bool:
        """As `Store.replace`."""
        replacement = Replacement({"_id": doc["id"], **still(self._kind, where)}, to_bson(self._kind, doc))
        return bool(await self._in_order(doc["id"], lambda: self._replacements.ask(replacement)))

    async def get(self, id: str) -> Doc | None:  # noqa: A002 - the port's name
        """As `Store.get`."""
        self._kind.check((id,))
        doc: Doc | None = await self._gets.ask(id)
        return doc

    async def find(self, query: Find) -> list[Doc]:
        """As `Store.find`."""
        docs: list[Doc] = await self._finds.ask(pipeline(self._kind, query))
        return docs

    async def count(self, where: Where) -> int:
        """As `Store.count`."""
        with translated():
            return await self._documents.count_documents(matching(self._kind, where))

    async def delete(self, where: Where) -> int:
        """As `Store.delete`."""
        with translated():
            return (await self._documents.delete_many(matching(self._kind, where))).deleted_count

    async def close(self) -> None:
        """Ends when everything asked is done."""
        await asyncio.gather(*(lane.close() for lane in (self._inserts, self._replacements, self._gets, self._finds)))

    async def _in_order(self, id: str, ask: Callable[[], "asyncio.Future[Outcome]"]) -> Outcome:  # noqa: A002
        """Writes of one document go one after the other, whichever lane they take."""
        while earlier := self._writing.get(id):
            await asyncio.wait([earlier])
        future = self._writing[id] = ask()
        future.add_done_callback(lambda _: self._writing.pop(id))
        # The write is under way, whether or not its caller still wants to know.
        return await asyncio.shield(future)

    async def _insert_all(self, documents: list[Stored]) -> Sequence[Outcome]:
        errors, _ = await self._send([InsertOne(stored) for stored in documents])
        return [errors.get(at) for at in range(len(documents))]

    async def _replace_all(self, replacements: list[Replacement]) -> Sequence[Outcome]:
        errors, found = await self._send([ReplaceOne(r.found, r.stored) for r in replacements])
        if found + len(errors) == len(replacements):
            return [errors.get(at, True) for at in range(len(replacements))]
        there = await self._there([r.found["_id"] for r in replacements])
        return [errors.get(at, bytes(r.stored.raw) in there) for at, r in enumerate(replacements)]

    async def _get_all(self, ids: list[str]) -> Sequence[Outcome]:
        with translated():
            stored = await self._documents.find({"_id": {"$in": list(set(ids))}}).to_list()
        docs = {doc["id"]: doc for doc in map(from_bson, stored)}
        given: set[str] = set()
        outcomes = []
        for id in ids:  # noqa: A001 - the field's own name
            outcomes.append(deepcopy(docs.get(id)) if id in given else docs.get(id))
            given.add(id)
        return outcomes

    async def _find_all(self, pipelines: list[Pipeline]) -> Sequence[Outcome]:
        outcomes: list[list[Doc]] = [[] for _ in pipelines]
        with translated():
            cursor = await self._documents.aggregate(all_of(self._kind, pipelines), batchSize=_ROUND_TRIP)
            for found in await cursor.to_list():
                outcomes[found["of"]].append(from_bson(found["doc"]))
        return outcomes

    async def _there(self, ids: list[str]) -> set[bytes]:
        """What is stored under these ids now."""
        with translated():
            return {bytes(stored.raw) for stored in await self._raw.find({"_id": {"$in": ids}}).to_list()}

    async def _send(self, writes: Writes) -> tuple[Errors, int]:
        """What was refused, and how many replacements found their document."""
        try:
            return {}, (await self._raw.bulk_write(writes, ordered=False)).matched_count
        except BulkWriteError as error:
            if error.details["writeConcernErrors"]:
                raise unavailable(error) from error
            refusals = error.details["writeErrors"]
            return {r["index"]: refused(self._kind, r) for r in refusals}, error.details["nMatched"]
        except OperationFailure as error:
            if error.timeout:
                raise unavailable(error) from error
            return await self._send_singly(writes, error)
        except PyMongoError as error:
            raise unavailable(error) from error

    async def _send_singly(self, writes: Writes, error: OperationFailure) -> tuple[Errors, int]:
        """Finds out whose fault it is that a batch was refused as a whole: one document nested too deep is enough."""
        if len(writes) == 1:
            return {0: refused(self._kind, error.details or {"errmsg": str(error)})}, 0
        singly = [await self._send([write]) for write in writes]
        errors = {at: refusal for at, (refusals, _) in enumerate(singly) for refusal in refusals.values()}
        return errors, sum(found for _, found in singly)
