"""Blocks into pieces of 60 to 200 tokens that can be quoted by themselves.

A piece ends where its section does, unless it is so short that the next section of the same chapter still fits. Code,
tables and formulas stay whole up to `_WHOLE`; what is longer is cut between lines, a table with its head repeated.
Paragraphs that are too long are cut between sentences, never inside of a formula or of code on the line.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from app.courses.blocks import Block
from app.vocabulary import Piece

Count = Callable[[str], int]

LEAST, MOST = 60, 200
"""Tokens of a piece; less only where a section or the document ends."""

_WHOLE = 800
"""Tokens up to which code, a table or a formula is one piece."""

_PATH = 200
"""Characters of the headings that a piece stands under, which each piece of a section repeats: with long ones at six
levels they would be more than what is taught."""

_LONGEST_WORD = 400
"""Characters without a space that are taken for one word; a tokenizer's time grows with their square."""

_COUNTED = 4_000
"""Characters whose tokens are counted at once."""

_TOGETHER = r"\$\$.{1,2000}?\$\$|\$[^$\n]{1,2000}\$|`[^`\n]{1,2000}`|\\\(.{1,2000}?\\\)"
_KEPT_TOGETHER = re.compile(_TOGETHER, re.DOTALL)
_WORD = re.compile(rf"\s*(?:{_TOGETHER}|\S+)|\s+\Z", re.DOTALL)
_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]?\s+|(?<=[。！？])|\n+")


def cut(blocks: Iterable[Block], count: Count) -> list[Piece]:
    """The pieces of a document, in order; `count` gives the tokens of a text."""
    rows = [_Row()]
    for block in blocks:
        for part, tokens in _parts(block, count):
            if not rows[-1].takes(part, tokens):
                rows.append(_Row(rows[-1].blocks[-1].heading == part.heading))
            rows[-1].add(part, tokens)
    return [row.piece() for row in _without_tails(rows) if row.blocks]


def _without_tails(rows: Iterable["_Row"]) -> list["_Row"]:
    """Rows where the short end of a section stands with what is before it."""
    kept: list[_Row] = []
    for row in rows:
        if kept and row.tokens < LEAST and kept[-1].ends(row):
            kept[-1].blocks += row.blocks
            kept[-1].tokens += row.tokens
        else:
            kept.append(row)
    return kept


@dataclass(slots=True)
class _Row:
    """Blocks that are to become one piece; `goes_on` says that it continues the section of the one before."""

    goes_on: bool = False
    blocks: list[Block] = field(default_factory=list)
    tokens: int = 0

    def takes(self, block: Block, tokens: int) -> bool:
        """Whether a block belongs to this piece and has room in it."""
        if not self.blocks:
            return True
        if self.tokens + tokens > MOST and (self.tokens >= LEAST or not block.whole):
            return False
        joins = self.tokens < LEAST and not self.goes_on and self.tokens + tokens <= MOST
        return block.heading == self.blocks[-1].heading or (joins and bool(self._together(block.heading)))

    def add(self, block: Block, tokens: int) -> None:
        self.blocks.append(block)
        self.tokens += tokens

    def ends(self, tail: "_Row") -> bool:
        """Whether another row is the end of the same section, and short enough to stand here, too."""
        same = bool(self.blocks) and {block.heading for block in tail.blocks} == {self.blocks[-1].heading}
        return same and self.tokens + tail.tokens <= MOST + LEAST

    def piece(self) -> Piece:
        """What stands here as one piece; sections that were joined keep their headings in the text."""
        heading = self._together(self.blocks[-1].heading)
        before, lines = heading, list[str]()
        for block in self.blocks:
            if block.heading != before and len(block.heading) > len(heading):
                same = len(_shared(before, block.heading))
                lines.append(" › ".join(block.heading[min(same, len(block.heading) - 1) :]))
            before = block.heading
            lines.append(block.text)
        return Piece("\n\n".join(lines), _shortened(heading), self.blocks[0].page)

    def _together(self, other: tuple[str, ...]) -> tuple[str, ...]:
        """The headings that all blocks here and one under `other` stand under."""
        return _shared(*(block.heading for block in self.blocks), other)


def _shared(*headings: tuple[str, ...]) -> tuple[str, ...]:
    """What all of these begin with."""
    levels = zip(*headings, strict=False)
    return tuple(level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels))


def _shortened(heading: tuple[str, ...]) -> tuple[str, ...]:
    """Headings of `_PATH` characters at most, the long ones cut to an equal share."""
    if sum(map(len, heading)) <= _PATH:
        return heading
    share = _PATH // len(heading)
    return tuple(title if len(title) <= share else f"{title[: share - 1].rstrip()}…" for title in heading)


def _parts(block: Block, count: Count) -> Iterator[tuple[Block, int]]:
    """A block, or what it is cut into where it is too long, with the tokens of each."""
    limit = _WHOLE if block.whole else MOST
    if len(block.text) <= _COUNTED and (tokens := count(block.text)) <= limit:
        yield block, tokens
        return
    head = _table_head(block) if block.whole else ""
    atoms = _lines(block.text) if block.whole else _sentences(block.text)
    for text, tokens in _filled(atoms, count):
        shown = f"{head}{text}" if head and not text.startswith(head) else text
        yield Block(shown.strip("\n").rstrip(), block.heading, block.whole, block.page), tokens


def _filled(atoms: Iterable[str], count: Count) -> Iterator[tuple[str, int]]:
    """Atoms put together into texts of like size, none over `MOST`; an atom that is too long is cut between words."""
    parts = [(part, count(part)) for atom in atoms for part in _short(atom, count)]
    total = sum(tokens for _, tokens in parts)
    fair = total / max(1, math.ceil(total / MOST))
    text, size = "", 0
    for part, tokens in parts:
        if text and (size + tokens > MOST or size + tokens / 2 > fair):
            yield text, size
            text, size = "", 0
        text, size = text + part, size + tokens
    if text.strip():
        yield text, size


def _short(atom: str, count: Count) -> Iterator[str]:
    if len(atom) <= _COUNTED and count(atom) <= MOST:
        yield atom
    else:
        for word in _WORD.findall(atom):
            yield from (word[n : n + _LONGEST_WORD] for n in range(0, len(word), _LONGEST_WORD))


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a text, each with the white space after it."""
    kept = [found.span() for found in _KEPT_TOGETHER.finditer(text)]
    start, n = 0, 0
    for found in _END.finditer(text):
        while n < len(kept) and kept[n][1] <= found.start():
            n += 1
        if n < len(kept) and kept[n][0] < found.end():
            continue
        if found.end() > start:
            yield text[start : found.end()]
            start = found.end()
    if start < len(text):
        yield text[start:]


def _lines(text: str) -> Iterator[str]:
    yield from text.splitlines(keepends=True)


def _table_head(block: Block) -> str:
    """The first two lines of a Markdown table: what each part of it must say again."""
    lines = block.text.split("\n", 2)
    ruled = len(lines) > 2 and "|" in lines[0] and not lines[1].strip("|-: \t") and "-" in lines[1]
    return f"{lines[0]}\n{lines[1]}\n" if ruled and len(lines[0]) <= _LONGEST_WORD else ""
