"""A document as a row of blocks: what parsers of every format give, and plain text itself."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_CHARACTERS = 2_000_000
"""Characters of text that a document may have; more goes in parts."""

_MOST_BLOCKS = 100_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Unreadable(Exception):
    """A document that no text can be had from; says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list, or, where `whole`, what must not be cut: code, a table, a formula.

    `heading` are the headings it stands under, outermost first; `page` is counted from 1 where there are pages.
    """

    text: str
    heading: tuple[str, ...] = ()
    whole: bool = False
    page: int | None = None


class Outline:
    """The headings that the text being read stands under.

    >>> outline = Outline()
    >>> outline.enter(1, "Algebra"); outline.enter(3, "Lines"); outline.enter(2, "Sets")
    >>> outline.path
    ('Algebra', 'Sets')
    """

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """Begins a section; those of its level and of deeper ones end."""
        self._open = [one for one in self._open if one[0] < level]
        if title := " ".join(title.split())[:200]:
            self._open.append((level, title))

    @property
    def path(self) -> tuple[str, ...]:
        """The headings, outermost first."""
        return tuple(title for _, title in self._open)


def clean(text: str) -> str:
    """Text with one kind of line break and without control characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n\n"))


def plain(text: str) -> Iterator[Block]:
    """The paragraphs of plain text: what stands between empty lines."""
    for paragraph in re.split(r"\n[^\S\n]*\n", clean(text)):
        if paragraph.strip():
            yield Block(paragraph.strip("\n").rstrip())


def bounded(blocks: Iterable[Block]) -> list[Block]:
    """All blocks; `Unreadable` where there is no text, or more than `MOST_CHARACTERS` of it."""
    kept, size = [], 0
    for block in blocks:
        size += len(block.text)
        if size > MOST_CHARACTERS:
            raise Unreadable(f"has more than {MOST_CHARACTERS:,} characters of text; send it in parts")
        kept.append(block)
        if len(kept) > _MOST_BLOCKS:
            raise Unreadable(f"has more than {_MOST_BLOCKS:,} paragraphs; send it in parts")
    if not kept:
        raise Unreadable("has no text")
    return kept
