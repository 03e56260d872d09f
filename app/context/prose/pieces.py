"""Text as the pieces that are kept or left out whole: sentences, items, tables, code, formulas."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.context.prose.blocks import WHOLE, Kind, blocks
from app.context.prose.sentences import sentences


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a block that is one thing, where it stands in its text. `whole`: it is never left out."""

    start: int
    end: int
    text: str
    kind: Kind

    @property
    def whole(self) -> bool:
        """Tables, code and formulas, and items of a list that have a number."""
        return self.kind in WHOLE or (self.kind == "item" and any(letter.isdigit() for letter in self.text))


def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a text in order; between them there is only white space."""
    found: list[Piece] = []
    for block in blocks(text):
        spans: Iterable[tuple[int, int]] = ((block.start, block.end),)
        if block.kind == "prose":
            spans = sentences(text, block.start, block.end)
        found += (Piece(a, b, text[a:b], block.kind) for a, b in spans)
    return tuple(found)


def joined(text: str, kept: Iterable[Piece]) -> str:
    """The kept pieces of a text with as much white space between them as tells them apart: a blank line, a new line, a
    space, or nothing where there was none."""
    return "".join(_joined(text, kept))


def _joined(text: str, kept: Iterable[Piece]) -> Iterator[str]:
    before: Piece | None = None
    for piece in kept:
        if before is not None:
            yield _gap(text[before.end : piece.start], indented=piece.kind in ("code", "item"))
        yield _narrow(piece)
        before = piece


def _gap(between: str, *, indented: bool) -> str:
    if "\n" in between:
        return "\n\n" if between.count("\n") > 1 else "\n"
    if indented:
        return "\n"
    return " " if any(map(str.isspace, between)) else ""


def _narrow(piece: Piece) -> str:
    """A piece without white space that says nothing; what has a formula or code in it stays as it is."""
    if piece.kind in WHOLE or piece.kind == "item" or "$" in piece.text or "`" in piece.text or "\\" in piece.text:
        return piece.text
    if "  " not in piece.text and "\t" not in piece.text:
        return piece.text
    return "\n".join(" ".join(line.split()) for line in piece.text.split("\n"))
