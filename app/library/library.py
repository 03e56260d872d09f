"""Takes documents into courses, and finds in them what answers a question, with where it stands.

Indices of courses are kept in memory, the least recently used let go. Which material a course has is read with each
search, so that what another replica added or removed is found, or not found, at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.clock import Clock, iso
from app.context.recall.search import Question, search
from app.courses.blocks import Unreadable
from app.courses.extract import understood
from app.courses.pieces import cut
from app.errors import FieldError, Invalid
from app.library.reading import Reading
from app.library.shelf import Citation, Shelf
from app.storage.courses import Courses
from app.vocabulary import Course, Document, Format, Material, Passage, Piece

_SHELVES = 256
_BYTES = 256_000_000
"""What the shelves may hold: courses, and bytes of all of them together; one course may be larger than all that."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A document as it was sent; `field` is what its content is called there."""

    title: str
    format: Format
    content: bytes
    field: str
    source_url: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that may answer a question: its score, the piece it is, and where that stands."""

    passage: Passage
    score: float
    piece: Piece
    citation: Citation


class Library:
    """The material of courses."""

    def __init__(self, courses: Courses, clock: Clock, count: Callable[[str], int]) -> None:
        self._courses, self._clock, self._count = courses, clock, count
        self._reading = Reading()
        self._shelves: OrderedDict[tuple[str, str], Shelf] = OrderedDict()

    async def take(self, workspace: str, course_id: str, sent: Sent) -> Material:
        """Adds a document to a course. Raises `NotFound` without one, and `Invalid` for a document without text to be
        had and where there is no room."""
        await self._courses.get(workspace, course_id)
        try:
            said = await self._reading.read(sent.content, sent.format)
            pieces, tokens = await asyncio.to_thread(self._pieces, said)
        except Unreadable as reason:
            raise Invalid([FieldError(sent.field, str(reason))]) from reason
        at, id_ = iso(self._clock.now()), self._clock.id()
        material = Material(id_, sent.title, sent.format, len(pieces), tokens, at, sent.source_url)
        document = Document(id_, workspace, course_id, sent.title, pieces, at, sent.source_url)
        await self._courses.add(material, document)
        return material

    async def search(self, workspace: str, course_id: str, text: str, limit: int) -> list[Hit]:
        """What a course's material says to a question, best first; `NotFound` without the course."""
        shelf = await self.shelf(await self._courses.get(workspace, course_id))
        ranked = search(shelf.index, Question(text, iso(self._clock.now())))
        best = zip(ranked.slots[:limit].tolist(), ranked.scores[:limit].tolist(), strict=True)
        return [_hit(shelf, shelf.index.passage(slot), score) for slot, score in best]

    async def shelf(self, course: Course) -> Shelf:
        """The course's material, searchable, as it was when the course was read."""
        name = (course.workspace, course.course_id)
        shelf = self._shelves.get(name)
        if shelf is None or shelf.course != course.id:
            shelf = self._shelves[name] = Shelf(course.id)
        self._shelves.move_to_end(name)
        async with shelf.lock:
            if shelf.version < course.version:
                await self._bring_up_to_date(shelf, course)
                self._let_go()
        return shelf

    async def _bring_up_to_date(self, shelf: Shelf, course: Course) -> None:
        shelf.clear(course)
        for id_ in shelf.missing(course):
            if document := await self._courses.document(course.workspace, id_):
                await shelf.put(document)
        shelf.version = course.version

    def _let_go(self) -> None:
        sizes = {name: shelf.index.footprint for name, shelf in self._shelves.items()}
        while len(self._shelves) > 1 and (len(self._shelves) > _SHELVES or sum(sizes.values()) > _BYTES):
            del sizes[self._shelves.popitem(last=False)[0]]

    def _pieces(self, said: bytes) -> tuple[tuple[Piece, ...], int]:
        pieces = tuple(cut(understood(said), self._count))
        return pieces, sum(self._count(piece.text) for piece in pieces)


def _hit(shelf: Shelf, passage: Passage, score: float) -> Hit:
    return Hit(passage, round(score, 4), shelf.piece(passage), shelf.citation(passage))
