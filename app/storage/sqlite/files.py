"""The files of a store and the connections to them: one that writes, one that reads, one for the pieces."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson

from app.storage.batches import Outcome
from app.storage.sqlite.pieces import Pieces
from app.storage.sqlite.sql import Statement
from app.storage.sqlite.writer import unavailable

# How long another process may keep the file to itself before a write gives up.
_BUSY_SECONDS = 3.0
# What is left of the log after a burst (bytes).
_LOG_LIMIT = 64 << 20
# Each size of a batch is a statement of its own: a handful of kinds times 64, 32 … 1 rows, and the queries.
_STATEMENTS = 256


@dataclass(frozen=True, slots=True)
class Files:
    """Open connections. Each is used by one thread."""

    path: str
    writer: sqlite3.Connection
    reader: sqlite3.Connection
    pieces: Pieces

    @classmethod
    def open(cls, path: str) -> Self:
        """The files at `path`, made where they are missing; `StoreUnavailable` says what is wrong with them."""
        try:
            writer = _writer(path)
            reader = _connect(f"{Path(path).absolute().as_uri()}?mode=ro")
            pieces = Pieces(f"{path}-pieces")
            # Turns first: one that is opened meanwhile is not among them.
            pieces.forget(sorted(pieces.turns() - _open_turns(writer)))
        except sqlite3.Error as error:
            raise unavailable(path, error) from error
        return cls(path, writer, reader, pieces)

    def read(self, statements: list[Statement]) -> list[Outcome]:
        """What each statement finds: the value of its JSON, or its error."""
        return [self._read(statement) for statement in statements]

    def close(self) -> None:
        """Lets go of the files; the last process to do so leaves no log behind."""
        self.reader.close()
        self.writer.close()
        self.pieces.close()

    def _read(self, statement: Statement) -> Outcome:
        try:
            ((found,),) = self.reader.execute(*statement).fetchall()
        except sqlite3.Error as error:
            return unavailable(self.path, error)
        return orjson.loads(found)


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )


def _writer(path: str) -> sqlite3.Connection:
    db = _connect(Path(path).absolute().as_uri())
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
    return db


def _open_turns(db: sqlite3.Connection) -> set[str]:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'turns'").fetchall():
        return set()
    return {turn_id for (turn_id,) in db.execute("SELECT id FROM turns WHERE state = 'open'").fetchall()}
