"""The files of a store and the connections to them: one that writes, one that reads, one for the pieces."""

import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Self

import orjson

from app.storage.batches import Outcome
from app.storage.sqlite.connection import connect, log_ahead
from app.storage.sqlite.pieces import Pieces
from app.storage.sqlite.sql import Statement
from app.storage.sqlite.writer import unavailable

# How long another process may keep the file to itself before a write gives up.
_BUSY_SECONDS = 3.0
# What is left of the log after a burst (bytes).
_LOG_LIMIT = 64 << 20


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
        with ExitStack() as unless_open:
            try:
                writer = unless_open.enter_context(closing(connect(path, _BUSY_SECONDS)))
                _prepare(writer)
                reader = unless_open.enter_context(closing(connect(path, _BUSY_SECONDS, "?mode=ro")))
                pieces = unless_open.enter_context(closing(Pieces.open(f"{path}-pieces")))
                pieces.prepare()
                # The pieces first: what is jotted of a turn that is opened meanwhile is not among them.
                pieces.forget(sorted(pieces.turns() - _open_turns(writer)))
                pieces.start()
            except sqlite3.Error as error:
                raise unavailable(path, error) from error
            unless_open.pop_all()
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


def _prepare(writer: sqlite3.Connection) -> None:
    log_ahead(writer)
    writer.execute("PRAGMA synchronous = FULL")
    writer.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")


def _open_turns(db: sqlite3.Connection) -> set[str]:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'turns'").fetchall():
        return set()
    return {turn_id for (turn_id,) in db.execute("SELECT id FROM turns WHERE state = 'open'").fetchall()}
