"""What the writer of a SQLite store is asked for."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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
class Within:
    """Anything else that may share a transaction: of no kind that is inserted or replaced, and fails only as SQLite
    does. Things of one `work` that come together are done in one go, with an outcome for each."""

    work: Callable[[sqlite3.Connection, list[Any]], Sequence[Any]]
    thing: Any


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """Anything else, in a transaction of its own."""

    do: Callable[[sqlite3.Connection], Any]


Write = Insert | Replace
Shared = Write | Within
Job = Shared | Alone
