"""How migrations change a MongoDB store: `schema` holds the version and the migration lock."""

from typing import Any

import pymongo
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from app.storage.mongo.errors import translated
from app.storage.ports import PRESENT, Index, Kind

# An index over a large collection takes its time.
_CREATE_SECONDS = 3_600.0
_EXISTS = 48


class MongoSchema:
    """The `Schema` port over a database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database = database
        self._facts = database["schema"]

    async def version(self) -> int:
        with translated():
            found = await self._facts.find_one({"_id": "version"})
        return int(found["version"]) if found else 0

    async def set_version(self, version: int) -> None:
        with translated():
            await self._facts.replace_one({"_id": "version"}, {"version": version}, upsert=True)

    async def create(self, kind: Kind) -> None:
        with translated(), pymongo.timeout(_CREATE_SECONDS):
            await self._create_collection(kind.name)
            if kind.indexes:
                await self._database[kind.name].create_indexes([_model(index) for index in kind.indexes])

    async def lock(self, owner: str, seconds: float) -> bool:
        with translated():
            after = await self._facts.find_one_and_update(
                {"_id": "lock"}, [_taken(owner, seconds)], upsert=True, return_document=ReturnDocument.AFTER
            )
        return after is not None and bool(after["owner"] == owner)

    async def unlock(self, owner: str) -> None:
        with translated():
            await self._facts.delete_one({"_id": "lock", "owner": owner})

    async def _create_collection(self, name: str) -> None:
        try:
            await self._database.create_collection(name, check_exists=False)
        except OperationFailure as error:
            if error.code != _EXISTS:
                raise


def _taken(owner: str, seconds: float) -> dict[str, Any]:
    """The lock as it is after `owner` asked for it: by the server's clock, so that replicas agree on when it ends."""
    free = {"$or": [{"$eq": ["$owner", {"$literal": owner}]}, {"$lte": ["$until", "$$NOW"]}]}
    until = {"$add": ["$$NOW", round(seconds * 1_000)]}
    return {
        "$set": {
            "owner": {"$cond": [free, {"$literal": owner}, "$owner"]},
            "until": {"$cond": [free, until, "$until"]},
        }
    }


def _model(index: Index) -> IndexModel:
    keys = [("_id" if field == "id" else field, ASCENDING) for field in index.fields]
    if not index.where:
        return IndexModel(keys, name=index.name, unique=index.unique)
    # Any text is `>= ""`; unlike `$type`, the query planner sees that an equality lies within it.
    partial = {field: {"$gte": ""} if value == PRESENT else value for field, value in index.where}
    return IndexModel(keys, name=index.name, unique=index.unique, partialFilterExpression=partial)
