"""The SQLite store: one file, one process, nothing to set up. The default."""

from app.storage.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
