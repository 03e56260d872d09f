"""Many writes in few statements.

Each statement releases the interpreter's lock once and has to take it back from a busy event loop, so a batch of 64
inserts is one statement of 64 rows, not 64.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from app.storage.batches import Outcome
from app.storage.sqlite import sql
from app.storage.sqlite.sql import Row, Table
from app.storage.sqlite.writes import Insert, Replace, Write

_MOST = 64


class NotTogether(Exception):
    """A replacement did not find its document as it wanted it, or moves it to other unique values."""


def together(db: sqlite3.Connection, writes: Sequence[Write]) -> list[Outcome]:
    """What writes come to that all succeed.

    Raises `sqlite3.IntegrityError` or `NotTogether` when one does not: take the transaction back then, and do them one
    by one.
    """
    for some in _independent(writes):
        _insert(db, [write for write in some if isinstance(write, Insert)])
        _replace(db, [write for write in some if isinstance(write, Replace)])
    return [None if isinstance(write, Insert) else True for write in writes]


def _independent(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Cuts before a write that shares an id or another unique value with one before it: between cuts the order of
    writes is of no consequence."""
    some: list[Write] = []
    taken: set[Row] = set()
    for write in writes:
        values = write.table.unique_values(write.row)
        if not taken.isdisjoint(values):
            yield some
            some, taken = [], set()
        some.append(write)
        taken.update(values)
    yield some


def _insert(db: sqlite3.Connection, writes: list[Insert]) -> None:
    by_table: dict[Table, list[Row]] = defaultdict(list)
    for write in writes:
        by_table[write.table].append(write.row)
    for table, rows in by_table.items():
        for portion in _portions(rows):
            db.execute(sql.insert(table, len(portion)), tuple(chain.from_iterable(portion)))


def _replace(db: sqlite3.Connection, writes: list[Replace]) -> None:
    by_form: dict[tuple[Table, tuple[str, ...]], list[Row]] = defaultdict(list)
    for write in writes:
        by_form[write.table, write.checked].append((*write.row, *write.values))
    for (table, checked), rows in by_form.items():
        for portion in _portions(rows):
            statement = sql.replace_unmoved(table, checked, len(portion))
            if db.execute(statement, tuple(chain.from_iterable(portion))).rowcount < len(portion):
                raise NotTogether


def _portions(rows: list[Row]) -> Iterator[list[Row]]:
    """Portions of 64, 32, 16 … 1 rows, so that a few prepared statements do for any number."""
    start, size = 0, _MOST
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size
