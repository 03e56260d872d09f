"""Group commit: the writes that have queued up share one transaction and one fsync, and each keeps its own outcome."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson

from app.errors import Duplicate, StoreUnavailable
from app.storage.batches import Outcome
from app.storage.ports import Doc
from app.storage.sqlite import sql
from app.storage.sqlite.sql import Row, Table


@dataclass(frozen=True, slots=True, eq=False)
class Insert:
    """A row to add."""

    table: Table
    row: Row


@dataclass(frozen=True, slots=True, eq=False)
class Replace:
    """A row to put in the place of the one with its id, if the `checked` fields there have these `values`."""

    table: Table
    row: Row
    checked: tuple[str, ...]
    values: Row


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """Anything else, in a transaction of its own."""

    do: Callable[[sqlite3.Connection], Any]


Write = Insert | Replace | Alone


class Writer:
    """Executes writes in the order of their submission, or in one that comes to the same."""

    def __init__(self, db: sqlite3.Connection, path: str) -> None:
        self._db, self._path = db, path

    def write(self, writes: list[Write]) -> list[Outcome]:
        """For each write what it came to, durable, or its error."""
        outcomes: list[Outcome] = []
        for segment in _segments(writes):
            try:
                outcomes += self._commit(segment)
            except sqlite3.Error as error:
                outcomes += [unavailable(self._path, error) for _ in segment]
        return outcomes

    def _commit(self, writes: list[Write]) -> list[Outcome]:
        if len(writes) > 1:
            try:
                with transaction(self._db):
                    return _together(self._db, writes)
            except (sqlite3.IntegrityError, _NotAll):
                pass
        with transaction(self._db):
            return [_one(self._db, write) for write in writes]


class _NotAll(Exception):
    """Not every replacement found its document as it wanted it."""


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commits at the end, or takes everything back."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def unavailable(path: str, error: sqlite3.Error) -> StoreUnavailable:
    """SQLite's own words, with the file that they are about."""
    return StoreUnavailable(f"{path}: {error}")


def _segments(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Cuts where the order matters for sure: before a second write of one document, and around what stands alone."""
    segment: list[Write] = []
    seen: set[tuple[str, str]] = set()
    for write in writes:
        document = None if isinstance(write, Alone) else (write.table.name, write.row[0])
        if segment and (document is None or document in seen or isinstance(segment[-1], Alone)):
            yield segment
            segment, seen = [], set()
        segment.append(write)
        if document:
            seen.add(document)
    yield segment


def _together(db: sqlite3.Connection, writes: Sequence[Write]) -> list[Outcome]:
    """All inserts by table, then all replacements, each group in a few statements.

    If all of them succeed, they do in the order of submission too, with the same result: each has its own document, a
    key that a replacement takes is refused there as here, and a key that one gives up too late is refused only here.
    A refusal ends in `IntegrityError` or `_NotAll`; they are done again one by one then.
    """
    _insert_all(db, [write for write in writes if isinstance(write, Insert)])
    _replace_all(db, [write for write in writes if isinstance(write, Replace)])
    return [None if isinstance(write, Insert) else True for write in writes]


def _insert_all(db: sqlite3.Connection, writes: list[Insert]) -> None:
    by_table: dict[Table, list[Row]] = defaultdict(list)
    for write in writes:
        by_table[write.table].append(write.row)
    for table, rows in by_table.items():
        for some in _portions(rows):
            db.execute(sql.insert(table, len(some)), tuple(chain.from_iterable(some)))


def _replace_all(db: sqlite3.Connection, writes: list[Replace]) -> None:
    by_form: dict[tuple[Table, tuple[str, ...]], list[Row]] = defaultdict(list)
    for write in writes:
        by_form[write.table, write.checked].append((*write.row, *write.values))
    for (table, checked), rows in by_form.items():
        for some in _portions(rows):
            done = db.execute(sql.replace(table, checked, len(some)), tuple(chain.from_iterable(some))).rowcount
            if done < len(some):
                raise _NotAll


def _portions(rows: list[Row]) -> Iterator[list[Row]]:
    """Portions of 64, 32, 16 … 1 rows: few statements to prepare, and few to run."""
    start, size = 0, 64
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def _one(db: sqlite3.Connection, write: Write) -> Outcome:
    match write:
        case Insert():
            return _insert(db, write)
        case Replace():
            return _replace(db, write)
        case Alone():
            return write.do(db)


def _insert(db: sqlite3.Connection, write: Insert) -> Duplicate | None:
    try:
        db.execute(sql.insert(write.table, 1), write.row)
    except sqlite3.IntegrityError as error:
        # SQLite names the index it looked at first, and that is not the one of the id.
        taken = _stored(db, write)
        return Duplicate(write.table.name, "id") if taken else _duplicate(write.table, error)
    return None


def _replace(db: sqlite3.Connection, write: Replace) -> Duplicate | bool:
    try:
        done = db.execute(sql.replace(write.table, write.checked, 1), (*write.row, *write.values)).rowcount
    except sqlite3.IntegrityError as error:
        return _duplicate(write.table, error)
    return bool(done) or _stored(db, write) == [orjson.loads(write.row[-1])]


def _stored(db: sqlite3.Connection, write: Insert | Replace) -> list[Doc]:
    """The document that is there under the id of this one."""
    ((found,),) = db.execute(sql.get(write.table), write.row[:1]).fetchall()
    docs: list[Doc] = orjson.loads(found)
    return docs


def _duplicate(table: Table, error: sqlite3.IntegrityError) -> Duplicate:
    """Which unique index it was: SQLite names its columns (`UNIQUE constraint failed: turns.session_id, turns.seq`)."""
    columns = tuple(name.rpartition(".")[2] for name in str(error).rpartition(": ")[2].split(", "))
    return Duplicate(table.name, table.kind.unique(columns))
