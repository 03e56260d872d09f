"""PDF as blocks: the text of each page under the headings of the document's own outline.

pypdf reads the text that is there; pages that are pictures have none, and formulas come as their characters.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from app.courses.blocks import MOST_CHARACTERS, Block, Outline, Unreadable, clean

if TYPE_CHECKING:
    from pypdf import PdfReader

MOST_PAGES = 2_000
"""Pages that a document may have; more goes in parts."""

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\xad": ""})
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")
_LINE = re.compile(r"(?<=[\w,;–])\n(?=(\w))")
_FEW_PAGES = 4
_REPEATED = 0.5
"""The share of pages, of `_FEW_PAGES` and more, on which a line must stand to be taken for a running title."""

_NOT_A_PDF = "cannot be read as a PDF: it is damaged, or is another kind of file"
_TOO_MUCH = "takes too much memory to read: it unpacks to many times its size"
_LOCKED = "is locked with a password; send it without one"
_SCANNED = "has no text: its pages seem to be pictures; run text recognition (OCR) on it first"

Headings = Mapping[int, Sequence[tuple[int, str]]]
"""Levels and titles of the outline's entries by page, from 0."""


def pdf(content: bytes) -> Iterator[Block]:
    """The blocks of a PDF; `Unreadable` for one that is damaged, locked, scanned or too long."""
    from pypdf.errors import LimitReachedError  # a quarter of a second: only for whoever reads a PDF

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = _opened(content)
        pages, headings = _texts(reader), _headings(reader)
    except Unreadable:
        raise
    except (MemoryError, LimitReachedError) as error:
        raise Unreadable(_TOO_MUCH) from error
    except Exception as error:  # a bulkhead: on damaged files pypdf raises whatever it stumbles over
        raise Unreadable(_NOT_A_PDF) from error
    if not any(pages):
        raise Unreadable(_SCANNED)
    return _blocks(pages, headings)


def _opened(content: bytes) -> "PdfReader":
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, WrongPasswordError

    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted:
        try:
            if not reader.decrypt(""):  # many are locked against changes only, and open without a word
                raise Unreadable(_LOCKED)
        except (DependencyError, WrongPasswordError, NotImplementedError) as error:
            raise Unreadable(_LOCKED) from error
    if len(reader.pages) > MOST_PAGES:
        raise Unreadable(f"has more than {MOST_PAGES:,} pages; send it in parts")
    return reader


def _texts(reader: "PdfReader") -> list[list[str]]:
    """The lines of each page."""
    pages, size = [], 0
    for page in reader.pages:
        text = clean(page.extract_text()).translate(_LIGATURES)
        size += len(text)
        if size > MOST_CHARACTERS:
            raise Unreadable(f"has more than {MOST_CHARACTERS:,} characters of text; send it in parts")
        lines = [line.rstrip() for line in text.split("\n")]
        pages.append(lines if any(lines) else [])
    return _without_running_titles(pages)


def _without_running_titles(pages: list[list[str]]) -> list[list[str]]:
    """Pages without those of their two first and two last lines that most of them share, page numbers among them."""
    filled = [page for page in pages if page]
    if len(filled) < _FEW_PAGES:
        return pages
    seen = Counter(
        key for n, page in enumerate(pages) for key in {k for at in _edges(page) for k in _keys(page[at], n)}
    )
    running = {key for key, times in seen.items() if times > _REPEATED * len(filled)}
    return [_trimmed(page, n, running) for n, page in enumerate(pages)]


def _trimmed(page: list[str], n: int, running: set[str]) -> list[str]:
    titles = {at for at in _edges(page) if not running.isdisjoint(_keys(page[at], n))}
    return [line for at, line in enumerate(page) if at not in titles]


def _edges(page: list[str]) -> list[int]:
    """Where the first and last lines of a page are."""
    filled = [at for at, line in enumerate(page) if line.strip()]
    return filled[:2] + filled[2:][-2:]


def _keys(line: str, page: int) -> tuple[str, str]:
    """What a line may have alike with one of the next page: its words, or these and a number that grows with it."""
    words = " ".join(line.split())
    return words, re.sub(r"\d{1,6}", lambda found: f"#{int(found[0]) - page}", words)


def _headings(reader: "PdfReader") -> Headings:
    """The outline by page; empty where there is none that can be followed."""
    found: dict[int, list[tuple[int, str]]] = {}
    try:
        for level, entry in _flat(reader.outline, 1):
            page = reader.get_destination_page_number(entry)
            if page is not None and entry.title:
                found.setdefault(page, []).append((level, clean(str(entry.title))))
    except Exception:  # a bulkhead: the text is worth having without its outline
        return {}
    return found


def _flat(outline: Iterable[Any], level: int) -> Iterator[tuple[int, Any]]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry, level + 1)
        else:
            yield level, entry


def _blocks(pages: list[list[str]], headings: Headings) -> Iterator[Block]:
    outline = Outline()
    for n, lines in enumerate(pages):
        waiting = list(headings.get(n, ()))
        # A title that does not stand on its page as a line of its own begins with the page.
        there = {_key(line) for line in lines}
        while waiting and _key(waiting[0][1]) not in there:
            outline.enter(*waiting.pop(0))
        paragraph: list[str] = []
        for line in lines:
            if waiting and _key(line) == _key(waiting[0][1]):
                yield from _paragraph(paragraph, outline, n)
                outline.enter(*waiting.pop(0))
                paragraph = []
            elif line.strip():
                paragraph.append(line)
            else:
                yield from _paragraph(paragraph, outline, n)
                paragraph = []
        yield from _paragraph(paragraph, outline, n)
        for level, title in waiting:
            outline.enter(level, title)


def _paragraph(lines: list[str], outline: Outline, page: int) -> Iterator[Block]:
    if text := _unwrapped("\n".join(lines)).strip():
        yield Block(text, outline.path, page=page + 1)


def _unwrapped(text: str) -> str:
    """Lines that go on in the next one put together: those before a small letter, and words that were divided.

    >>> _unwrapped("The denomi-\\nnator is\\nbelow.\\nTable\\n1 2")
    'The denominator is below.\\nTable\\n1 2'
    """
    return _LINE.sub(lambda found: " " if found[1].islower() else "\n", _HYPHENATED.sub("", text))


def _key(line: str) -> str:
    return "".join(line.split()).casefold()
