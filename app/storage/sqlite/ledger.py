"""The ledger in a SQLite file: the rule of `Account` itself, in a transaction that other writes of the moment share.

What is asked at the same time reads and writes each account once: a thousand turns that begin together cost not much
more than one of them.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from app.routing.ledger import Account, Demand, Hold, Name, Short
from app.storage.accounts import Accounts, account_of, doc_of, id_of
from app.storage.ports import ACCOUNTS, Store
from app.storage.sqlite import sql
from app.storage.sqlite.lane import Lane
from app.storage.sqlite.sql import Table
from app.storage.sqlite.writes import Job, Within


@dataclass(frozen=True, slots=True, eq=False)
class _Reserve:
    hold: Hold
    demands: Sequence[Demand]


@dataclass(frozen=True, slots=True, eq=False)
class _Settle:
    lease: str
    names: Sequence[Name]
    cost: int


class SqliteLedger(Accounts):
    """The `Ledger` port over the writer of a store."""

    def __init__(self, store: Store, writes: Lane[Job]) -> None:
        super().__init__(store)
        self._writes = writes

    async def reserve(self, hold: Hold, demands: Sequence[Demand]) -> Short | None:
        """As `Ledger.reserve`."""
        short: Short | None = await self._writes.ask(Within(_post, _Reserve(hold, demands)))
        return short

    async def settle(self, lease: str, names: Sequence[Name], cost: int) -> None:
        """As `Ledger.settle`."""
        await self._writes.ask(Within(_post, _Settle(lease, names, cost)))


def _post(db: sqlite3.Connection, changes: list[_Reserve | _Settle]) -> list[Short | None]:
    """What each change comes to, in the order in which they were asked for."""
    book = _Book(db)
    outcomes = [book.change(one) for one in changes]
    book.write()
    return outcomes


class _Book:
    """The accounts that one transaction is about."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db, self._table = db, Table.of(ACCOUNTS)
        self._accounts: dict[Name, Account] = {}
        self._changed: dict[Name, Account] = {}

    def change(self, asked: _Reserve | _Settle) -> Short | None:
        """Reserves or settles; the account that is short, if one is."""
        if isinstance(asked, _Reserve):
            return self._reserve(asked)
        self._keep({name: self._account(name).settled(asked.lease, asked.cost) for name in asked.names})
        return None

    def _reserve(self, asked: _Reserve) -> Short | None:
        after: dict[Name, Account] = {}
        for demand in asked.demands:
            before = self._account(demand.name)
            after[demand.name], granted = before.reserved(asked.hold, demand.limit)
            if not granted:
                return Short(demand.name, demand.limit - before.taken)
        self._keep(after)
        return None

    def write(self) -> None:
        """Puts what has changed into the file."""
        for name, account in self._changed.items():
            row = self._table.row(doc_of(name, account))
            if not self._db.execute(sql.replace(self._table, ()), row).rowcount:
                self._db.execute(sql.insert(self._table, 1), row)

    def _keep(self, accounts: dict[Name, Account]) -> None:
        changed = {name: account for name, account in accounts.items() if account is not self._accounts[name]}
        self._accounts.update(changed)
        self._changed.update(changed)

    def _account(self, name: Name) -> Account:
        if name not in self._accounts:
            ((found,),) = self._db.execute(sql.get(self._table), (id_of(name),)).fetchall()
            docs = orjson.loads(found)
            self._accounts[name] = account_of(docs[0] if docs else None)
        return self._accounts[name]
