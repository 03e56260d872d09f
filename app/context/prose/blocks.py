"""Lines of text into blocks: what is prose, and what only makes sense as a whole. In linear time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["prose", "item", "quote", "code", "table", "formula"]

WHOLE: frozenset[Kind] = frozenset({"code", "table", "formula"})
"""Blocks that are never taken apart, nor left out."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text, from `start` up to `end`; between two blocks there is nothing but white space."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_LINE = re.compile(r"[^\n]+")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+\S")
_FENCE = re.compile(r"[ \t]*(```|~~~)")
_OPENS = {"$$": "$$", "\\[": "\\]", "\\begin{": "\\end{"}


def blocks(text: str) -> Iterator[Block]:
    """The blocks of `text`, in order; together they hold all of it but white space."""
    lines = [_Line(m.start(), m[0]) for m in _LINE.finditer(text) if not m[0].isspace()]
    n = 0
    while n < len(lines):
        kind, last = _block(lines, n)
        first = lines[n]
        # The margin of what is indented is part of it.
        start = first.start + (0 if kind in ("code", "item") else len(first.text) - len(first.text.lstrip()))
        yield Block(kind, start, last.start + len(last.text.rstrip()))
        n += 1
        while n < len(lines) and lines[n].start <= last.start:
            n += 1


def _block(lines: list[_Line], n: int) -> tuple[Kind, _Line]:
    """What begins at line `n`, and its last line."""
    line = lines[n].text
    if fence := _FENCE.match(line):
        return "code", _until(lines, n, fence[1])
    if opens := next((mark for mark in _OPENS if line.lstrip().startswith(mark)), None):
        closed = _OPENS[opens] in line.lstrip()[len(opens) :]
        return "formula", lines[n] if closed else _until(lines, n, _OPENS[opens])
    if _margin(line) and not _ITEM.match(line) and _alone(lines, n):
        return "code", _while(lines, n, lambda at: _margin(lines[at].text))
    if _is_table(lines, n):
        return "table", _while(lines, n, lambda at: _row(lines[at].text))
    return _text(lines, n)


def _text(lines: list[_Line], n: int) -> tuple[Kind, _Line]:
    line = lines[n].text
    if line.lstrip().startswith(">"):
        return "quote", lines[n]
    if _ITEM.match(line):
        return "item", _while(lines, n, lambda at: lines[at].text[0].isspace() and not _begins(lines, at))
    return "prose", _while(lines, n, lambda at: not _begins(lines, at))


def _row(line: str) -> bool:
    return line.count("|") >= 2 or line.count("\t") >= 2


def _is_table(lines: list[_Line], n: int) -> bool:
    return _row(lines[n].text) and n + 1 < len(lines) and _row(lines[n + 1].text)


def _margin(line: str) -> bool:
    return line.startswith(("    ", "\t"))


def _alone(lines: list[_Line], n: int) -> bool:
    """Whether line `n` comes after a blank one, or first."""
    return n == 0 or lines[n].start - lines[n - 1].end > 1


def _until(lines: list[_Line], n: int, mark: str) -> _Line:
    """The next line after `n` that has the mark; the last one where none has."""
    return next((lines[at] for at in range(n + 1, len(lines)) if mark in lines[at].text), lines[-1])


def _while(lines: list[_Line], n: int, holds: Callable[[int], bool]) -> _Line:
    """The last of the lines from `n` on of which this holds."""
    last = n
    while last + 1 < len(lines) and holds(last + 1):
        last += 1
    return lines[last]


def _begins(lines: list[_Line], n: int) -> bool:
    """Whether something else than more of the same paragraph begins at line `n`."""
    line = lines[n].text
    marks = _FENCE.match(line) or _ITEM.match(line) or line.lstrip().startswith((">", "#", *_OPENS))
    return _alone(lines, n) or bool(marks) or _is_table(lines, n)
