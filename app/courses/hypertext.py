"""HTML as blocks: what a reader sees of it. Scripts, styles, navigation and what is hidden are left out; nothing that
it refers to is fetched."""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from app.courses.blocks import Block, Outline, clean

Attributes = Sequence[tuple[str, str | None]]


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SKIPPED = _tags("script style template noscript svg iframe object canvas audio video nav select button textarea title")
_BREAKS = _tags(
    "p div section article main header footer aside ul ol li dl dt dd blockquote figure figcaption address hr form "
    "fieldset details summary body html head"
)
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_VOID = _tags("area base br col embed hr img input link meta source track wbr")
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def html(text: str) -> Iterator[Block]:
    """The blocks of an HTML document or of a part of one, however it is nested or broken off."""
    reader = _Reader()
    reader.feed(clean(text))
    reader.close()
    reader.end_block()
    yield from reader.blocks


class _Reader(HTMLParser):
    """Collects text between the tags that begin a new block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._outline, self._text = Outline(), list[str]()
        self._skipping, self._depth = "", 0
        self._whole = ""
        self._math, self._tex = list[str](), list[str]()
        self._sink = self._text

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if self._skipping:
            self._depth += tag == self._skipping
        elif tag == "script" and (dict(attrs).get("type") or "").startswith("math/tex"):
            self._sink = self._tex
        elif tag in _SKIPPED or _hidden(tag, attrs) or _repeats(tag, attrs):
            self._skipping, self._depth = tag, 1
        elif tag == "math":
            self._sink = self._math
        elif tag == "annotation":
            self._sink = self._tex
        else:
            self._open(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        if tag in _VOID and not self._skipping:
            self._open(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._depth -= tag == self._skipping
            self._skipping = self._skipping if self._depth else ""
        elif tag == "annotation":
            self._sink = self._math
        elif tag in ("math", "script"):
            self._end_formula()
        elif tag in _HEADINGS:
            self._end_heading(_HEADINGS[tag])
        elif tag in ("td", "th"):
            self._text.append(" | ")
        elif tag == "tr":
            self._text.append("\n")
        elif tag == self._whole or (tag in _BREAKS and not self._whole):
            self.end_block()

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._sink.append(data if self._whole == "pre" else data.replace("\n", " "))

    def end_block(self) -> None:
        """Ends the block that is being read."""
        self._end_formula()
        text = "".join(self._text)
        text = text.strip("\n").rstrip() if self._whole == "pre" else _words(text)
        if text.strip("-| \n"):
            self.blocks.append(Block(text, self._outline.path, bool(self._whole)))
        self._whole = ""
        self._text.clear()

    def _open(self, tag: str, attrs: Attributes) -> None:
        if tag in ("pre", "table") and not self._whole:
            self.end_block()
            self._whole = tag
        elif tag == "br":
            self._text.append(" " if self._whole == "table" else "\n")
        elif tag == "img":
            self._text.append(dict(attrs).get("alt") or "")
        elif tag in _HEADINGS or (tag in _BREAKS and not self._whole):
            self.end_block()
            self._text.extend(["- "] * (tag == "li"))

    def _end_heading(self, level: int) -> None:
        self._end_formula()
        if title := _words("".join(self._text)):
            self._outline.enter(level, title)
        self._text.clear()

    def _end_formula(self) -> None:
        """Puts a formula into the text: its LaTeX where it comes with it, else what its parts say."""
        if tex := "".join(self._tex).strip():
            self._text.append(f" ${tex}$ ")
        else:
            self._text.extend(self._math)
        self._math.clear()
        self._tex.clear()
        self._sink = self._text


def _hidden(tag: str, attrs: Attributes) -> bool:
    given = dict(attrs)
    return tag not in _VOID and ("hidden" in given or bool(_UNSEEN.search(given.get("style") or "")))


def _repeats(tag: str, attrs: Attributes) -> bool:
    """Whether this says a formula once more in other words than LaTeX."""
    return tag == "annotation-xml" or (tag == "annotation" and "tex" not in (dict(attrs).get("encoding") or ""))


def _words(text: str) -> str:
    """Running text, or the rows of a table: white space is one space, but for line breaks that were asked for."""
    lines = (" ".join(line.split()).removesuffix(" |") for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
