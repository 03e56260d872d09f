"""Pieces of replies under way, in a file of their own that need only survive the process, not the machine.

Written in the calling thread without an fsync: what the operating system has taken survives a SIGKILL.
"""

import logging
import sqlite3
from collections.abc import Sequence

import orjson

from app.errors import StoreUnavailable

# A writer of another process is through in microseconds; a wait longer than this would be felt by every stream.
_BUSY_SECONDS = 0.02
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
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        self._db.execute(_TABLE)

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
