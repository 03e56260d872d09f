"""Courses and their material, over every store."""

import asyncio
from dataclasses import replace

import pytest

from app.clock import HandClock, iso
from app.errors import Invalid, NotFound
from app.storage.courses import MOST_PIECES, Courses, Outline
from app.storage.ports import MATERIALS, Find
from app.vocabulary import Document, Material, Piece, Skill
from tests.contract.conftest import AnyStore
from tests.contract.documents import new_id

ALGEBRA = Outline("Algebra", "From numbers to letters", (Skill("a", "A"), Skill("b", "B", ("a",), 30.0, 2.0)))


@pytest.fixture
def courses(store: AnyStore) -> Courses:
    return Courses(store, HandClock())


def material(pieces: int = 2) -> tuple[Material, Document]:
    """A document with two pieces, in the course `algebra` of the school."""
    id_, at = new_id(), iso(0)
    text = (Piece("one", ("Heading",), 3), Piece("two"))
    whole = Document(id_, "school", "algebra", "Chapter", text, at, "https://example.org/chapter")
    return Material(id_, "Chapter", "pdf", pieces, 5, at, whole.source_url), whole


async def test_a_course_comes_back_as_it_was_put(courses: Courses) -> None:
    put, new = await courses.put("school", "algebra", ALGEBRA)
    assert new
    assert await courses.get("school", "algebra") == put
    assert (put.title, put.skills, put.version) == ("Algebra", ALGEBRA.skills, 1)
    again, new = await courses.put("school", "algebra", replace(ALGEBRA, title="Algebra I"))
    assert (new, again.id, again.title, again.version) == (False, put.id, "Algebra I", 2)
    assert put.brief.version != again.brief.version
    assert again.brief.skills == ("A", "B")


async def test_courses_are_listed_by_name_within_their_workspace(courses: Courses) -> None:
    for name in ("c", "a", "b"):
        await courses.put("school", name, ALGEBRA)
    await courses.put("elsewhere", "d", ALGEBRA)
    first = await courses.all("school", 2)
    assert [course.course_id for course in first.data] == ["a", "b"]
    rest = await courses.all("school", 2, first.next_cursor)
    assert ([course.course_id for course in rest.data], rest.next_cursor) == (["c"], None)
    with pytest.raises(NotFound):
        await courses.get("school", "d")


async def test_of_first_puts_at_once_one_is_new_and_none_is_lost(courses: Courses) -> None:
    put = await asyncio.gather(
        *(courses.put("school", "algebra", replace(ALGEBRA, title=f"Algebra {n}")) for n in range(6))
    )
    assert sum(new for _, new in put) == 1
    assert (await courses.get("school", "algebra")).version == 6


async def test_material_that_is_added_at_once_is_all_there(courses: Courses) -> None:
    before, _ = await courses.put("school", "algebra", ALGEBRA)
    added = [material() for _ in range(6)]
    await asyncio.gather(*(courses.add(*one) for one in added), courses.put("school", "algebra", ALGEBRA))
    course = await courses.get("school", "algebra")
    assert set(course.materials) == {one for one, _ in added}
    assert course.version == before.version + 7
    assert await courses.document("school", added[0][0].id) == added[0][1]
    assert await courses.document("elsewhere", added[0][0].id) is None


async def test_material_without_a_course_or_without_room_leaves_nothing(store: AnyStore, courses: Courses) -> None:
    with pytest.raises(NotFound):
        await courses.add(*material())
    await courses.put("school", "algebra", ALGEBRA)
    with pytest.raises(Invalid, match="pieces"):
        await courses.add(*material(MOST_PIECES + 1))
    where = {"workspace": "school", "course_id": "algebra"}
    assert await store.find(MATERIALS, Find(where)) == []
    assert (await courses.get("school", "algebra")).materials == ()


async def test_what_is_removed_is_gone(store: AnyStore, courses: Courses) -> None:
    await courses.put("school", "algebra", ALGEBRA)
    first, second = material(), material()
    for one in (first, second):
        await courses.add(*one)
    course = await courses.drop("school", "algebra", first[0].id)
    assert course.materials == (second[0],)
    assert await courses.document("school", first[0].id) is None
    with pytest.raises(NotFound):
        await courses.drop("school", "algebra", first[0].id)
    await courses.remove(course)
    assert await store.find(MATERIALS, Find({"workspace": "school", "course_id": "algebra"})) == []
    assert await courses.find("school", "algebra") is None
    anew, _ = await courses.put("school", "algebra", ALGEBRA)
    assert anew.brief.version not in (course.brief.version, f"{course.id}:1")
