"""The pieces of one course's material, in memory and searchable."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.context.recall.index import Index
from app.context.recall.search import Question, Ranked, search
from app.vocabulary import Course, CourseBrief, Document, Passage, Piece

_AT_ONCE = 8
"""Passages that are added before others get their turn: a millisecond or two."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a passage stands."""

    material_id: str
    title: str
    heading: tuple[str, ...]
    page: int | None
    source_url: str | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a course gives to one turn, to be used before anything is awaited: what it is, and passages of its material
    that may help, best first."""

    brief: CourseBrief
    ranked: Ranked


@dataclass(slots=True)
class Shelf:
    """A course's material and what a turn is told of it, as of `version`.

    `lock` is held while it is brought up to date; until `until` (monotonic) nobody needs to look whether it is.
    """

    course: str
    version: int = 0
    brief: CourseBrief | None = None
    titles: dict[str, str] = field(default_factory=dict)
    until: float = 0.0
    index: Index = field(default_factory=Index)
    documents: dict[str, Document] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def missing(self, course: Course) -> list[str]:
        """Ids of material that the course has and the shelf lacks."""
        return [material.id for material in course.materials if material.id not in self.documents]

    def clear(self, course: Course) -> None:
        """Takes away what the course has no longer."""
        for gone in set(self.documents) - {material.id for material in course.materials}:
            self.index.remove(gone)
            del self.documents[gone]

    async def put(self, document: Document) -> None:
        """Makes a document searchable."""
        for n, passage in enumerate(passages(document)):
            self.index.add(passage)
            if n % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
        self.documents[document.id] = document

    def ground(self, question: Question) -> Ground | None:
        """What the course gives to a turn; `None` while nothing has been read of it."""
        return Ground(self.brief, search(self.index, question)) if self.brief else None

    def piece(self, passage: Passage) -> Piece:
        """The piece that a passage was made of."""
        return self.documents[passage.session_id].pieces[passage.n]

    def citation(self, passage: Passage) -> Citation:
        """Where a passage stands."""
        document, piece = self.documents[passage.session_id], self.piece(passage)
        return Citation(document.id, document.title, piece.heading, piece.page, document.source_url)


def passages(document: Document) -> Iterator[Passage]:
    """The pieces as passages: each begins with where it stands, so that it can be found and cited by that."""
    for n, piece in enumerate(document.pieces):
        text = f"{_place(piece)}{piece.text}"
        yield Passage(f"{document.id}#{n}", document.id, n, document.created_at, document.title, text, "material")


def _place(piece: Piece) -> str:
    """
    >>> _place(Piece("…", ("Fractions", "Adding"), 12))
    '[Fractions › Adding, p. 12] '
    """
    parts = [" › ".join(piece.heading)] if piece.heading else []
    if piece.page is not None:
        parts.append(f"p. {piece.page}")
    return f"[{', '.join(parts)}] " if parts else ""
