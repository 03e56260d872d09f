"""Takes documents into courses, and finds in them what answers a question, with where it stands."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import orjson

from app.clock import Clock, iso
from app.context.recall.dense import Dense
from app.context.recall.search import Question, search
from app.courses.blocks import Unreadable
from app.courses.extract import understood
from app.courses.pieces import cut
from app.errors import FieldError, Invalid
from app.library.reading import Reading
from app.library.shelf import Citation, Shelf
from app.library.shelves import Shelves
from app.storage.cache import Cache
from app.storage.courses import Courses
from app.vocabulary import Document, Format, Material, Passage, Piece

CHANGED = "course-changed"
"""Channel that names courses that were changed: a JSON list of workspace and course."""


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


@dataclass(frozen=True, slots=True)
class Parts:
    """What a library works with; `count` gives the tokens of a text, `dense` vectors, if there is a model."""

    courses: Courses
    cache: Cache
    clock: Clock
    count: Callable[[str], int]
    dense: Dense | None = None


class Library:
    """The material of courses."""

    def __init__(self, parts: Parts, shelves: Shelves) -> None:
        self._p, self._shelves = parts, shelves
        self._reading = Reading()

    @classmethod
    @asynccontextmanager
    async def of(cls, parts: Parts) -> AsyncIterator[Self]:
        """A library may be used inside this context."""
        async with Shelves.of(parts.courses, parts.clock, parts.dense) as shelves:
            yield cls(parts, shelves)

    async def take(self, workspace: str, course_id: str, sent: Sent) -> Material:
        """Adds a document to a course. Raises `NotFound` without one, and `Invalid` for a document without text to be
        had and where there is no room."""
        await self._p.courses.get(workspace, course_id)
        try:
            said = await self._reading.read(sent.content, sent.format)
            pieces, tokens = await asyncio.to_thread(self._pieces, said)
        except Unreadable as reason:
            raise Invalid([FieldError(sent.field, str(reason))]) from reason
        at, id_ = iso(self._p.clock.now()), self._p.clock.id()
        material = Material(id_, sent.title, sent.format, len(pieces), tokens, at, sent.source_url)
        document = Document(id_, workspace, course_id, sent.title, pieces, at, sent.source_url)
        await self._p.courses.add(material, document)
        self.changed(workspace, course_id)
        return material

    async def search(self, workspace: str, course_id: str, text: str, limit: int) -> list[Hit]:
        """What a course's material says to a question, best first; `NotFound` without the course."""
        shelf = await self._shelves.now((workspace, course_id))
        ranked = search(shelf.index, Question(text, iso(self._p.clock.now())))
        best = zip(ranked.slots[:limit].tolist(), ranked.scores[:limit].tolist(), strict=True)
        return [_hit(shelf, shelf.index.passage(slot), score) for slot, score in best]

    async def at_hand(self, workspace: str, course_id: str) -> Shelf | None:
        """A course for a turn, in bounded time; `None` where there is no course, or it is not at hand yet."""
        return await self._shelves.soon((workspace, course_id))

    def titles(self, workspace: str, course_id: str) -> Mapping[str, str]:
        """The titles of a course's skills by their ids; empty where it is not at hand."""
        shelf = self._shelves.at_hand((workspace, course_id))
        return shelf.titles if shelf else {}

    def changed(self, workspace: str, course_id: str) -> None:
        """Has what is kept of a course looked at again, here and in the other replicas."""
        self._shelves.changed((workspace, course_id))
        self._p.cache.publish(CHANGED, orjson.dumps([workspace, course_id]))

    async def follow(self) -> None:
        """Hears what other replicas say has changed; runs until cancelled."""
        async with self._p.cache.subscribe(CHANGED) as messages:
            async for message in messages:
                workspace, course_id = orjson.loads(message)
                self._shelves.changed((workspace, course_id))

    def _pieces(self, said: bytes) -> tuple[tuple[Piece, ...], int]:
        pieces = tuple(cut(understood(said), self._p.count))
        return pieces, sum(self._p.count(piece.text) for piece in pieces)


def _hit(shelf: Shelf, passage: Passage, score: float) -> Hit:
    return Hit(passage, round(score, 4), shelf.piece(passage), shelf.citation(passage))
