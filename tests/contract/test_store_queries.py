"""What every store promises of lists and removals (`app/storage/ports.py`)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from app.errors import Invalid
from app.storage.ports import SESSIONS, TURNS, Doc, Find
from tests.contract.conftest import AnyStore
from tests.contract.documents import session, turn


async def ids(store: AnyStore, query: Find) -> list[str]:
    return [doc["id"] for doc in await store.find(TURNS, query)]


async def some_turns(store: AnyStore, session_id: str, count: int) -> list[Doc]:
    turns = [turn(session_id=session_id, seq=n, state="complete") for n in range(1, count + 1)]
    await asyncio.gather(*(store.insert(TURNS, doc) for doc in turns))
    return turns


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Find({"session_id": "s"}, "seq"), [1, 2, 3, 4, 5]),
        (Find({"session_id": "s"}, "-seq"), [5, 4, 3, 2, 1]),
        (Find({"session_id": "s"}, "seq", limit=2), [1, 2]),
        (Find({"session_id": "s"}, "seq", after=2, limit=2), [3, 4]),
        (Find({"session_id": "s"}, "-seq", after=4, limit=2), [3, 2]),
        (Find({"session_id": "s"}, "-seq", after=1), []),
        (Find({"session_id": "s", "seq": 3}), [3]),
        (Find({"session_id": "s"}), [1, 2, 3, 4, 5]),
        (Find({"session_id": "s"}, "-id", limit=1), [5]),
        (Find({"session_id": "s", "idempotency_key": None}, limit=1), [1]),
        (Find({}, "-seq", limit=1), [5]),
    ],
)
async def test_a_query_finds_what_it_asks_for_in_its_order(store: AnyStore, query: Find, found: Sequence[int]) -> None:
    await some_turns(store, "s", 5)
    await some_turns(store, "t", 4)
    assert [doc["seq"] for doc in await store.find(TURNS, query)] == found


async def test_pages_by_id_meet_without_gap_or_overlap(store: AnyStore) -> None:
    turns = await some_turns(store, "s", 5)
    first = await ids(store, Find({"session_id": "s"}, "-id", limit=3))
    rest = await ids(store, Find({"session_id": "s"}, "-id", after=first[-1], limit=3))
    assert first + rest == [doc["id"] for doc in reversed(turns)]


async def test_a_list_of_two_hundred_comes_whole(store: AnyStore) -> None:
    turns = await some_turns(store, "s", 200)
    assert await store.find(TURNS, Find({"session_id": "s"}, "seq", limit=200)) == turns


@pytest.mark.parametrize("query", [Find({"message": "x"}), Find({}, "message")])
async def test_what_has_no_index_cannot_be_asked_for(store: AnyStore, query: Find) -> None:
    with pytest.raises(ValueError, match="message"):
        await store.find(TURNS, query)


async def test_documents_are_counted_by_their_values(store: AnyStore) -> None:
    await some_turns(store, "s", 3)
    await some_turns(store, "t", 2)
    assert await store.count(TURNS, {"session_id": "s"}) == 3
    assert await store.count(TURNS, {"session_id": "u"}) == 0
    assert await store.count(TURNS, {}) == 5


async def test_documents_are_removed_by_their_values(store: AnyStore) -> None:
    turns = await some_turns(store, "s", 3)
    await some_turns(store, "t", 2)
    assert await store.delete(TURNS, {"id": turns[0]["id"]}) == 1
    assert await store.delete(TURNS, {"session_id": "s"}) == 2
    assert await store.delete(TURNS, {"session_id": "s"}) == 0
    assert len(await store.find(TURNS, Find({}))) == 2


@pytest.mark.parametrize("value", ["\ud800", 2**70])
async def test_what_cannot_be_looked_for_is_invalid_and_harms_no_other_call(store: AnyStore, value: Any) -> None:
    (doc,) = await some_turns(store, "s", 1)
    calls = [
        *(store.get(TURNS, value), store.find(TURNS, Find({"owner": value})), store.find(TURNS, Find({}, after=value))),
        *(store.delete(TURNS, {"owner": value}), store.replace(TURNS, doc, {"owner": value})),
    ]
    got, found, *refused = await asyncio.gather(
        store.get(TURNS, doc["id"]), store.find(TURNS, Find({"session_id": "s"})), *calls, return_exceptions=True
    )
    assert (got, found) == (doc, [doc])
    assert [type(outcome) for outcome in refused] == [Invalid] * len(calls)


async def test_queries_asked_at_once_get_their_own_answers(store: AnyStore) -> None:
    turns = {name: await some_turns(store, name, count) for name, count in [("s", 40), ("t", 3), ("u", 25)]}
    for doc in (own := [session(learner_id="ada"), session(learner_id="bob")]):
        await store.insert(SESSIONS, doc)
    asked = [Find({"session_id": name}, order, limit=30) for order in ("seq", "-seq") for name in turns] * 10
    *found, sessions = await asyncio.gather(
        *(store.find(TURNS, query) for query in asked), store.find(SESSIONS, Find({"learner_id": "bob"}))
    )
    assert (
        found
        == [(docs if order == "seq" else docs[::-1])[:30] for order in ("seq", "-seq") for docs in turns.values()] * 10
    )
    assert sessions == own[1:]
