"""Roll-ups over every store: each one once, in order, and gone when they are old."""

import asyncio

from app.storage.rollups import KEPT, Kept, Rollups
from tests.contract.conftest import AnyStore

NOW = 1_790_000_000


async def test_a_rollup_is_kept_once_and_read_in_order_of_time(store: AnyStore) -> None:
    rollups = Rollups(store)
    added = [Kept.of("minute", NOW + 60 * n, replica, f"{n} {replica}") for n in range(60) for replica in ("a", "b")]
    await asyncio.gather(*map(rollups.add, reversed(added)))
    await rollups.add(Kept.of("minute", NOW, "a", "again"))
    await rollups.add(Kept.of("hour", NOW, "", "an hour"))
    assert [kept async for kept in rollups.since("minute", NOW + 60)] == added[2:]
    assert [kept async for kept in rollups.before("minute", NOW + 120)] == [*reversed(added[:4])]
    assert [kept.told async for kept in rollups.since("hour", 0)] == ["an hour"]


async def test_what_is_old_is_removed_by_its_own_measure(store: AnyStore) -> None:
    rollups = Rollups(store)
    for scale, seconds in KEPT.items():
        for start in (NOW - seconds - 1, NOW - seconds + 1, NOW):
            await rollups.add(Kept.of(scale, start, "a", ""))
    assert await rollups.remove_old(NOW) == len(KEPT)
    assert await rollups.remove_old(NOW) == 0
    for scale, seconds in KEPT.items():
        assert [kept.start async for kept in rollups.since(scale, 0)] == [NOW - seconds + 1, NOW]


async def test_all_replicas_hash_names_with_the_same_key(store: AnyStore) -> None:
    keys = await asyncio.gather(*(Rollups(store).key() for _ in range(8)))
    assert len(set(keys)) == 1
    assert len(keys[0]) >= 16
    assert await Rollups(store).remove_old(NOW * 2) == 0
    assert await Rollups(store).key() == keys[0]
