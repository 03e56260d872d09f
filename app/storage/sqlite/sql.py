"""The SQL of a kind: a table with a column for each indexed field, and the document itself as JSON text.

Tables have a rowid, because documents of 1 to 4 KB stay on their leaf page there: WITHOUT ROWID took 2.5 times the CPU
for an insert of 1 KB.
"""

# ruff: noqa: S608 - what is put into the SQL are names from `storage/ports.py`; values are bound or quoted
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import orjson

from app.errors import FieldError, Invalid
from app.storage.ports import PRESENT, Doc, Find, Index, Kind, Where

Row = tuple[Any, ...]
Statement = tuple[str, Row]
"""SQL and what is bound to it."""
Shape = tuple[str, ...]
"""The terms of a condition, without the values."""

_STATEMENTS = 512

# The documents found come as one row: each row is a release of the interpreter's lock, and taking it back from a busy
# event loop can cost milliseconds.
_TOGETHER = "'[' || coalesce(group_concat(doc), '') || ']'"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """How a kind is kept: `fixed` are the values partial indexes ask for, `unique` the columns of unique indexes."""

    kind: Kind
    name: str
    fields: tuple[str, ...]
    fixed: frozenset[tuple[str, str]]
    known: frozenset[str]
    unique: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, kind: Kind) -> "Table":
        """The table of a kind."""
        fixed = frozenset(w for index in kind.indexes for w in index.where if w[1] != PRESENT)
        columns = ("id", *kind.fields)
        unique = tuple(tuple(map(columns.index, index.fields)) for index in kind.indexes if index.unique)
        return cls(kind, kind.name, kind.fields, fixed, frozenset(columns), ((0,), *unique))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in the order of a row."""
        return ("id", *self.fields, "doc")

    def row(self, doc: Doc) -> Row:
        """A document as its row; `Invalid` if it cannot be kept."""
        try:
            text = orjson.dumps(doc).decode()
        except TypeError as error:
            raise Invalid([FieldError(self.name, str(error))]) from error
        return (doc["id"], *self.kind.indexed(doc), text)

    def unique_values(self, row: Row) -> list[Row]:
        """What a row has, or may have, to itself: table, index, values. A null is not unique."""
        found = []
        for at, columns in enumerate(self.unique):
            values = [row[column] for column in columns]
            if None not in values:
                found.append((self.name, at, *values))
        return found

    def condition(self, where: Where) -> tuple[Shape, Row]:
        """The terms of `where`, and the values to bind.

        Null and the values of partial indexes are part of the SQL: bound, they would hide that an index will do.
        """
        self.kind.check(where.values())
        shape, bound = [], []
        for field, value in where.items():
            if field not in self.known:
                raise ValueError(f"{self.name} has no index by {field}")
            if value is None:
                shape.append(f"{field} IS NULL")
            elif (field, value) in self.fixed:
                shape.append(f"{field} = {_quoted(value)}")
            else:
                shape.append(f"{field} = ?")
                bound.append(value)
        return tuple(shape), tuple(bound)

    def value(self, field: str) -> str:
        """SQL for the value of any top-level field of `t`."""
        if not field.isidentifier():
            raise ValueError(f"{field!r} is no name of a field")
        return f"t.{field}" if field in self.known else f"json_extract(t.doc, '$.{field}')"


@lru_cache(_STATEMENTS)
def insert(table: Table, rows: int) -> str:
    """Adds so many rows in one step of one statement."""
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES {_values(len(table.columns), rows)}"


@lru_cache(_STATEMENTS)
def replace(table: Table, checked: tuple[str, ...], rows: int = 1) -> str:
    """Updates so many rows by id, each one if `checked` still have the values that follow its row."""
    width = len(table.columns)
    changes = ", ".join(f"{column} = v.column{n}" for n, column in enumerate(table.columns[1:], 2))
    still = "".join(f" AND {table.value(field)} IS v.column{n}" for n, field in enumerate(checked, width + 1))
    values = _values(width + len(checked), rows)
    return f"UPDATE {table.name} AS t SET {changes} FROM (VALUES {values}) AS v WHERE t.id = v.column1{still}"


@lru_cache(_STATEMENTS)
def replace_unmoved(table: Table, checked: tuple[str, ...], rows: int) -> str:
    """The same for rows that stay where they are in every unique index; others are not updated."""
    kept = "".join(f" AND t.{table.columns[at]} IS v.column{at + 1}" for at in sorted({*chain(*table.unique)}))
    return replace(table, checked, rows) + kept


@lru_cache(_STATEMENTS)
def get(table: Table) -> str:
    """The document with an id, if there is one, as one text like those of `find`."""
    return f"SELECT {_TOGETHER} FROM {table.name} WHERE id = ?"


def find(table: Table, query: Find) -> Statement:
    """The documents a query asks for, as one text: a JSON array."""
    shape, bound = table.condition(query.where)
    past = () if query.after is None else (query.after,)
    table.kind.check(past)
    return _find(table, shape, query.order, bool(past)), (*bound, *past, query.limit)


@lru_cache(_STATEMENTS)
def _find(table: Table, shape: Shape, order: str, past: bool) -> str:
    field, down = order.removeprefix("-"), order.startswith("-")
    if field not in table.known:
        raise ValueError(f"{table.name} has no order by {field}")
    if past:
        shape = (*shape, f"{field} {'<' if down else '>'} ?")
    found = f"SELECT doc FROM {table.name}{_where(shape)} ORDER BY {field}{' DESC' if down else ''} LIMIT ?"
    return f"SELECT {_TOGETHER} FROM ({found})"


def count(table: Table, where: Where) -> Statement:
    """How many documents have these values, as a text of JSON like those of `find`."""
    shape, bound = table.condition(where)
    return f"SELECT CAST(count(*) AS TEXT) FROM {table.name}{_where(shape)}", bound


def delete(table: Table, where: Where) -> Statement:
    """Removes the documents with these values."""
    shape, bound = table.condition(where)
    return f"DELETE FROM {table.name}{_where(shape)}", bound


def create_table(table: Table) -> str:
    """Makes the table of a kind without its indexes."""
    fields = "".join(f"{field}, " for field in table.fields)
    return f"CREATE TABLE IF NOT EXISTS {table.name} (id TEXT PRIMARY KEY NOT NULL, {fields}doc TEXT NOT NULL)"


def add_column(table: Table, field: str) -> tuple[str, str]:
    """Gives an older table the column of a field that has come to be indexed, and fills it."""
    return (
        f"ALTER TABLE {table.name} ADD COLUMN {field}",
        f"UPDATE {table.name} SET {field} = json_extract(doc, '$.{field}')",
    )


def create_index(table: Table, index: Index) -> str:
    """Makes one index of a kind."""
    unique = "UNIQUE " if index.unique else ""
    shape = tuple(f"{f} IS NOT NULL" if v == PRESENT else f"{f} = {_quoted(v)}" for f, v in index.where)
    name, fields = f"{table.name}_{index.name}", ", ".join(index.fields)
    return f"CREATE {unique}INDEX IF NOT EXISTS {name} ON {table.name} ({fields}){_where(shape)}"


def _where(shape: Shape) -> str:
    return f" WHERE {' AND '.join(shape)}" if shape else ""


def _values(columns: int, rows: int) -> str:
    return ", ".join([f"({_marks(columns)})"] * rows)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
