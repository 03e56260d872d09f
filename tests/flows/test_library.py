"""The library over a real store: what a turn gets of a course, on every replica, whatever the material is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from app.clock import HandClock, iso
from app.context.recall.search import Question
from app.context.tokens import o200k
from app.courses.blocks import Unreadable
from app.errors import Invalid, NotFound
from app.library import Ground, Library, Parts, Sent
from app.library.reading import Reading
from app.library.shelves import LIFETIME
from app.storage.courses import Courses, Outline
from app.storage.memory import MemoryCache
from app.storage.sqlite import SqliteStore
from app.vocabulary import Skill
from tests.unit.courses.pdfs import bomb

ASKED = Question("How are fractions added?", iso(0))
OUTLINE = Outline("Algebra", None, (Skill("a", "Fractions"),))


def chapter(about: str) -> Sent:
    return Sent(f"On {about}", "markdown", f"# {about}\n{about} are added like fractions.".encode(), "text")


@pytest.fixture
def courses(store: SqliteStore, clock: HandClock) -> Courses:
    return Courses(store, clock)


@pytest.fixture
async def replicas(courses: Courses, clock: HandClock) -> AsyncIterator[list[Library]]:
    """Two libraries over one store, neither hearing of what the other changes."""
    async with AsyncExitStack() as stack:
        parts = [Parts(courses, MemoryCache(clock), clock, o200k().count) for _ in range(2)]
        yield [await stack.enter_async_context(Library.of(one)) for one in parts]


async def grounds(library: Library, workspace: str) -> Ground | None:
    """What a turn in the course gets."""
    shelf = await library.at_hand(workspace, "algebra")
    return shelf.ground(ASKED) if shelf else None


def titles(ground: Ground | None) -> set[str]:
    assert ground is not None
    return {ground.ranked.index.passage(slot).speaker for slot in ground.ranked.slots}


async def test_a_turn_gets_the_course_and_what_its_material_says(courses: Courses, replicas: list[Library]) -> None:
    here, _ = replicas
    assert await grounds(here, "school") is None
    await courses.put("school", "algebra", OUTLINE)
    await here.take("school", "algebra", chapter("Apples"))
    ground = await grounds(here, "school")
    assert titles(ground) == {"On Apples"}
    assert ground is not None
    assert (ground.brief.title, ground.brief.skills) == ("Algebra", ("Fractions",))
    passage = ground.ranked.index.passage(ground.ranked.slots[0])
    assert passage.source == "material"
    assert passage.text.startswith("[Apples] ")
    assert await grounds(here, "elsewhere") is None


async def test_another_replica_finds_what_was_added_and_no_longer_what_was_removed(
    courses: Courses, replicas: list[Library], clock: HandClock
) -> None:
    here, there = replicas
    await courses.put("school", "algebra", OUTLINE)
    first = await here.take("school", "algebra", chapter("Apples"))
    assert titles(await grounds(there, "school")) == {"On Apples"}
    await here.take("school", "algebra", chapter("Pears"))
    await courses.drop("school", "algebra", first.id)
    assert {hit.citation.title for hit in await there.search("school", "algebra", "fractions", 9)} == {"On Pears"}
    await courses.remove(await courses.get("school", "algebra"))
    clock.turn(LIFETIME + 1)
    assert await grounds(there, "school") is None
    with pytest.raises(NotFound):
        await there.search("school", "algebra", "fractions", 9)
    await courses.put("school", "algebra", OUTLINE)
    assert titles(await grounds(there, "school")) == set()


async def test_changes_that_are_told_are_heard_at_once(courses: Courses, clock: HandClock) -> None:
    cache = MemoryCache(clock)
    parts = Parts(courses, cache, clock, o200k().count)
    async with Library.of(parts) as here, Library.of(parts) as there:
        following = asyncio.create_task(there.follow())
        await courses.put("school", "algebra", OUTLINE)
        assert titles(await grounds(there, "school")) == set()
        await here.take("school", "algebra", chapter("Apples"))
        async with asyncio.timeout(30):
            while titles(await grounds(there, "school")) != {"On Apples"}:
                await asyncio.sleep(0)
        following.cancel()


async def test_a_document_that_takes_too_long_or_too_much_is_given_up(
    courses: Courses, replicas: list[Library]
) -> None:
    with pytest.raises(Unreadable, match="too much time or memory"):
        await Reading(patience=0.0001).read(b"text", "text")
    await courses.put("school", "algebra", OUTLINE)
    with pytest.raises(Invalid, match="content"):
        await replicas[0].take("school", "algebra", Sent("Bomb", "pdf", bomb(100_000_000), "content"))
    assert (await courses.get("school", "algebra")).materials == ()


async def test_more_documents_at_once_than_may_wait_are_told_to_come_again() -> None:
    reading = Reading(patience=0.0001)
    read = await asyncio.gather(*(reading.read(b"text", "text") for _ in range(40)), return_exceptions=True)
    assert sum("many others" in str(one) for one in read) == 8
    with pytest.raises(Unreadable, match="too much time"):
        await reading.read(b"text", "text")
