"""Graded answers from a table: `student,item,skill,correct` and, where it has them, `t`, `response_ms`, `hints`."""

import csv
import gzip
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import IO, NamedTuple

from app.errors import MasterxError
from app.learner.knowledge.fitting.examples import Log
from app.vocabulary import Answer

COLUMNS = ("student", "item", "skill", "correct")
LONGEST = 200
"""Characters of a name."""

_OUTCOMES = {"1": True, "0": False, "1.0": True, "0.0": False, "true": True, "false": False}


class BadTable(MasterxError):
    """A table that cannot be read; says where and why."""


class _Places(NamedTuple):
    """Which column holds what; `None` where there is none."""

    student: int
    item: int
    skill: int
    correct: int
    t: int | None
    response_ms: int | None
    hints: int | None


def read(path: Path) -> Log:
    """The answers in a file, gzip where its name ends so, by student in the order of its rows.

    Raises `BadTable` with the number of the line, the first being that of the names.
    """
    log: dict[str, list[Answer]] = {}
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as text:
            for student, answer in _rows(text, path.name):
                log.setdefault(student, []).append(answer)
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror or error}") from error
    except EOFError as error:
        raise BadTable(f"{path.name}: the file ends too soon") from error
    if not log:
        raise BadTable(f"{path.name}: no answers")
    return log


def _rows(text: IO[str], name: str) -> Iterator[tuple[str, Answer]]:
    lines = csv.reader(text)
    try:
        head = next(lines, [])
        places = _places(head, name)
        for row in lines:
            if row:
                yield _row(row, places, len(head))
    except (csv.Error, ValueError) as error:
        what = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise BadTable(f"{name}, line {lines.line_num}: {what}") from error


def _places(head: list[str], name: str) -> _Places:
    found = {column.strip().lower(): n for n, column in enumerate(head)}
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        raise BadTable(f"{name}, line 1: no column {', '.join(missing)}; it takes {','.join(COLUMNS)}[,t]")
    more = (found.get(column) for column in ("t", "response_ms", "hints"))
    return _Places(*(found[column] for column in COLUMNS), *more)


def _row(row: list[str], at: _Places, width: int) -> tuple[str, Answer]:
    if len(row) != width:
        raise ValueError(f"{len(row)} fields where {width} have names")
    outcome = _OUTCOMES.get(row[at.correct].strip().lower())
    if outcome is None:
        raise ValueError(f"correct={row[at.correct]!r}: it takes 0 or 1")
    student, skill, item = (
        _name(row[place], what) for place, what in ((at.student, "student"), (at.skill, "skill"), (at.item, "item"))
    )
    if not student or not skill:
        raise ValueError(f"no {'skill' if student else 'student'}")
    hints = _number(row, at.hints, "hints")
    answer = Answer(
        skill,
        outcome,
        item or None,
        _number(row, at.response_ms, "response_ms"),
        int(hints or 0),
        at=_number(row, at.t, "t"),
    )
    return student, answer


def _name(text: str, what: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"{what} of {len(text):,} characters; it takes {LONGEST} at most")
    return text.strip()


def _number(row: list[str], place: int | None, what: str) -> float | None:
    if place is None or not row[place].strip():
        return None
    try:
        number = float(row[place])
    except ValueError:
        number = -1.0
    if not isfinite(number) or number < 0.0:
        raise ValueError(f"{what}={row[place]!r}: it takes a number, 0 or more")
    return number
