"""Group commit: the writes that have queued up share one transaction and one fsync, and each keeps its own outcome."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import orjson

from app.errors import Duplicate, StoreUnavailable
from app.storage.batches import Outcome
from app.storage.ports import Doc
from app.storage.sqlite import sql
from app.storage.sqlite.sql import Table
from app.storage.sqlite.together import NotTogether, together
from app.storage.sqlite.writes import Alone, Insert, Job, Replace, Shared, Within, Write


class Writer:
    """Executes writes in the order in which they were asked, or in one that comes to the same."""

    def __init__(self, db: sqlite3.Connection, path: str) -> None:
        self._db, self._path = db, path

    def write(self, jobs: list[Job]) -> list[Outcome]:
        """For each job what it came to, durable, or its error."""
        outcomes: list[Outcome] = []
        for run in _runs(jobs):
            try:
                outcomes += self._commit(run)
            except sqlite3.Error as error:
                outcomes += [unavailable(self._path, error) for _ in run]
        return outcomes

    def _commit(self, run: Sequence[Job]) -> list[Outcome]:
        if shared := _several(run):
            try:
                with transaction(self._db):
                    return _all(self._db, shared)
            except (sqlite3.IntegrityError, NotTogether):
                pass
        with transaction(self._db):
            return [_one(self._db, job) for job in run]


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


def _runs(jobs: list[Job]) -> Iterator[list[Job]]:
    """What may share a transaction, in order."""
    for alone, run in groupby(jobs, key=lambda job: isinstance(job, Alone)):
        if alone:
            yield from ([job] for job in run)
        else:
            yield list(run)


def _several(run: Sequence[Job]) -> list[Shared]:
    """The jobs of a run of more than one."""
    return [job for job in run if not isinstance(job, Alone)] if len(run) > 1 else []


def _all(db: sqlite3.Connection, jobs: Sequence[Shared]) -> list[Outcome]:
    """The writes of documents in few statements, and everything else by its kind of work."""
    written = iter(together(db, [job for job in jobs if not isinstance(job, Within)]))
    things = defaultdict(list)
    for job in jobs:
        if isinstance(job, Within):
            things[job.work].append(job.thing)
    done = {work: iter(work(db, those)) for work, those in things.items()}
    return [next(done[job.work]) if isinstance(job, Within) else next(written) for job in jobs]


def _one(db: sqlite3.Connection, job: Job) -> Outcome:
    match job:
        case Insert():
            return _insert(db, job)
        case Replace():
            return _replace(db, job)
        case Within():
            return job.work(db, [job.thing])[0]
        case Alone():
            return job.do(db)


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
        done = db.execute(sql.replace(write.table, write.checked), (*write.row, *write.values)).rowcount
    except sqlite3.IntegrityError as error:
        return _duplicate(write.table, error)
    return bool(done) or _stored(db, write) == [orjson.loads(write.row[-1])]


def _stored(db: sqlite3.Connection, write: Write) -> list[Doc]:
    """The document that is there under the id of this one."""
    ((found,),) = db.execute(sql.get(write.table), write.row[:1]).fetchall()
    docs: list[Doc] = orjson.loads(found)
    return docs


def _duplicate(table: Table, error: sqlite3.IntegrityError) -> Duplicate:
    """Which unique index it was: SQLite names its columns (`UNIQUE constraint failed: turns.session_id, turns.seq`)."""
    columns = tuple(name.rpartition(".")[2] for name in str(error).rpartition(": ")[2].split(", "))
    return Duplicate(table.name, table.kind.unique(columns))
