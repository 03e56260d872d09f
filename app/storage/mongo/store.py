"""The store port over MongoDB: majority and journal for every write, the primary for every read."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from app.storage.mongo.collection import Collection
from app.storage.mongo.errors import translated
from app.storage.mongo.ledger import MongoLedger
from app.storage.mongo.pieces import Pieces
from app.storage.mongo.schema import MongoSchema
from app.storage.ports import Doc, Find, Kind, Where

DATABASE = "masterx"
"""Where the URL names no database."""

# For one call with its retries, unless the URL says otherwise (`timeoutMS`).
_MILLISECONDS = 3_000
_GOODBYE_SECONDS = 2.0
_OWN_LIMIT = re.compile(r"[?&]timeoutMS=", re.IGNORECASE)

Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]


class MongoStore:
    """Documents in one database, shared by all replicas of the service."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client, self._database = client, database
        self._collections: dict[str, Collection] = {}
        self._pieces = Pieces(database)
        self.schema = MongoSchema(database)
        self.ledger = MongoLedger(self, database)

    @classmethod
    async def open(cls, url: str) -> Self:
        """The store at a `mongodb://` or `mongodb+srv://` URL; `StoreUnavailable` if it does not answer."""
        async with AsyncExitStack() as unless_open:
            with translated():
                client: Client = AsyncMongoClient(url, appname=DATABASE, **_limits(url))
                unless_open.push_async_callback(client.close)
                store = cls(client, _database(client))
                await store.ping()
                await store._pieces.sweep()
            unless_open.pop_all()
        return store

    async def insert(self, kind: Kind, doc: Doc) -> None:
        await self._collection(kind).insert(doc)

    async def replace(self, kind: Kind, doc: Doc, where: Where) -> bool:
        return await self._collection(kind).replace(doc, where)

    async def get(self, kind: Kind, id: str) -> Doc | None:  # noqa: A002 - the port's name
        return await self._collection(kind).get(id)

    async def find(self, kind: Kind, query: Find) -> list[Doc]:
        return await self._collection(kind).find(query)

    async def count(self, kind: Kind, where: Where) -> int:
        return await self._collection(kind).count(where)

    async def delete(self, kind: Kind, where: Where) -> int:
        return await self._collection(kind).delete(where)

    def jot(self, turn_id: str, n: int, text: str) -> None:
        self._pieces.jot(turn_id, n, text)

    async def jotted(self, turn_id: str) -> str:
        return await self._pieces.jotted(turn_id)

    async def forget(self, turn_ids: Sequence[str]) -> None:
        await self._pieces.forget(turn_ids)

    async def ping(self) -> str:
        with translated():
            answer = await self._database.command("buildInfo")
        return f"MongoDB {answer['version']}"

    async def close(self) -> None:
        await asyncio.gather(*(collection.close() for collection in self._collections.values()))
        await self.ledger.close()
        await self._pieces.close()
        # It would tell the server which sessions end, and wait half a minute for one that is gone.
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._client.close()

    def _collection(self, kind: Kind) -> Collection:
        if (collection := self._collections.get(kind.name)) is None:
            collection = self._collections[kind.name] = Collection(kind, self._database)
        return collection


def _limits(url: str) -> dict[str, Any]:
    return {} if _OWN_LIMIT.search(url) else {"timeoutMS": _MILLISECONDS}


def _database(client: Client) -> Database:
    return client.get_default_database(
        DATABASE,
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern("majority", j=True),
    )
