"""What every store promises (`app/storage/ports.py`), while nothing goes wrong."""

import asyncio
from typing import Any

import pytest

from app.errors import Duplicate, Invalid, StoreUnavailable
from app.storage.ports import FEEDBACK, INSTANCES, KEYS, LEARNERS, SESSIONS, TURNS, Doc, Find
from tests.contract.conftest import AnyStore, open_store
from tests.contract.documents import new_id, session, turn


async def test_a_document_comes_back_as_it_was_given(store: AnyStore) -> None:
    doc = turn(usage={"input_tokens": 12, "cost_usd": 0.00075}, attempts=[{"ms": 1.5, "ok": True}, {}], none=None)
    await store.insert(TURNS, doc)
    assert await store.get(TURNS, doc["id"]) == doc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "naïve café Ωμέγα 数学",
        "👩🏽‍🚀🧮",
        "a\0b\x01\x7f",
        "line\r\nline\u2028",
        "'; DROP TABLE turns; --",
        "$where",
    ],
)
async def test_any_text_comes_back_as_it_was_given(store: AnyStore, text: str) -> None:
    doc = turn(message=text, owner=text, nested={"key": [text]})
    await store.insert(TURNS, doc)
    assert await store.get(TURNS, doc["id"]) == doc
    assert await store.find(TURNS, Find({"owner": text})) == [doc]


async def test_a_long_text_comes_back_whole(store: AnyStore) -> None:
    doc = turn(message="x𝔘" * 25_000)
    await store.insert(TURNS, doc)
    assert await store.get(TURNS, doc["id"]) == doc


async def test_keys_of_nested_objects_may_be_anything_json_allows(store: AnyStore) -> None:
    doc = turn(preferences={"a.b": 1, "$set": {"$x": 2}, "": 3, "$ref": "alone", "id": 4, "_id": 5})
    await store.insert(TURNS, doc)
    assert await store.get(TURNS, doc["id"]) == doc


@pytest.mark.parametrize("value", ["\ud800", 2**70, {1, 2}], ids=["lone surrogate", "huge number", "no JSON"])
async def test_what_no_store_can_keep_is_invalid_and_harms_nothing_else(store: AnyStore, value: Any) -> None:
    good = turn()
    bad, kept = await asyncio.gather(
        store.insert(TURNS, turn(message=value)), store.insert(TURNS, good), return_exceptions=True
    )
    assert isinstance(bad, Invalid)
    assert kept is None
    assert await store.get(TURNS, good["id"]) == good


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {}


async def test_a_document_may_be_nested_a_hundred_levels_deep(store: AnyStore) -> None:
    doc = turn(deep=nested(98))
    await store.insert(TURNS, doc)
    assert await store.get(TURNS, doc["id"]) == doc


async def among_others(store: AnyStore, doc: Doc) -> type:
    """What becomes of a document whose neighbours in the batch are sound, as they must stay."""
    docs = [turn(), doc, turn()]
    first, outcome, last = await asyncio.gather(*(store.insert(TURNS, d) for d in docs), return_exceptions=True)
    assert (first, last) == (None, None)
    return type(outcome)


async def test_a_document_nested_too_deep_is_invalid_and_harms_nothing_else(store: AnyStore) -> None:
    assert await among_others(store, turn(deep=nested(300))) is Invalid


@pytest.mark.parametrize("store_url", ["mongo"], indirect=True)
@pytest.mark.parametrize(
    "value",
    [nested(190), nested(250), "x" * (17 << 20), {"$ref": "turns", "$id": "x"}],
    ids=["refused alone", "refused with its batch", "too large", "taken for a reference"],
)
async def test_what_mongodb_cannot_keep_is_invalid_and_harms_nothing_else(store: AnyStore, value: Any) -> None:
    assert await among_others(store, turn(value=value)) is Invalid


async def test_an_indexed_field_holds_no_objects(store: AnyStore) -> None:
    with pytest.raises(Invalid):
        await store.insert(TURNS, turn(owner={"name": "one"}))


async def test_what_is_not_there_is_none(store: AnyStore) -> None:
    assert await store.get(TURNS, new_id()) is None
    assert await store.find(TURNS, Find({"session_id": new_id()})) == []


async def test_callers_that_ask_for_one_document_at_once_get_their_own_copies(store: AnyStore) -> None:
    doc = turn(attempts=[])
    await store.insert(TURNS, doc)
    first, second = await asyncio.gather(store.get(TURNS, doc["id"]), store.get(TURNS, doc["id"]))
    assert first is not None
    first["attempts"].append("changed")
    assert second == doc


