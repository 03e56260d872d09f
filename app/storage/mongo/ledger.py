"""The ledger in MongoDB: each account is one document, and each change of it one atomic update.

What is asked of an account while one update is away makes up the next: every request is a stage of its pipeline, and
sees what those before it have left. A thousand turns that end at once do not queue up for the one document that way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from app.routing.ledger import Account, Demand, Hold, Name, Short
from app.storage.accounts import Accounts, account_of, head, id_of, stored
from app.storage.batches import Outcome
from app.storage.mongo.errors import translated
from app.storage.mongo.lane import Lane
from app.storage.ports import ACCOUNTS, Store

Stage = dict[str, Any]

_AT_ONCE = 250
"""Requests in one update; the server takes 1,000 stages."""

_HOLDS: Stage = {"$ifNull": ["$holds", []]}
_SPENT: Stage = {"$ifNull": ["$spent", 0]}
_DUE: Stage = {"$set": {"due": {"$min": "$holds.until"}}}


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """One request about one account."""

    name: Name
    stage: Stage


class MongoLedger(Accounts):
    """The `Ledger` port over the accounts of a database."""

    def __init__(self, store: Store, database: AsyncDatabase[dict[str, Any]]) -> None:
        super().__init__(store)
        self._accounts = database[ACCOUNTS.name]
        self._changes: Lane[_Change] = Lane(self._send, _AT_ONCE)

    async def reserve(self, hold: Hold, demands: Sequence[Demand]) -> Short | None:
        """As `Ledger.reserve`. What was held before an account was short is let go again."""
        for at, demand in enumerate(demands):
            account: Account = await self._changes.ask(_Change(demand.name, _reserved(hold, demand.limit)))
            if hold.lease not in account.holds:
                await self.settle(hold.lease, [earlier.name for earlier in demands[:at]], 0)
                return Short(demand.name, demand.limit - account.taken)
        return None

    async def settle(self, lease: str, names: Sequence[Name], cost: int) -> None:
        """As `Ledger.settle`."""
        await asyncio.gather(*(self._changes.ask(_Change(name, _settled(lease, cost))) for name in names))

    async def close(self) -> None:
        """Ends when everything asked is done."""
        await self._changes.close()

    async def _send(self, changes: list[_Change]) -> Sequence[Outcome]:
        stages: dict[Name, list[Stage]] = {}
        for change in changes:
            stages.setdefault(change.name, []).append(change.stage)
        after = dict(zip(stages, await asyncio.gather(*(self._update(*one) for one in stages.items())), strict=True))
        return [after[change.name] for change in changes]

    async def _update(self, name: Name, stages: list[Stage]) -> Account:
        begun = {"$set": {**{k: {"$literal": v} for k, v in head(name).items()}, "spent": _SPENT, "holds": _HOLDS}}
        with translated():
            try:
                return await self._apply(name, [begun, *stages, _DUE])
            except DuplicateKeyError:  # another replica's update has made the document meanwhile
                return await self._apply(name, [begun, *stages, _DUE])

    async def _apply(self, name: Name, pipeline: list[Stage]) -> Account:
        doc = await self._accounts.find_one_and_update(
            {"_id": id_of(name)}, pipeline, upsert=True, return_document=ReturnDocument.AFTER
        )
        return account_of(doc)


def _reserved(hold: Hold, limit: int) -> Stage:
    """`Account.reserved` for the server to do."""
    there = {"$in": [{"$literal": hold.lease}, "$holds.lease"]}
    taken = {"$add": ["$spent", {"$sum": "$holds.amount"}, hold.amount]}
    added = {"$concatArrays": ["$holds", [{"$literal": stored(hold)}]]}
    return {"$set": {"holds": {"$cond": [{"$or": [there, {"$gt": [taken, limit]}]}, "$holds", added]}}}


def _settled(lease: str, cost: int) -> Stage:
    """`Account.settled` for the server to do."""
    there = {"$in": [{"$literal": lease}, "$holds.lease"]}
    others = {"$filter": {"input": "$holds", "cond": {"$ne": ["$$this.lease", {"$literal": lease}]}}}
    spent = {"$cond": [there, {"$add": ["$spent", cost]}, "$spent"]}
    return {"$set": {"spent": spent, "holds": others}}
