"""What helped, over both stores: each rating counts once, and the log gives the same bit for bit."""

import random
from dataclasses import replace
from typing import Any

from app.bootstrap.teaching import helping_of
from app.clock import HandClock, iso
from app.helping import Helping
from app.storage.ports import LEARNED, TURNS, Find
from app.storage.records import to_doc
from app.storage.sessions import Sessions
from app.vocabulary import Feedback, Reading, State, Task, Turn
from tests.contract.conftest import AnyStore


async def rated(store: AnyStore, clock: HandClock, chance: random.Random, helping: Helping) -> bool:
    clock.turn(chance.choice((1, 9_000, 900_000)))
    reading = Reading(skills=(f"skill {chance.randrange(5)}",), mastery=chance.choice(("weak", "strong")))
    turn = Turn(clock.id(), "school", clock.id(), chance.choice(("ada", "bob")), 1, "Why?", iso(clock.now()))
    task, strategy = chance.choice((Task.PRACTICE, Task.EXPLANATION)), chance.choice(("hints", "guided"))
    turn = replace(turn, state=State.COMPLETE, provider="groq", task=task, strategy=strategy, reading=reading)
    await store.insert(TURNS, to_doc(turn))
    feedback = Feedback(clock.id(), "school", turn.id, iso(clock.now()), rating=chance.randint(1, 5))
    await Sessions(store).rate(feedback)
    return await helping.note(turn, feedback) and not await helping.note(turn, feedback)


async def all_learned(store: AnyStore) -> dict[str, Any]:
    return {doc["id"]: doc["kept"] for doc in await store.find(LEARNED, Find({}, limit=1_000))}


async def test_each_rating_counts_once_and_a_rebuild_gives_the_same_bit_for_bit(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(7)
    here, there = helping_of(store), helping_of(store)
    assert all([await rated(store, clock, chance, chance.choice((here, there))) for _ in range(60)])
    live = await all_learned(store)
    assert len(live) == 2
    assert await there.rebuild("school")
    assert await all_learned(store) == live
    await store.delete(LEARNED, {"workspace": "school"})
    assert await there.rebuild("school")
    assert await all_learned(store) == live