@pytest.mark.parametrize(
    ("first", "second", "index"),
    [
        ({"id": "same"}, {"id": "same"}, "id"),
        ({"session_id": "s", "seq": 7, "state": "complete"}, {"session_id": "s", "seq": 7}, "by_session"),
        ({"session_id": "s", "seq": 1}, {"session_id": "s", "seq": 2}, "one_open"),
        ({"idempotency_key": "k"}, {"idempotency_key": "k"}, "by_key"),
    ],
)
async def test_a_taken_value_is_refused_by_the_name_of_its_index(
    store: AnyStore, first: dict[str, Any], second: dict[str, Any], index: str
) -> None:
    await store.insert(TURNS, turn(**first))
    with pytest.raises(Duplicate) as refused:
        await store.insert(TURNS, turn(**second))
    assert (refused.value.kind, refused.value.index) == ("turns", index)


async def test_a_replacement_that_takes_what_another_has_is_refused(store: AnyStore) -> None:
    one, other = turn(session_id="s", seq=1), turn(session_id="s", seq=2, state="complete")
    await store.insert(TURNS, one)
    await store.insert(TURNS, other)
    with pytest.raises(Duplicate) as refused:
        await store.replace(TURNS, {**other, "state": "open"}, {})
    assert refused.value.index == "one_open"
    assert await store.get(TURNS, other["id"]) == other


async def test_what_lies_outside_a_partial_index_may_be_there_twice(store: AnyStore) -> None:
    for seq in (1, 2, 3):
        await store.insert(TURNS, turn(session_id="s", seq=seq, state="complete", idempotency_key=None))
    await store.insert(TURNS, turn(session_id="s", seq=4, state="open"))
    await store.insert(TURNS, turn(workspace="other", idempotency_key="k"))
    await store.insert(TURNS, turn(workspace="school", idempotency_key="k"))
    assert len(await store.find(TURNS, Find({"session_id": "s"}))) == 4


async def test_one_name_is_one_learner_of_a_workspace(store: AnyStore) -> None:
    await store.insert(LEARNERS, session(learner_id="ada"))
    await store.insert(LEARNERS, session(learner_id="ada", workspace="other"))
    with pytest.raises(Duplicate, match="by_name"):
        await store.insert(LEARNERS, session(learner_id="ada"))


async def test_a_turn_that_is_closed_makes_room_for_the_next(store: AnyStore) -> None:
    first = turn(session_id="s", seq=1)
    await store.insert(TURNS, first)
    assert await store.replace(TURNS, {**first, "state": "complete"}, {"state": "open"})
    await store.insert(TURNS, turn(session_id="s", seq=2))


async def test_a_replacement_happens_only_where_the_old_values_still_hold(store: AnyStore) -> None:
    doc = turn()
    await store.insert(TURNS, doc)
    closed = {**doc, "state": "complete", "reply": "A number."}
    assert await store.replace(TURNS, closed, {"state": "open", "owner": "one"})
    assert not await store.replace(TURNS, {**doc, "state": "cancelled"}, {"state": "open"})
    assert await store.get(TURNS, doc["id"]) == closed


async def test_the_same_replacement_twice_is_true_both_times(store: AnyStore) -> None:
    doc = turn()
    await store.insert(TURNS, doc)
    closed = {**doc, "state": "complete"}
    assert await store.replace(TURNS, closed, {"state": "open"})
    assert await store.replace(TURNS, closed, {"state": "open"})


async def test_nothing_is_replaced_where_nothing_was(store: AnyStore) -> None:
    doc = turn()
    assert not await store.replace(TURNS, doc, {})
    assert await store.get(TURNS, doc["id"]) is None


@pytest.mark.parametrize(("still", "done"), [("2026-01-01", True), ("2026-01-02", False), (None, False)])
async def test_a_replacement_may_depend_on_a_field_without_an_index(
    store: AnyStore, still: str | None, done: bool
) -> None:
    doc = session(updated_at="2026-01-01")
    await store.insert(SESSIONS, doc)
    assert await store.replace(SESSIONS, {**doc, "title": "Primes"}, {"updated_at": still}) is done


