"""Pieces of replies under way, in a file of their own that need only survive the process, not the machine.

Written in the calling thread without an fsync: what the operating system has taken survives a SIGKILL.
"""

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import orjson

from app.errors import StoreUnavailable
from app.storage.sqlite.connection import connect, log_ahead

# At the start there is time; later another process is through in microseconds, and every stream would feel a wait.
_START_SECONDS = 3.0
_BUSY_MILLISECONDS = 20
# Small enough that moving the log into the file is not felt either (0.8 MB).
_CHECKPOINT_PAGES = 200

_TABLE = """
    CREATE TABLE IF NOT EXISTS pieces (turn_id TEXT, n INTEGER, text TEXT, PRIMARY KEY (turn_id, n)) WITHOUT ROWID
"""

log = logging.getLogger("masterx.storage")


class Pieces:
    """Pieces by turn and number."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._failing = False
        self._db = connect(path, _START_SECONDS)

    @classmethod
    def open(cls, path: str) -> Self:
        """The pieces in this file, or none where a power cut has damaged it."""
        pieces = cls(path)
        if not pieces._damaged():
            return pieces
        pieces.close()
        log.warning("%s: damaged, so the pieces of replies in it are dropped", path)
        for name in (path, f"{path}-wal", f"{path}-shm"):
            Path(name).unlink(missing_ok=True)
        return cls(path)

    def prepare(self) -> None:
        """Makes the file what it has to be; raises `sqlite3.Error`."""
        log_ahead(self._db)
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        self._db.execute(_TABLE)

    def start(self) -> None:
        """From here on the event loop calls: no wait is to be felt."""
        self._db.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")

    def jot(self, turn_id: str, n: int, text: str) -> None:
        """Keeps a piece; a failure is logged when it begins, not for each piece."""
        try:
            self._db.execute("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)", (turn_id, n, text))
            self._failing = False
        except (sqlite3.Error, UnicodeError) as error:
            if not self._failing:
                log.warning("%s: pieces of replies are not kept for crash recovery: %s", self._path, error)
            self._failing = True

    def jotted(self, turn_id: str) -> str:
        """The pieces of a turn up to the first gap."""
        try:
            rows = self._db.execute("SELECT n, text FROM pieces WHERE turn_id = ? ORDER BY n", (turn_id,)).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path}: {error}") from error
        return "".join(text for at, (n, text) in enumerate(rows) if at == n)

    def turns(self) -> set[str]:
        """The turns that pieces are kept of."""
        return {turn_id for (turn_id,) in self._db.execute("SELECT DISTINCT turn_id FROM pieces").fetchall()}

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Drops the pieces of these turns."""
        ids = orjson.dumps(list(turn_ids)).decode()
        try:
            self._db.execute("DELETE FROM pieces WHERE turn_id IN (SELECT value FROM json_each(?))", (ids,))
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def _damaged(self) -> bool:
        try:
            return self._db.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]
        except sqlite3.DatabaseError as error:
            return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
