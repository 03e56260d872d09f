"""What a process leaves of the learned texts that died while it wrote one is removed; what others write is not."""

from app.bootstrap.choosing import choosing_of, keeping_of
from app.clock import HandClock
from app.policy import load
from app.settings import CONFIG
from app.storage.arms import Arms, Brought, Head
from app.storage.memory import MemoryCache
from app.storage.ports import ARMS
from app.vocabulary import SCHEMA
from tests.contract.conftest import AnyStore


async def test_parts_without_a_head_are_removed_when_whoever_wrote_them_has_had_time(store: AnyStore) -> None:
    clock, arms = HandClock(), Arms(store)
    keeping = keeping_of(choosing_of(load(CONFIG / "policy.toml"), b"key"), store, MemoryCache(clock), clock)
    long = "a" * ((1 << 20) + 1)

    async def left_behind(first: int, last: int) -> None:
        name = clock.id()
        for n in range(first, last):
            doc = {"id": f"part {name} {n:06}", "workspace": "w", "part": "x", "schema": SCHEMA}
            await store.insert(ARMS, doc)

    async def tidied() -> int:
        there = await store.count(ARMS, {})
        await keeping.save()
        return there - await store.count(ARMS, {})

    brought = Brought("w", "elsewhere", frozenset({"elsewhere"}), long)
    await arms.bring(brought, clock.id())
    clock.turn(1)
    await left_behind(0, 2)  # died before the head was there
    clock.turn(1)
    head = Head(clock.id(), 0)
    assert await arms.put("w", long, head, None)
    clock.turn(1)
    await left_behind(3, 4)  # died while it removed an old text
    clock.turn(590)
    await left_behind(0, 1)  # is being written
    assert await tidied() == 0
    clock.turn(11)
    assert await tidied() == 3
    assert [one async for one in arms.all()] == [("w", head, long)]
    assert await store.count(ARMS, {}) == 7
    assert await tidied() == 0
    await arms.move("somewhere")
    clock.turn(600)
    assert await tidied() == 1
    assert [one async for one in arms.all()] == [("w", head, long)]
    assert [one async for one in arms.brought()] == [brought]
