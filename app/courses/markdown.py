"""Markdown as blocks: CommonMark's structure with the tables of GitHub and LaTeX formulas; what is inside of a
paragraph stays as it was written, for a model reads Markdown."""

import re
from collections.abc import Callable, Iterator

from app.courses.blocks import Block, Outline, clean

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_LIST = re.compile(r"[ \t]*([-*+]|\d{1,9}[.)])[ \t]")
_ENVIRONMENT = re.compile(r"[ \t]*\\begin\{([A-Za-z]{1,30}\*?)\}")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def markdown(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text; front matter and comments are left out."""
    yield from _Reader(_without_front_matter(_COMMENT.sub("", clean(text)).split("\n"))).blocks()


class _Reader:
    """Goes through the lines once; each method takes what it is named after and moves on."""

    def __init__(self, lines: list[str]) -> None:
        self._lines, self._at, self._outline = lines, 0, Outline()

    def blocks(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.strip():
                self._at += 1
            elif found := _HEADING.match(line):
                self._enter(len(found[1]), found[2] or "", 1)
            elif end := self._end_of_whole():
                yield self._take(end, whole=True)
            else:
                end = self._end_of_paragraph()
                if level := self._underlined(end):
                    self._enter(level, " ".join(self._lines[self._at : end - 1]), end - self._at)
                else:
                    yield self._take(end, whole=False)

    def _enter(self, level: int, title: str, lines: int) -> None:
        self._outline.enter(level, title)
        self._at += lines

    def _take(self, end: int, *, whole: bool) -> Block:
        text = "\n".join(self._lines[self._at : end]).strip("\n").rstrip()
        self._at = end
        return Block(text, self._outline.path, whole)

    def _end_of_whole(self) -> int | None:
        """Where what begins on this line and must not be cut ends; `None` where no such thing begins."""
        line = self._lines[self._at]
        if fence := _FENCE.match(line):
            mark = fence[1]
            return self._until(lambda other: other.strip().startswith(mark) and not other.strip().strip(mark[0]))
        if formula := _formula_end(line):
            return self._at + 1 if _closed(line, formula) else self._until(lambda other: formula in other)
        if self._table_begins(self._at):
            return self._block_end(lambda other: "|" in other)
        if line.startswith(("    ", "\t")):
            return self._indented()
        return None

    def _until(self, last: Callable[[str], bool]) -> int:
        """One past the first later line that is the `last`; the end of the text where none is."""
        for n in range(self._at + 1, len(self._lines)):
            if last(self._lines[n]):
                return n + 1
        return len(self._lines)

    def _block_end(self, inside: Callable[[str], bool]) -> int:
        end = self._at + 1
        while end < len(self._lines) and inside(self._lines[end]):
            end += 1
        return end

    def _indented(self) -> int:
        """The end of indented code, which may have empty lines inside of it."""
        end = self._block_end(lambda other: not other.strip() or other.startswith(("    ", "\t")))
        while not self._lines[end - 1].strip():
            end -= 1
        return end

    def _table_begins(self, at: int) -> bool:
        if at + 1 >= len(self._lines) or "|" not in self._lines[at]:
            return False
        rule = self._lines[at + 1]
        return "|" in rule and len(rule) < 2_000 and _RULE.match(rule) is not None

    def _end_of_paragraph(self) -> int:
        """Lines up to an empty one or to what begins something else; a list goes on over its indented lines."""
        listed = _LIST.match(self._lines[self._at]) is not None
        end = self._at + 1
        while end < len(self._lines) and not self._breaks(end, listed):
            end += 1
            if not listed and _UNDERLINE.match(self._lines[end - 1]):
                break
        return end

    def _breaks(self, at: int, listed: bool) -> bool:
        line = self._lines[at]
        if listed and not line.strip():
            after = self._lines[at + 1] if at + 1 < len(self._lines) else ""
            return not (after.startswith(("  ", "\t")) or _LIST.match(after))
        if not line.strip() or _HEADING.match(line):
            return True
        inside = listed and line.startswith((" ", "\t"))
        return not inside and bool(_FENCE.match(line) or _formula_end(line) or self._table_begins(at))

    def _underlined(self, end: int) -> int | None:
        """The level of the heading that a paragraph is, where its last line underlines it."""
        if end - self._at < 2 or _LIST.match(self._lines[self._at]):
            return None
        found = _UNDERLINE.match(self._lines[end - 1])
        return (1 if found[1][0] == "=" else 2) if found else None


def _formula_end(line: str) -> str | None:
    """What ends the formula on lines of its own that begins here."""
    start = line.lstrip()
    if start.startswith("$$"):
        return "$$"
    if start.startswith(r"\["):
        return r"\]"
    found = _ENVIRONMENT.match(line)
    return rf"\end{{{found[1]}}}" if found else None


def _closed(line: str, end: str) -> bool:
    """Whether a formula ends on the line it begins on."""
    return end in line.lstrip()[2:]


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines and lines[0].rstrip() == "---":
        for n, line in enumerate(lines[1:200], 1):
            if line.rstrip() in ("---", "..."):
                return lines[n + 1 :]
    return lines
