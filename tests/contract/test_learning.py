"""What is learned of learners over both stores: by several replicas, after crashes, and from the log again."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.bootstrap import Learning, learning_of
from app.clock import HandClock, iso
from app.errors import KeyReused
from app.events import TurnEnded
from app.learner.counts import NAMES_OF_SHARDS, RECALL
from app.learner.following import Following
from app.learner.grading import Call, Told
from app.learner.rows import Row
from app.storage.belongings import Belongings
from app.storage.learned import NOBODY, Learned
from app.storage.ports import ANSWERS, LEARNED, TURNS, Doc, Find, Kind
from app.storage.records import to_doc
from app.storage.segments import Owner
from app.storage.turns import TurnLog
from app.vocabulary import Affect, Answer, Reading, State, Turn
from tests.contract.conftest import AnyStore

ADA = ("school", "ada")


def rows(n: int, chance: random.Random, **fields: Any) -> list[Row]:
    made = []
    for _ in range(n):
        skill = f"skill {chance.randint(1, 9)}"
        item = f"{skill}/{chance.randint(1, 5)}" if chance.random() < 0.8 else None
        help_taken, shown = chance.choice((0, 0, 0, 2)), chance.random() < 0.1
        made.append(
            Row(Answer(skill, chance.random() < 0.7, item, chance.random() * 9_000, help_taken, shown, **fields))
        )
    return made


async def grade(learning: Learning, given: list[Row], who: tuple[str, str] = ADA, key: str | None = None) -> list[Told]:
    told, _ = await learning.grading.grade(Call(who, given, key, "digest" if key else None))
    return told


async def all_learned(store: AnyStore) -> dict[str, Any]:
    """All that is derived, but for which sheets a shard remembers."""
    docs = await store.find(LEARNED, Find({}, limit=1_000))
    return {doc["id"]: {**doc["kept"], "sheets": None} for doc in docs}


async def settled(learning: Learning) -> None:
    while await learning.minds.save():
        pass
    while await learning.counting.count():
        pass


async def attempts(learning: Learning, who: tuple[str, str] = ADA) -> int:
    return sum(fact.standing.attempts for fact in await learning.portraits.facts(who))


SAID = ("An example, please", "I love football, and step by step is best", "ok", "I want to know it. " * 8)


def said_by(clock: HandClock, learner: str, message: str) -> Turn:
    reading = Reading(Affect("joy", 0.9, 0.5, 0.1))
    made = turn(clock, message)
    return replace(made, learner_id=learner, reading=reading)


async def test_a_turn_that_cannot_be_read_holds_up_nobody_who_waits_behind_its_learner(
    store: AnyStore, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HandClock()
    learning = learning_of(store, clock)
    for learner, odd in (("ada", {"task": "of another version"}), ("bob", {})):
        clock.turn(1)
        said = said_by(clock, learner, SAID[0])
        await store.insert(TURNS, {**to_doc(said), **odd})
        learning.following.hear(TurnEnded(said))
    await learning.following.catch_up()
    assert "what a learner's turns say is not learned" in caplog.text
    assert (await learning.following.follow(("school", "bob"))).upto is not None
    assert await store.count(LEARNED, {"workspace": "school", "learner_id": "bob"}) == 1
    assert await store.count(LEARNED, {"workspace": "school", "learner_id": "ada"}) == 0


async def test_what_is_rebuilt_from_the_log_is_the_same_bit_for_bit(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(1)
    here, there = learning_of(store, clock), learning_of(store, clock)
    for n in range(40):
        clock.turn(chance.choice((1, 600, 90_000)))
        who = ("school", chance.choice(("ada", "bob", "eve")))
        said = said_by(clock, who[1], chance.choice(SAID))
        await store.insert(TURNS, to_doc(said))
        here.following.hear(TurnEnded(said))
        there.following.hear(TurnEnded(said))
        at = clock.now() - 3_600 if n % 7 == 0 else None
        await grade(chance.choice((here, there)), rows(chance.randint(1, 30), chance, at=at), who)
        if n % 10 == 9:
            await settled(chance.choice((here, there)))
            await chance.choice((here, there)).following.catch_up()
    learners = [("school", learner) for learner in ("ada", "bob", "eve")]
    for who in learners:  # a document that is behind its log is brought up to it by who reads
        await attempts(here, who)
        await here.following.follow(who)
    await settled(here)
    live = await all_learned(store)
    profiles = [await here.profiles.of(who) for who in learners]
    assert len(live) > 10
    told = {"pace", "persistence", "help_seeking", "explanation_form", "time_of_day"}
    assert all(trait.n for traits in profiles for trait in traits if trait.name in told)
    await store.delete(LEARNED, {"workspace": "school"})
    rebuilding = learning_of(store, clock).rebuilding
    everyone = await rebuilding.everyone()
    assert everyone == [("school", "ada"), ("school", "bob"), ("school", "eve")]
    assert await rebuilding.run(everyone, lambda: None) == []
    assert await all_learned(store) == live
    assert [await learning_of(store, clock).profiles.of(who) for who in learners] == profiles


async def test_a_mind_that_was_written_and_read_goes_on_as_the_one_that_stayed(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(2)
    stays = learning_of(store, clock)
    for _ in range(10):
        clock.turn(60)
        await grade(stays, rows(20, chance), ADA)
        await stays.minds.save()
        reads = learning_of(store, clock)
        async with stays.minds.at(ADA, current=False) as one, reads.minds.at(ADA, current=True) as other:
            assert one.kept() == other.kept()


async def test_replicas_that_grade_one_learner_at_once_lose_and_double_nothing(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(3)
    replicas = [learning_of(store, clock) for _ in range(3)]
    calls = [rows(4, chance) for _ in range(12)]
    told = await asyncio.gather(*(grade(replicas[n % 3], calls[n // 2], key=f"k{n // 2}") for n in range(24)))
    for n in range(0, 24, 2):
        assert told[n] == told[n + 1]
    for replica in replicas:
        assert await attempts(replica) == 48
    with pytest.raises(KeyReused):
        await replicas[0].grading.grade(Call(ADA, rows(1, chance), "k1", "other"))
    await asyncio.gather(*(settled(replica) for replica in replicas))
    assert (await counted(store))[0] == unaided(calls)


async def test_calls_that_are_repeated_while_they_are_under_way_are_answered_alike(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(9)
    replicas = [learning_of(store, clock) for _ in range(2)]
    calls = [[Row(row.answer, f"answer {n}") for row in rows(1, chance)] for n in range(8)]
    told = await asyncio.gather(*(grade(replicas[n // 16], calls[n % 8], key=f"k{n % 8}") for n in range(32)))
    for n in range(32):
        assert told[n] == told[n % 8]
    assert await attempts(replicas[0]) == 8


async def test_counting_that_dies_halfway_counts_each_sheet_once(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(4)
    learning = learning_of(store, clock)
    calls = [rows(30, chance) for _ in range(5)]
    for call in calls:
        await grade(learning, call)
        # Dies at some point of its way through the shards, again and again.
        for _ in range(3):
            counting = asyncio.ensure_future(learning_of(store, clock).counting.count())
            for _ in range(chance.randint(1, 200)):
                await asyncio.sleep(0)
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
    await settled(learning)
    answers, items = await counted(store)
    assert answers == unaided(calls)
    assert items == sum(
        r.answer.item is not None and not (r.answer.hints or r.answer.shown) for call in calls for r in call
    )


async def counted(store: AnyStore) -> tuple[int, int]:
    """Answers that the counts have, and those of items."""
    shards = [(await Learned(store).get("school", NOBODY, name))[0] for name in NAMES_OF_SHARDS if name != RECALL]
    assert shards[0] is not None
    items = (row for shard in shards[1:] if shard for row in shard["table"])
    return shards[0]["answers"], sum(sum(counts[::2]) for _, *counts in items)


def unaided(calls: list[list[Row]]) -> int:
    return sum(row.answer.hints == 0 and not row.answer.shown for call in calls for row in call)


class Talkative:
    """A consumer that remembers the first words of each turn, in the order in which it was given them."""

    name, version = "talkative", 1

    def begin(self) -> Mapping[str, Any]:
        return {"said": []}

    def take(self, state: Mapping[str, Any], turn: Turn) -> Mapping[str, Any]:
        return {"said": [*state["said"], turn.message]}


def turn(clock: HandClock, message: str, state: State = State.COMPLETE) -> Turn:
    return Turn(clock.id(), "school", clock.id(), "ada", 1, message, iso(clock.now()), state)


async def test_turns_are_taken_once_in_the_order_of_their_ids(store: AnyStore) -> None:
    clock = HandClock()
    here, there = (Following(TurnLog(store), Learned(store), [Talkative()]) for _ in range(2))
    late, one, two, three = (turn(clock, word) for word in ("late", "one", "two", "three"))
    for kept in (one, three):
        await store.insert(TURNS, to_doc(kept))
    opened = turn(clock, "four", State.OPEN)
    await store.insert(TURNS, to_doc(opened))
    here.hear(TurnEnded(one))
    here.hear(TurnEnded(one))
    await here.catch_up()
    assert (await here.follow(ADA)).states["talkative"]["said"] == ["one", "three"]
    # One whose id is older than what was taken, as of a replica whose clock is behind.
    await store.insert(TURNS, to_doc(late))
    await store.insert(TURNS, to_doc(two))
    there.hear(TurnEnded(late))
    await there.catch_up()
    assert (await there.follow(ADA)).states["talkative"]["said"] == ["late", "one", "two", "three"]
    await store.replace(TURNS, {**to_doc(opened), "state": State.COMPLETE}, {"state": State.OPEN})
    here.drop(ADA)
    assert (await here.follow(ADA)).states["talkative"]["said"] == ["late", "one", "two", "three", "four"]
    live = await all_learned(store)
    await store.delete(LEARNED, {"workspace": "school"})
    await here.rebuild(ADA)
    assert await all_learned(store) == live
    assert (await here.state(ADA, "talkative", current=False))["said"] == ["late", "one", "two", "three", "four"]


async def test_what_was_learned_of_an_erased_learner_is_not_written_again(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(5)
    learning, other = learning_of(store, clock), learning_of(store, clock)
    await grade(learning, rows(3, chance), ADA)
    await learning.minds.save()
    await grade(learning, rows(3, chance), ADA)  # moved on since it was written
    await grade(other, rows(3, chance), ("school", "bob"))  # never written
    for learner_id in ("ada", "bob"):
        for kind in (ANSWERS, LEARNED):
            await store.delete(kind, {"workspace": "school", "learner_id": learner_id})
    await learning.minds.save()
    await other.minds.save()
    assert await all_learned(store) == {}
    assert await attempts(learning) == 0
    assert await attempts(other, ("school", "bob")) == 0


async def test_what_was_learned_from_turns_that_are_erased_meanwhile_is_not_kept(store: AnyStore) -> None:
    clock = HandClock()
    said, learning = turn(clock, "I love football"), learning_of(store, clock)
    await store.insert(TURNS, to_doc(said))
    reading = asyncio.ensure_future(learning.following.follow(ADA))
    while not reading.done():  # at whatever point of its way the turn goes
        await asyncio.sleep(0)
        await store.delete(TURNS, {"id": said.id})
    assert await all_learned(store) == {}


@pytest.mark.parametrize("answers_since", [0, 1, 2, 9])
async def test_a_replica_that_nobody_told_of_an_erasure_believes_nothing_of_it(
    store: AnyStore, answers_since: int
) -> None:
    clock, chance = HandClock(), random.Random(6)
    here, there = learning_of(store, clock), learning_of(store, clock)
    for _ in range(2):
        await grade(there, rows(5, chance))
    await there.minds.save()
    await Belongings(store).erase(Owner(*ADA))
    here.drop(*ADA)
    for _ in range(answers_since):  # so that sheets have the numbers again that were known there
        await grade(here, [Row(Answer("new", True))])
    assert await attempts(there) == answers_since
    await settled(there)
    assert len(await store.find(LEARNED, Find({"workspace": "school", "learner_id": "ada"}))) == min(answers_since, 1)


async def test_the_first_answer_after_an_erasure_that_nobody_told_of_is_the_first_of_all(store: AnyStore) -> None:
    clock, chance = HandClock(), random.Random(7)
    learning, fresh = learning_of(store, clock), learning_of(store, clock)
    for _ in range(2):
        await grade(learning, [*rows(5, chance), Row(Answer("new", True), "the same")])
    await learning.minds.save()
    await Belongings(store).erase(Owner(*ADA))
    [told] = await grade(learning, [Row(Answer("new", True), "the same")])
    assert [*told.noted] == ["new-skill"]
    assert [doc["seq"] for doc in await store.find(ANSWERS, Find({"workspace": "school"}))] == [1]
    await settled(learning)
    assert await attempts(learning) == await attempts(fresh) == 1


async def test_what_is_written_of_a_learner_while_they_are_erased_is_taken_back(store: AnyStore) -> None:
    learning = learning_of(Erasing(store, LEARNED), HandClock())
    await grade(learning, rows(5, random.Random(8)))
    await learning.minds.save()
    assert await store.find(LEARNED, Find({"workspace": "school", "learner_id": "ada"})) == []
    assert await attempts(learning) == 0


class Erasing:
    """A store in which Ada is erased just before a document of a kind is added."""

    def __init__(self, store: AnyStore, kind: Kind) -> None:
        self._store, self._kind = store, kind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def insert(self, kind: Kind, doc: Doc) -> None:
        if kind is self._kind and doc["learner_id"] == "ada":
            await Belongings(self._store).erase(Owner(*ADA))
        await self._store.insert(kind, doc)
