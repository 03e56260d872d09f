"""Accounts of money as documents, and what both ledgers do with them alike: all that changes no money."""

import json
from typing import Any

from app.routing.ledger import Account, Hold, Name
from app.storage.ports import ACCOUNTS, Doc, Find, Store
from app.vocabulary import SCHEMA

_AT_ONCE = 200


def id_of(name: Name) -> str:
    """The document's id: unlike any other account's, whatever workspaces and learners are called."""
    return json.dumps([name.day, name.workspace, name.learner_id], separators=(",", ":"))


def head(name: Name) -> Doc:
    """What a document says besides the money."""
    return {"workspace": name.workspace, "learner_id": name.learner_id, "day": name.day, "schema": SCHEMA}


def doc_of(name: Name, account: Account) -> Doc:
    """An account as its document; `due` is when the first of its holds is overdue."""
    holds = [stored(hold) for hold in account.holds.values()]
    due = min((hold.until for hold in account.holds.values()), default=None)
    return {"id": id_of(name), **head(name), "due": due, "spent": account.spent, "holds": holds}


def stored(hold: Hold) -> Doc:
    """A hold inside of its account's document."""
    return {"lease": hold.lease, "amount": hold.amount, "until": hold.until}


def account_of(doc: dict[str, Any] | None) -> Account:
    """The account in a document; an empty one where there is none."""
    if doc is None:
        return Account()
    holds = (Hold(h["lease"], h["amount"], h["until"]) for h in doc["holds"])
    return Account(doc["spent"], {hold.lease: hold for hold in holds})


class Accounts:
    """The part of a ledger that reads, and that removes old days."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def view(self, name: Name) -> Account:
        """As `Ledger.view`."""
        return account_of(await self._store.get(ACCOUNTS, id_of(name)))

    async def overdue(self, now: float) -> list[tuple[Name, Hold]]:
        """As `Ledger.overdue`."""
        # Past 0: accounts that hold nothing have no `due`.
        docs = await self._store.find(ACCOUNTS, Find({}, order="due", after=0, limit=_AT_ONCE))
        return [
            (Name(doc["day"], doc["workspace"], doc["learner_id"]), hold)
            for doc in docs
            for hold in account_of(doc).holds.values()
            if hold.until <= now
        ]

    async def forget(self, before: str) -> int:
        """As `Ledger.forget`."""
        removed = 0
        while oldest := await self._store.find(ACCOUNTS, Find({}, order="day", limit=1)):
            day = oldest[0]["day"]
            if day >= before:
                break
            removed += await self._store.delete(ACCOUNTS, {"day": day})
        return removed
