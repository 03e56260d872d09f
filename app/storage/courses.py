"""Courses and their material in the store.

A course's document lists its material, whose text has documents of its own. Every change makes the course's next
version, on the condition that nobody else made it meanwhile; text that no course lists any more is never read, and
goes with the course at the latest.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.clock import Clock, iso
from app.errors import Conflict, Duplicate, FieldError, Invalid, NotFound
from app.storage.ports import COURSES, MATERIALS, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import Course, Document, Material, Page, Skill

MOST_MATERIALS = 500
"""Documents of a course."""

MOST_PIECES = 20_000
"""Pieces of all documents of a course together."""

_TRIES = 20
"""Times that a change is made anew on what others have changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a course says of itself, its material aside."""

    title: str
    description: str | None = None
    skills: tuple[Skill, ...] = ()


class Courses:
    """Adds, changes and removes courses and their material."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def get(self, workspace: str, course_id: str) -> Course:
        """The course; `NotFound` if it is not in this workspace."""
        course = await self.find(workspace, course_id)
        if course is None:
            raise NotFound("course", course_id)
        return course

    async def find(self, workspace: str, course_id: str) -> Course | None:
        """The course, if there is one."""
        found = await self._store.find(COURSES, Find({"workspace": workspace, "course_id": course_id}, limit=1))
        return from_doc(Course, found[0]) if found else None

    async def all(self, workspace: str, limit: int, after: str | None = None) -> Page[Course]:
        """Courses of a workspace by name; the cursor is the last name on the page."""
        docs = await self._store.find(COURSES, Find({"workspace": workspace}, "course_id", after, limit + 1))
        page = tuple(from_doc(Course, doc) for doc in docs[:limit])
        return Page(page, page[-1].course_id if len(docs) > limit else None)

    async def put(self, workspace: str, course_id: str, outline: Outline) -> tuple[Course, bool]:
        """Sets what a course says of itself, and whether it is new; its material stays."""
        if await self.find(workspace, course_id):
            try:
                return await self._change(workspace, course_id, lambda course: _told(course, outline)), False
            except NotFound:  # removed at this moment
                pass
        at = iso(self._clock.now())
        new = _told(Course(self._clock.id(), workspace, course_id, "", at, at), outline)
        try:
            await self._store.insert(COURSES, to_doc(new))
        except Duplicate:  # two first calls at once: the later one is a change
            return await self._change(workspace, course_id, lambda course: _told(course, outline)), False
        return new, True

    async def add(self, material: Material, document: Document) -> Course:
        """The course with this material; `NotFound` without a course, `Invalid` where it has no room for more."""
        _room(await self.get(document.workspace, document.course_id), material)
        await self._store.insert(MATERIALS, to_doc(document))
        try:
            return await self._change(document.workspace, document.course_id, lambda course: _with(course, material))
        except (NotFound, Invalid, Conflict):
            await self._store.delete(MATERIALS, {"id": document.id})
            raise

    async def drop(self, workspace: str, course_id: str, material_id: str) -> Course:
        """The course without this material; `NotFound` if it has no such one."""
        course = await self._change(workspace, course_id, lambda course: _without(course, material_id))
        await self._store.delete(MATERIALS, {"id": material_id})
        return course

    async def document(self, workspace: str, material_id: str) -> Document | None:
        """The text of a material, as long as it is there."""
        doc = await self._store.get(MATERIALS, material_id)
        return from_doc(Document, doc) if doc and doc["workspace"] == workspace else None

    async def remove(self, course: Course) -> None:
        """Erases the course with its material; a half-done erasure is finished by asking again."""
        await self._store.delete(MATERIALS, {"workspace": course.workspace, "course_id": course.course_id})
        await self._store.delete(COURSES, {"id": course.id})
        # What was added between the two.
        await self._store.delete(MATERIALS, {"workspace": course.workspace, "course_id": course.course_id})

    async def _change(self, workspace: str, course_id: str, change: Callable[[Course], Course]) -> Course:
        for _ in range(_TRIES):
            before = await self.get(workspace, course_id)
            after = replace(change(before), version=before.version + 1, updated_at=iso(self._clock.now()))
            if await self._store.replace(COURSES, to_doc(after), {"version": before.version}):
                return after
        raise Conflict(f"others are changing the course {course_id!r}")


def _told(course: Course, outline: Outline) -> Course:
    return replace(course, title=outline.title, description=outline.description, skills=outline.skills)


def _with(course: Course, material: Material) -> Course:
    _room(course, material)
    return replace(course, materials=(*course.materials, material))


def _without(course: Course, material_id: str) -> Course:
    left = tuple(m for m in course.materials if m.id != material_id)
    if len(left) == len(course.materials):
        raise NotFound("material", material_id)
    return replace(course, materials=left)


def _room(course: Course, material: Material) -> None:
    if len(course.materials) >= MOST_MATERIALS:
        raise Invalid([FieldError("material", f"a course has at most {MOST_MATERIALS} documents; remove one first")])
    pieces = sum(m.pieces for m in course.materials) + material.pieces
    if pieces > MOST_PIECES:
        said = f"the course would have {pieces} pieces of text and may have {MOST_PIECES}; use a second course"
        raise Invalid([FieldError("material", said)])
