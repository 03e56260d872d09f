"""What is read or recorded at the very moment at which it is erased, over both stores."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from app.bootstrap import records_of
from app.errors import NotFound
from app.storage.belongings import Belongings
from app.storage.ports import FEEDBACK, SESSIONS, TURNS, Doc, Find, Kind, Store, Where
from app.storage.records import to_doc
from app.storage.sessions import Sessions
from app.vocabulary import Feedback, Session
from tests.contract.conftest import AnyStore
from tests.contract.school import ADA, School


@pytest.fixture
async def school(store: AnyStore) -> School:
    return School(store)


class Between:
    """A store in which something happens between two calls: after sessions are listed, or before one is deleted."""

    def __init__(self, store: Store, happens: Callable[[], Awaitable[object]]) -> None:
        self._store, self._happens = store, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def find(self, kind: Kind, query: Find) -> list[Doc]:
        found = await self._store.find(kind, query)
        if kind is SESSIONS:
            await self._happens()
        return found

    async def delete(self, kind: Kind, where: Where) -> int:
        if kind is SESSIONS:
            await self._happens()
        return await self._store.delete(kind, where)


def between(school: School, happens: Callable[[], Awaitable[object]]) -> Store:
    return cast(Store, Between(school.store, happens))


async def titled(school: School, title: str) -> Session:
    session = replace(await school.session(), title=title)
    return await Sessions(school.store).change(session, {"title": title}, session.created_at)


async def test_a_snapshot_that_is_read_while_its_session_is_erased_is_neither_used_nor_kept(school: School) -> None:
    session = await titled(school, "Fractions")

    async def erased() -> None:
        await Sessions(school.store).remove(session)
        there.snapshots.drop_learner(ADA.workspace, ADA.learner_id)  # as the channel tells

    there = records_of(between(school, erased), school.clock)
    for _ in range(2):
        with pytest.raises(NotFound):
            await there.snapshots.of("school", session.id)


async def test_a_snapshot_that_is_read_while_another_session_is_erased_has_no_line_about_that(school: School) -> None:
    session, other = await titled(school, "Fractions"), await titled(school, "A secret")

    async def erased() -> None:
        await Sessions(school.store).remove(other)
        there.snapshots.drop_learner(ADA.workspace, ADA.learner_id)
        there_sees.set()

    async def once() -> None:
        if not there_sees.is_set():
            await erased()

    there_sees = asyncio.Event()
    there = records_of(between(school, once), school.clock)
    assert (await there.snapshots.of("school", session.id)).memory == ()
    assert (await there.snapshots.of("school", session.id)).memory == ()


async def test_a_turn_that_is_opened_where_the_session_is_erased_already_leaves_no_record(school: School) -> None:
    session = await school.session()
    turns = records_of(school.store, school.clock).turns
    await Sessions(school.store).remove(session)
    late = school.turn(session, "My birthday is in May")
    await turns.open(late)
    with pytest.raises(NotFound):
        await turns.confirm(late)
    assert await school.store.count(TURNS, ADA.where) == 0


@pytest.mark.parametrize("whole", [False, True], ids=["session", "learner"])
async def test_a_turn_that_is_opened_while_its_session_is_being_erased_goes_with_it(
    school: School, whole: bool
) -> None:
    session = await school.session()
    turns = records_of(school.store, school.clock).turns
    said = school.turn(session, "My birthday is in May")

    async def opened() -> None:
        if await school.store.get(SESSIONS, session.id) and not await school.store.get(TURNS, said.id):
            await turns.open(said)
            await turns.confirm(said)

    erasing = between(school, opened)
    await (Belongings(erasing).erase(ADA) if whole else Sessions(erasing).remove(session))
    assert await school.store.count(TURNS, ADA.where) == 0


async def test_all_opinions_of_a_turn_are_exported_and_erased_however_many_they_are(school: School) -> None:
    session = await school.session()
    said = school.turn(session, "Hi")
    await Sessions(school.store).add(replace(session, id=school.clock.id()), [said])
    opinions = [Feedback(school.clock.id(), "school", said.id, said.created_at, comment=f"{n}") for n in range(230)]
    await asyncio.gather(*(school.store.insert(FEEDBACK, to_doc(opinion)) for opinion in opinions))
    kept = Belongings(school.store)
    exported = [doc["comment"] async for name, docs in kept.all(ADA) if name == "feedback" for doc in docs]
    assert exported == [opinion.comment for opinion in opinions]
    assert (await kept.erase(ADA))["feedback"] == 230
    assert await school.store.count(FEEDBACK, {"turn_id": said.id}) == 0
