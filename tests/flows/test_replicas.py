"""Two replicas on one store: neither works on what the other has changed; each cares for the other's dead turns."""

import asyncio
import os
from dataclasses import replace

import pytest

from app.bootstrap import Records, records_of
from app.clock import HandClock, iso
from app.errors import NotFound, SessionBusy
from app.storage.memory import MemoryCache
from app.storage.presence import Instance, Presence
from app.storage.snapshots import CHANGED
from app.storage.sqlite import SqliteStore
from app.storage.turns import KeyTaken, StaleSnapshot
from app.vocabulary import Session, Snapshot, State, Turn


def session(clock: HandClock, learner: str = "ada") -> Session:
    now = iso(clock.now())
    return Session(clock.id(), "w", learner, now, now)


def opened(clock: HandClock, snapshot: Snapshot, owner: str = "me", key: str | None = None) -> Turn:
    return Turn(
        clock.id(),
        "w",
        snapshot.session.id,
        snapshot.session.learner_id,
        snapshot.last_seq + 1,
        "Hi",
        iso(clock.now()),
        owner=owner,
        idempotency_key=key,
        history_items=snapshot.history_items,
        history_tokens=snapshot.history_tokens,
    )


def closed(turn: Turn, reply: str = "Hello") -> Turn:
    return replace(turn, state=State.COMPLETE, reply=reply, message_tokens=1, reply_tokens=1)


async def one_turn(records: Records, clock: HandClock, session_id: str) -> Snapshot:
    snapshot = await records.snapshots.of("w", session_id)
    turn = opened(clock, snapshot)
    await records.turns.open(turn)
    assert await records.turns.close(closed(turn))
    records.snapshots.advance(snapshot, closed(turn))
    return await records.snapshots.of("w", session_id)


async def test_a_snapshot_follows_its_session_without_reading(store: SqliteStore, clock: HandClock) -> None:
    records, other = records_of(store, clock), records_of(store, clock)
    talk = session(clock)
    await records.sessions.add(talk)
    for n in range(1, 101):
        snapshot = await one_turn(records, clock, talk.id)
        assert (snapshot.last_seq, snapshot.history_items, snapshot.history_tokens) == (n, n, n * 10)
    loaded = await other.snapshots.of("w", talk.id)
    assert loaded == snapshot
    assert len(loaded.said) == 64


async def test_a_stale_snapshot_is_found_out_when_the_turn_is_opened(store: SqliteStore, clock: HandClock) -> None:
    here, there = records_of(store, clock), records_of(store, clock)
    talk = session(clock)
    await here.sessions.add(talk)
    stale = await here.snapshots.of("w", talk.id)
    await one_turn(there, clock, talk.id)
    with pytest.raises(StaleSnapshot):
        await here.turns.open(opened(clock, stale))
    here.snapshots.drop(talk.id)
    assert (await here.snapshots.of("w", talk.id)).last_seq == 1


async def test_what_is_loaded_while_a_turn_is_open_is_not_kept(store: SqliteStore, clock: HandClock) -> None:
    here, there = records_of(store, clock), records_of(store, clock)
    talk = session(clock)
    await here.sessions.add(talk)
    turn = opened(clock, await there.snapshots.of("w", talk.id))
    await there.turns.open(turn)
    assert (await here.snapshots.of("w", talk.id)).said == ()
    await there.turns.close(closed(turn, "Hello"))
    assert [said.reply for said in (await here.snapshots.of("w", talk.id)).said] == ["Hello"]


async def test_one_open_turn_per_session_whichever_replica_asks(store: SqliteStore, clock: HandClock) -> None:
    here, there = records_of(store, clock), records_of(store, clock)
    talk = session(clock)
    await here.sessions.add(talk)
    snapshot = await here.snapshots.of("w", talk.id)
    await here.turns.open(opened(clock, snapshot, key="k"))
    with pytest.raises(SessionBusy):
        await there.turns.open(replace(opened(clock, snapshot), seq=2))
    elsewhere = session(clock)
    with pytest.raises(KeyTaken):
        await there.turns.open(replace(opened(clock, snapshot, key="k"), session_id=elsewhere.id))


async def test_a_turn_is_closed_once(store: SqliteStore, clock: HandClock) -> None:
    records = records_of(store, clock)
    talk = session(clock)
    await records.sessions.add(talk)
    turn = opened(clock, await records.snapshots.of("w", talk.id))
    await records.turns.open(turn)
    assert await records.turns.close(closed(turn, "first"))
    assert await records.turns.close(closed(turn, "first"))
    assert not await records.turns.close(closed(turn, "second"))
    assert (await records.turns.get("w", turn.id)).reply == "first"