async def test_results_within_one_batch_do_not_touch_each_other(store: AnyStore) -> None:
    taken, closed, stale = turn(), turn(), turn()
    for doc in (taken, closed, stale):
        await store.insert(TURNS, doc)
    await store.replace(TURNS, {**stale, "state": "failed"}, {})
    new = [turn() for _ in range(20)]
    outcomes = await asyncio.gather(
        store.insert(TURNS, taken),
        *(store.insert(TURNS, doc) for doc in new),
        store.replace(TURNS, {**closed, "state": "complete"}, {"state": "open"}),
        store.replace(TURNS, {**stale, "state": "complete"}, {"state": "open"}),
        store.insert(TURNS, turn(session_id=taken["session_id"], seq=2)),
        return_exceptions=True,
    )
    first, *middle, done, too_late, second = outcomes
    assert isinstance(first, Duplicate)
    assert isinstance(second, Duplicate)
    assert (first.index, second.index) == ("id", "one_open")
    assert (middle, done, too_late) == ([None] * 20, True, False)
    assert {doc["id"] for doc in await store.find(TURNS, Find({"owner": "one", "state": "open"}))} == {
        taken["id"],
        *(doc["id"] for doc in new),
    }


async def test_writes_of_one_document_happen_in_the_order_in_which_they_were_asked(store: AnyStore) -> None:
    doc = turn()
    states = [{**doc, "state": f"state-{n}"} for n in range(5)]
    outcomes = await asyncio.gather(store.insert(TURNS, doc), *(store.replace(TURNS, state, {}) for state in states))
    assert outcomes == [None, True, True, True, True, True]
    assert await store.get(TURNS, doc["id"]) == states[-1]


async def test_five_hundred_at_once_are_all_there(store: AnyStore) -> None:
    docs = [turn(owner="crowd") for _ in range(500)]
    await asyncio.gather(*(store.insert(TURNS, doc) for doc in docs))
    assert await store.find(TURNS, Find({"owner": "crowd"}, limit=1_000)) == docs


async def test_of_two_open_turns_of_a_session_exactly_one_wins(store_url: str, store: AnyStore) -> None:
    other = await open_store(store_url)
    for n in range(10):
        turns = turn(session_id=f"s{n}", seq=1), turn(session_id=f"s{n}", seq=2)
        outcomes = await asyncio.gather(
            store.insert(TURNS, turns[0]), other.insert(TURNS, turns[1]), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Duplicate", "NoneType"]
    await other.close()


async def test_kinds_are_kept_apart(store: AnyStore) -> None:
    doc = session(hash="h", turn_id="t")
    for kind in (SESSIONS, LEARNERS, FEEDBACK, KEYS, INSTANCES):
        await store.insert(kind, doc)
    await store.delete(KEYS, {"hash": "h"})
    assert [await store.get(kind, doc["id"]) for kind in (SESSIONS, KEYS, INSTANCES)] == [doc, None, doc]


async def test_a_cancelled_caller_does_not_disturb_the_others(store: AnyStore) -> None:
    docs = [turn(owner="crowd") for _ in range(20)]
    tasks = [asyncio.create_task(store.insert(TURNS, doc)) for doc in docs]
    await asyncio.sleep(0)
    tasks[3].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(asyncio.CancelledError) == 1
    await store.insert(TURNS, turn())
    assert await store.find(TURNS, Find({"owner": "crowd"})) == docs


async def test_more_than_ten_thousand_waiting_writes_are_refused(store: AnyStore) -> None:
    docs = [session() for _ in range(10_003)]
    outcomes = await asyncio.gather(*(store.insert(SESSIONS, doc) for doc in docs), return_exceptions=True)
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert [type(outcome) for outcome in refused] == [StoreUnavailable] * 3
    await store.insert(SESSIONS, session())


async def test_closing_finishes_what_was_asked(store_url: str, store: AnyStore) -> None:
    docs = [turn() for _ in range(100)]
    other = await open_store(store_url)
    writes = [asyncio.create_task(other.insert(TURNS, doc)) for doc in docs]
    await asyncio.sleep(0)
    await other.close()
    await asyncio.gather(*writes)
    assert await store.find(TURNS, Find({"owner": "one"}, limit=200)) == docs


async def test_a_closed_store_is_unavailable(store_url: str, store: AnyStore) -> None:
    other = await open_store(store_url)
    await other.insert(TURNS, turn())
    await other.close()
    await other.close()
    for call in (other.insert(TURNS, turn()), other.get(TURNS, "x"), other.find(TURNS, Find({})), other.ping()):
        with pytest.raises(StoreUnavailable):
            await call
    other.jot("turn", 0, "is lost without a word")


async def test_a_ping_names_the_server_and_its_version(store: AnyStore) -> None:
    name, version = (await store.ping()).split()
    assert name in ("SQLite", "MongoDB")
    assert int(version.split(".")[0]) >= 3
