"""The files of a recording, and the lines in them."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import ReplayError
from app.replay import locomo
from app.replay.lines import LINE_LIMIT

SUFFIXES = (".jsonl", ".ndjson", ".json")
"""What the files of a folder must end with to be played."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of lines; `name` is what people call it."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line is: its file, the byte it begins at, its number from 1."""

    source: Source
    offset: int
    number: int

    def __str__(self) -> str:
        return f"{self.source.name} line {self.number}"


@dataclass(frozen=True, slots=True)
class Found:
    """The files to play, and the names of those in the folder that are none."""

    sources: tuple[Source, ...]
    passed_over: tuple[str, ...] = ()


def found(given: str, scratch: Path) -> Found:
    """The files that `given` names: one, all of a folder, or `-` for standard input.

    What has to be rewritten to be read in lines is put into the folder `scratch`. Raises `ReplayError`.
    """
    try:
        if given == "-":
            return Found((_spooled(scratch),))
        path = Path(given)
        files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
        played = [one for one in files if one == path or one.suffix.lower() in SUFFIXES]
        others = tuple(one.name for one in files if one not in played)
        return Found(tuple(_source(one, scratch) for one in played), others)
    except OSError as error:
        raise ReplayError(f"{error.filename or given}: cannot be read: {error.strerror or error}") from error


def lines(source: Source) -> Iterator[tuple[Place, bytes]]:
    """Each line with its place; of one over the limit only the beginning, so that no line fills the memory."""
    try:
        with source.path.open("rb") as file:
            number, offset = 0, 0
            while raw := file.readline(LINE_LIMIT + 1):
                number += 1
                yield Place(source, offset, number), raw
                offset += len(raw)
                while len(raw) > LINE_LIMIT and not raw.endswith(b"\n"):
                    raw = file.readline(LINE_LIMIT + 1)
                    offset += len(raw)
    except OSError as error:
        raise ReplayError(f"{source.name}: cannot be read: {error.strerror or error}") from error


def _source(path: Path, scratch: Path) -> Source:
    return Source(path.name, locomo.rewritten(path, scratch) or path)


def _spooled(scratch: Path) -> Source:
    """Standard input as a file: it is read twice."""
    path = scratch / "standard-input.jsonl"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return Source("standard input", path)
