"""What is taught: the nouns of courses and their material."""

from dataclasses import dataclass
from typing import Literal

from app.vocabulary.keeping import SCHEMA

Format = Literal["markdown", "text", "html", "pdf"]


@dataclass(frozen=True)
class Skill:
    """Something to be learned. `prerequisites` are ids of skills of the same course; `minutes` what it takes a learner
    to learn it, and `weight` what it counts beside others, where the course says so."""

    id: str
    title: str
    prerequisites: tuple[str, ...] = ()
    minutes: float | None = None
    weight: float | None = None


@dataclass(frozen=True)
class Material:
    """One document of a course, without its text: `pieces` it was cut into, of `tokens` (o200k) in all."""

    id: str
    title: str
    format: Format
    pieces: int
    tokens: int
    created_at: str
    source_url: str | None = None


@dataclass(frozen=True)
class Course:
    """A course of a workspace, by the front end's own name for it. `version` grows by one with each change, of its
    material too."""

    id: str
    workspace: str
    course_id: str
    title: str
    created_at: str
    updated_at: str
    description: str | None = None
    skills: tuple[Skill, ...] = ()
    materials: tuple[Material, ...] = ()
    version: int = 1
    schema: int = SCHEMA

    @property
    def brief(self) -> "CourseBrief":
        """What a turn needs of it."""
        titles = tuple(skill.title for skill in self.skills)
        # A course that was removed and put again begins at 1 once more, under another id.
        return CourseBrief(self.course_id, f"{self.id}:{self.version}", self.title, self.description, titles)


@dataclass(frozen=True, slots=True)
class CourseBrief:
    """What the model is told of a course. Two briefs with the same `version` are equal; `skills` are titles in the
    course's order."""

    course_id: str
    version: str
    title: str
    description: str | None = None
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A part of a document that can be quoted by itself: under which headings it stands, outermost first, and the page
    it begins on, from 1."""

    text: str
    heading: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True)
class Document:
    """The text of a material, in pieces; `id` is the material's."""

    id: str
    workspace: str
    course_id: str
    title: str
    pieces: tuple[Piece, ...]
    created_at: str
    source_url: str | None = None
    schema: int = SCHEMA