async def test_the_turns_of_a_dead_process_are_closed_with_what_was_streamed(
    store: SqliteStore, clock: HandClock
) -> None:
    records = records_of(store, clock)
    dead = Instance("dead", "another-host", 1, iso(clock.now()))
    await Presence(store, records.turns, clock, dead).arrive()
    talk = session(clock)
    await records.sessions.add(talk)
    turn = opened(clock, await records.snapshots.of("w", talk.id), owner="dead")
    await records.turns.open(turn)
    for n, text in enumerate(("Hel", "lo")):
        records.turns.jot(turn.id, n, text)
    alive = Presence(store, records.turns, clock, Instance("alive", "this-host", os.getpid(), iso(clock.now())))
    assert await alive.arrive() == 0
    clock.turn(21)
    assert await alive.arrive() == 1
    found = await records.turns.get("w", turn.id)
    assert (found.state, found.reply, found.problem) == (State.INCOMPLETE, "Hello", "interrupted")
    assert await alive.arrive() == 0


async def test_a_process_that_died_on_this_host_is_not_waited_for(store: SqliteStore, clock: HandClock) -> None:
    records = records_of(store, clock)
    gone = Instance("gone", "host", 2**22 + 1, iso(clock.now()))
    await Presence(store, records.turns, clock, gone).arrive()
    talk = session(clock)
    await records.sessions.add(talk)
    await records.turns.open(opened(clock, await records.snapshots.of("w", talk.id), owner="gone"))
    me = Presence(store, records.turns, clock, Instance("me", "host", os.getpid(), iso(clock.now())))
    assert await me.arrive() == 1


async def test_a_lease_is_kept_while_turns_are_open_under_it(store: SqliteStore, clock: HandClock) -> None:
    records = records_of(store, clock)
    me = Presence(store, records.turns, clock, Instance("me", "a", 1, iso(clock.now())))
    await me.arrive()
    talk = session(clock)
    await records.sessions.add(talk)
    await records.turns.open(opened(clock, await records.snapshots.of("w", talk.id)))
    await me.leave()
    next_one = Presence(store, records.turns, clock, Instance("next", "b", 1, iso(clock.now())))
    assert await next_one.arrive() == 0
    clock.turn(21)
    assert await next_one.arrive() == 1


async def test_another_host_s_clock_may_be_wrong(store: SqliteStore, clock: HandClock) -> None:
    records = records_of(store, clock)
    yesterday = HandClock(clock.now() - 86_400)
    them = Presence(store, records.turns, yesterday, Instance("them", "a", 1, ""))
    await them.arrive()
    talk = session(clock)
    await records.sessions.add(talk)
    await records.turns.open(opened(clock, await records.snapshots.of("w", talk.id), owner="them"))
    me = Presence(store, records.turns, clock, Instance("me", "b", 1, ""))
    for _ in range(5):
        assert await me.arrive() == 0
        clock.turn(15)
        yesterday.turn(15)
        await them.arrive()


async def test_changes_reach_the_snapshots_of_other_replicas(store: SqliteStore, clock: HandClock) -> None:
    records = records_of(store, clock)
    talk = session(clock)
    await records.sessions.add(talk)
    before = await records.snapshots.of("w", talk.id)
    await records.sessions.change(talk, {"title": "Fractions"}, iso(clock.now()))
    assert await records.snapshots.of("w", talk.id) is before
    clock.turn(31)
    assert (await records.snapshots.of("w", talk.id)).session.title == "Fractions"
    await records.learners.put("w", "ada", {"level": "B1"})
    records.snapshots.drop_learner("w", "ada")
    assert (await records.snapshots.of("w", talk.id)).learner.preferences == {"level": "B1"}


async def test_a_session_is_erased_with_its_turns(store: SqliteStore, clock: HandClock) -> None:
    records = records_of(store, clock)
    talk = session(clock)
    await records.sessions.add(talk)
    await one_turn(records, clock, talk.id)
    await records.sessions.remove(talk)
    records.snapshots.drop(talk.id)
    with pytest.raises(NotFound):
        await records.snapshots.of("w", talk.id)
    assert (await records.turns.newest(talk.id, 10)).data == ()


async def test_what_is_published_is_dropped(store: SqliteStore, clock: HandClock) -> None:
    records, cache = records_of(store, clock), MemoryCache(clock)
    talk = session(clock)
    await records.sessions.add(talk)
    before = await records.snapshots.of("w", talk.id)
    following = asyncio.ensure_future(records.snapshots.follow(cache, "me"))
    await asyncio.sleep(0)
    cache.publish(CHANGED, f"session:{talk.id}".encode())
    async with asyncio.timeout(30):
        while await records.snapshots.of("w", talk.id) is before:
            await asyncio.sleep(0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
