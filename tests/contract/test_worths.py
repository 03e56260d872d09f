"""Sums of rewards over every store: replicas add up, and no turn counts twice."""

import asyncio

import pytest

from app.storage.worths import RECENT, Arm, Tally, Worths
from tests.contract.conftest import AnyStore

TALLY = Tally.of("school", "1", "practice")
SEEN = (Arm("memory", 0.0, (1.0, 50.0, 2_500.0, 0.5, 25.0, 1_250.0)),)


async def tallies(store: AnyStore, workspace: str | None = None) -> list[Tally]:
    return [tally async for tally in Worths(store).all(workspace)]


async def test_what_replicas_add_at_once_adds_up(store: AnyStore) -> None:
    replicas = [Worths(store) for _ in range(4)]
    added = await asyncio.gather(*(replicas[n % 4].add(TALLY, f"t{n}", SEEN) for n in range(60)))
    assert all(added)
    (tally,) = await tallies(store)
    assert tally.arms == (Arm("memory", 0.0, tuple(60 * part for part in SEEN[0].sums)),)
    assert (tally.version, len(tally.recent)) == (60, 60)


async def test_a_turn_that_is_added_by_several_at_once_counts_once(store: AnyStore) -> None:
    added = await asyncio.gather(*(Worths(store).add(TALLY, "t1", SEEN) for _ in range(8)))
    assert sum(added) == 1
    assert (await tallies(store))[0].arms == SEEN


async def test_tallies_are_apart_by_workspace_policy_and_task(store: AnyStore) -> None:
    names = [("a", "1", "x"), ("a", "1", "y"), ("a", "2", "x"), ("b", "1", "x"), ('a","1', "x", "y")]
    for name in names:
        assert await Worths(store).add(Tally.of(*name), "t1", SEEN)
    assert len(await tallies(store)) == 5
    found = {(tally.workspace, tally.policy, tally.task) for tally in await tallies(store, "a")}
    assert found == set(names[:3])


@pytest.mark.parametrize("turns", [RECENT + 40])
def test_a_tally_does_not_grow_with_the_turns_it_counts(turns: int) -> None:
    tally = TALLY
    for n in range(turns):
        tally = tally.plus(f"t{n}", (Arm("memory", n % 2 / 2, (1.0, 1.0)), Arm("history", 1.0, (1.0, 2.0))))
    assert tally.recent == tuple(f"t{n}" for n in range(40, turns))
    assert {(arm.layer, arm.factor): arm.sums for arm in tally.arms} == {
        ("memory", 0.0): (turns / 2, turns / 2),
        ("memory", 0.5): (turns / 2, turns / 2),
        ("history", 1.0): (float(turns), 2.0 * turns),
    }
