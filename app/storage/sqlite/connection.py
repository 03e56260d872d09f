"""Connections to a file, as every part of the store wants them."""

import sqlite3
import time
from pathlib import Path

# Each size of a batch is a statement of its own: a handful of kinds times 64, 32 … 1 rows, and the queries.
_STATEMENTS = 256
_PAUSES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def connect(path: str, busy_seconds: float, options: str = "") -> sqlite3.Connection:
    """A connection that waits so long for other processes, without Python's own idea of transactions."""
    return sqlite3.connect(
        f"{Path(path).absolute().as_uri()}{options}",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )


def log_ahead(db: sqlite3.Connection) -> None:
    """Puts a file into write-ahead mode, where readers and the writer do not wait for each other.

    For this switch alone SQLite does not wait for another process that is at it too.
    """
    for pause in _PAUSES:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(pause)
        else:
            return
    db.execute("PRAGMA journal_mode = WAL")
