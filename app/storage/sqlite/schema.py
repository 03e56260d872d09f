"""How migrations change a SQLite store. Each change is one transaction."""

import sqlite3
from collections.abc import Callable
from typing import Any

from app.storage.ports import Kind
from app.storage.sqlite import sql
from app.storage.sqlite.lane import Lane
from app.storage.sqlite.sql import Table
from app.storage.sqlite.writes import Alone, Job

_LOCKS = "CREATE TABLE IF NOT EXISTS migration_lock (one INTEGER PRIMARY KEY CHECK (one = 1), owner TEXT, until REAL)"
# By SQLite's clock, so that processes that share the file agree on when a lock ends.
_LOCK = """
    INSERT INTO migration_lock VALUES (1, :owner, julianday('now') * 86400.0 + :seconds)
    ON CONFLICT (one) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE owner = excluded.owner OR until <= julianday('now') * 86400.0
"""


class SqliteSchema:
    """The `Schema` port over the writer of a store."""

    def __init__(self, writes: Lane[Job]) -> None:
        self._writes = writes

    async def version(self) -> int:
        return int(await self._do(lambda db: db.execute("PRAGMA user_version").fetchall()[0][0]))

    async def set_version(self, version: int) -> None:
        await self._do(lambda db: db.execute(f"PRAGMA user_version = {version:d}"))

    async def create(self, kind: Kind) -> None:
        await self._do(lambda db: _create(db, kind))

    async def lock(self, owner: str, seconds: float) -> bool:
        return bool(await self._do(lambda db: _lock(db, owner, seconds)))

    async def unlock(self, owner: str) -> None:
        await self._do(lambda db: _unlock(db, owner))

    async def _do(self, do: Callable[[sqlite3.Connection], Any]) -> Any:
        return await self._writes.ask(Alone(do))


def _create(db: sqlite3.Connection, kind: Kind) -> None:
    table = Table.of(kind)
    db.execute(sql.create_table(table))
    there = {column for (_, column, *_) in db.execute(f"PRAGMA table_info({table.name})").fetchall()}
    for field in table.fields:
        if field not in there:
            for statement in sql.add_column(table, field):
                db.execute(statement)
    for index in kind.indexes:
        db.execute(sql.create_index(table, index))


def _lock(db: sqlite3.Connection, owner: str, seconds: float) -> bool:
    db.execute(_LOCKS)
    return db.execute(_LOCK, {"owner": owner, "seconds": seconds}).rowcount > 0


def _unlock(db: sqlite3.Connection, owner: str) -> None:
    db.execute(_LOCKS)
    db.execute("DELETE FROM migration_lock WHERE owner = ?", (owner,))
