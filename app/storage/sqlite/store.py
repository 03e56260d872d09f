"""The store port over SQLite: one thread writes, one reads, neither is the event loop's."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from app.storage.ports import Doc, Find, Kind, Where
from app.storage.sqlite import sql
from app.storage.sqlite.files import Files
from app.storage.sqlite.lane import Lane
from app.storage.sqlite.ledger import SqliteLedger
from app.storage.sqlite.schema import SqliteSchema
from app.storage.sqlite.sql import Statement, Table
from app.storage.sqlite.writer import Writer
from app.storage.sqlite.writes import Alone, Insert, Job, Replace


class SqliteStore:
    """Documents in one file. Other processes may use it too; each then waits for the other's commits."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._tables: dict[str, Table] = {}
        self._writes: Lane[Job] = Lane("sqlite-writer", Writer(files.writer, files.path).write)
        self._reads: Lane[Statement] = Lane("sqlite-reader", files.read)
        self.schema = SqliteSchema(self._writes)
        self.ledger = SqliteLedger(self, self._writes)

    @classmethod
    async def open(cls, path: str | Path) -> Self:
        """The store in this file, which is made if it is not there. `StoreUnavailable` says what is in the way."""
        return cls(await asyncio.to_thread(Files.open, str(path)))

    async def insert(self, kind: Kind, doc: Doc) -> None:
        table = self._table(kind)
        await self._writes.ask(Insert(table, table.row(doc)))

    async def replace(self, kind: Kind, doc: Doc, where: Where) -> bool:
        table = self._table(kind)
        kind.check(where.values())
        return bool(await self._writes.ask(Replace(table, table.row(doc), tuple(where), tuple(where.values()))))

    async def get(self, kind: Kind, id: str) -> Doc | None:  # noqa: A002 - the port's name
        kind.check((id,))
        docs = await self._reads.ask((sql.get(self._table(kind)), (id,)))
        return docs[0] if docs else None

    async def find(self, kind: Kind, query: Find) -> list[Doc]:
        docs: list[Doc] = await self._reads.ask(sql.find(self._table(kind), query))
        return docs

    async def count(self, kind: Kind, where: Where) -> int:
        return int(await self._reads.ask(sql.count(self._table(kind), where)))

    async def delete(self, kind: Kind, where: Where) -> int:
        statement, bound = sql.delete(self._table(kind), where)
        return int(await self._writes.ask(Alone(lambda db: db.execute(statement, bound).rowcount)))

    def jot(self, turn_id: str, n: int, text: str) -> None:
        self._files.pieces.jot(turn_id, n, text)

    async def jotted(self, turn_id: str) -> str:
        return self._files.pieces.jotted(turn_id)

    async def forget(self, turn_ids: Sequence[str]) -> None:
        self._files.pieces.forget(turn_ids)

    async def ping(self) -> str:
        # Reads the file too: its header is where a store that was replaced or lost its disk shows first.
        version, _ = await self._reads.ask(("SELECT json_array(sqlite_version(), count(*)) FROM sqlite_master", ()))
        return f"SQLite {version}"

    async def close(self) -> None:
        await self._writes.close()
        await self._reads.close()
        await asyncio.to_thread(self._files.close)

    def _table(self, kind: Kind) -> Table:
        if (table := self._tables.get(kind.name)) is None:
            table = self._tables[kind.name] = Table.of(kind)
        return table
