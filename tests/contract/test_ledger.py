"""The contract of ledgers, over SQLite and MongoDB: money is never promised twice, and never lost."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from app.routing.ledger import Account, Demand, Hold, Ledger, Name, Short
from tests.contract.conftest import AnyStore, open_store

DAY = "2026-11-21"
ALL, ADA, BEN = Name(DAY, "w"), Name(DAY, "w", "ada"), Name(DAY, "w", "ben")


@pytest.fixture
def ledger(store: AnyStore) -> Ledger:
    return store.ledger


def hold(lease: str, amount: int = 10, until: float = 100.0) -> Hold:
    return Hold(lease, amount, until)


async def test_an_account_that_nobody_used_is_empty(ledger: Ledger) -> None:
    assert await ledger.view(ALL) == Account()


async def test_what_is_held_and_then_spent_is_never_over_the_limit(ledger: Ledger) -> None:
    assert await ledger.reserve(hold("a", 60), [Demand(ALL, 100)]) is None
    short = await ledger.reserve(hold("b", 41), [Demand(ALL, 100)])
    assert short is not None
    assert (short.name, short.left) == (ALL, 40)
    await ledger.settle("a", [ALL], 25)
    assert await ledger.view(ALL) == Account(25)
    assert await ledger.reserve(hold("b", 75), [Demand(ALL, 100)]) is None
    assert await ledger.view(ALL) == Account(25, {"b": hold("b", 75)})


async def test_a_hold_that_is_asked_for_twice_is_held_once(ledger: Ledger) -> None:
    for _ in range(2):
        assert await ledger.reserve(hold("a", 60), [Demand(ALL, 100), Demand(ADA, 60)]) is None
    assert (await ledger.view(ALL)).taken == (await ledger.view(ADA)).taken == 60


async def test_all_accounts_hold_it_or_none(ledger: Ledger) -> None:
    assert await ledger.reserve(hold("a", 60), [Demand(ALL, 1_000), Demand(ADA, 100)]) is None
    short = await ledger.reserve(hold("b", 60), [Demand(ALL, 1_000), Demand(ADA, 100)])
    assert short is not None
    assert (short.name, short.left) == (ADA, 40)
    assert (await ledger.view(ALL)).taken == 60
    assert await ledger.reserve(hold("b", 60), [Demand(ALL, 1_000), Demand(BEN, 100)]) is None
    assert (await ledger.view(ALL)).taken == 120


async def test_the_cost_is_added_once_however_often_it_is_settled(ledger: Ledger) -> None:
    await ledger.reserve(hold("a"), [Demand(ALL, 100), Demand(ADA, 100)])
    await asyncio.gather(*(ledger.settle("a", [ALL, ADA], 7) for _ in range(20)))
    await ledger.settle("a", [ALL, ADA], 9)
    assert await ledger.view(ALL) == await ledger.view(ADA) == Account(7)


async def test_what_was_never_held_is_not_settled(ledger: Ledger) -> None:
    await ledger.settle("nobody's", [ALL], 7)
    assert (await ledger.view(ALL)).spent == 0


async def test_a_hold_past_its_time_counts_until_it_is_settled(ledger: Ledger) -> None:
    await ledger.reserve(hold("early", 10, until=50.0), [Demand(ALL, 100)])
    await ledger.reserve(hold("late", 20, until=70.0), [Demand(ALL, 100), Demand(ADA, 100)])
    assert await ledger.overdue(49.9) == []
    assert await ledger.overdue(50.0) == [(ALL, hold("early", 10, 50.0))]
    found = await ledger.overdue(70.0)
    assert sorted(h.lease for _, h in found) == ["early", "late", "late"]
    assert {name for name, _ in found} == {ALL, ADA}
    assert (await ledger.view(ALL)).taken == 30
    for name, one in found:
        await ledger.settle(one.lease, [name], one.amount)
    assert await ledger.overdue(1e12) == []
    assert await ledger.view(ALL) == Account(30)


async def test_more_than_the_true_cost_may_be_held_and_less(ledger: Ledger) -> None:
    await ledger.reserve(hold("a", 0), [Demand(ALL, 100)])
    await ledger.settle("a", [ALL], 130)
    assert await ledger.view(ALL) == Account(130)
    short = await ledger.reserve(hold("b", 1), [Demand(ALL, 100)])
    assert short is not None
    assert short.left == -30


async def test_amounts_are_whole_numbers_however_large(ledger: Ledger) -> None:
    million = 1_000_000 * 10**9
    await ledger.reserve(hold("a", million - 1), [Demand(ALL, million)])
    assert await ledger.reserve(hold("b", 2), [Demand(ALL, million)]) is not None
    assert await ledger.reserve(hold("b", 1), [Demand(ALL, million)]) is None
    await ledger.settle("a", [ALL], million - 1)
    assert (await ledger.view(ALL)).taken == million


async def test_days_are_apart_and_old_ones_can_be_removed(ledger: Ledger) -> None:
    days = [Name(f"2026-11-{day}", "w", learner) for day in ("19", "20", "21") for learner in ("ada", None)]
    for name in days:
        await ledger.reserve(hold("a", 10), [Demand(name, 10)])
    assert await ledger.forget("2026-11-21") == 4
    assert [(await ledger.view(name)).taken for name in days] == [0, 0, 0, 0, 10, 10]


@pytest.mark.parametrize("odd", ["$where", "a.b", '","', "\u00e9 \U0001f355", "a\nb", "x" * 200])
async def test_learners_of_any_name_have_accounts_of_their_own(ledger: Ledger, odd: str) -> None:
    name = Name(DAY, odd, odd)
    assert await ledger.reserve(hold(odd), [Demand(name, 10), Demand(Name(DAY, odd), 10)]) is None
    assert await ledger.overdue(1e12)
    await ledger.settle(odd, [name], 3)
    assert await ledger.view(name) == Account(3)
    assert (await ledger.view(Name(DAY, odd))).held == 10


@pytest.mark.parametrize("seed", range(3))
async def test_it_does_what_the_rule_says_whatever_is_asked(ledger: Ledger, seed: int) -> None:
    chance, limits = random.Random(seed), {ALL: 300, ADA: 120, BEN: 120}
    model = {name: Account() for name in limits}
    for step in range(150):
        turn = chance.randrange(60)
        lease, names = f"turn-{turn}", [(ADA, BEN)[turn % 2], ALL]
        if chance.random() < 0.6:
            wanted = hold(lease, chance.randrange(60), until=float(step))
            short = await ledger.reserve(wanted, [Demand(name, limits[name]) for name in names])
            after = {name: model[name].reserved(wanted, limits[name]) for name in names}
            refused = [name for name, (_, granted) in after.items() if not granted]
            if not refused:
                model.update({name: account for name, (account, _) in after.items()})
            assert short == (Short(refused[0], limits[refused[0]] - model[refused[0]].taken) if refused else None)
        else:
            cost = chance.randrange(60)
            await ledger.settle(lease, names, cost)
            model.update({name: model[name].settled(lease, cost) for name in names})
        assert {name: await ledger.view(name) for name in limits} == model


LIMIT, LEARNERS_LIMIT = 10_000, 1_500


@dataclass
class Crashing:
    """Turns that crash at random, over two replicas; `truth` is what they have cost."""

    replicas: Sequence[Ledger]
    chance: random.Random
    truth: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def learner(n: int) -> Name:
        return Name(DAY, "w", f"learner-{n % 10}")

    async def turn(self, n: int) -> None:
        lease, ledger, chance = f"turn-{n}", self.replicas[n % len(self.replicas)], self.chance
        amount, names = chance.randrange(10, 50), [self.learner(n), ALL]
        demands = [Demand(names[0], LEARNERS_LIMIT), Demand(ALL, LIMIT)]
        if await ledger.reserve(hold(lease, amount, until=60.0), demands):
            return
        await asyncio.sleep(chance.random() / 100)
        if chance.random() < 0.1:
            return  # died before it cost anything
        self.truth[lease] = chance.randrange(amount + 1)
        if chance.random() < 0.8:  # the others died before they could say what it had cost
            await ledger.settle(lease, names, self.truth[lease])

    async def watch(self) -> None:
        while True:
            assert (await self.replicas[-1].view(ALL)).taken <= LIMIT
            await asyncio.sleep(0.01)

    async def look_after(self) -> None:
        """Settles what is overdue by what is known of the turns, every replica at once."""
        while found := await self.replicas[0].overdue(60.0):
            for name, one in found:
                cost = self.truth.get(one.lease, 0)
                await asyncio.gather(*(each.settle(one.lease, [name], cost) for each in self.replicas))


async def test_a_thousand_turns_at_once_that_crash_at_random_never_pass_a_limit(ledger: Ledger, store_url: str) -> None:
    other = await open_store(store_url)
    world = Crashing((ledger, other.ledger), random.Random(7))
    watching = asyncio.ensure_future(world.watch())
    await asyncio.gather(*(world.turn(n) for n in range(1_000)))
    assert not watching.done()
    watching.cancel()
    spent, account = sum(world.truth.values()), await ledger.view(ALL)
    assert account.spent < spent < account.taken <= LIMIT
    await world.look_after()
    assert await ledger.view(ALL) == Account(spent)
    for n in range(10):
        cost = sum(cost for lease, cost in world.truth.items() if lease.endswith(str(n)))
        assert await ledger.view(world.learner(n)) == Account(cost)
        assert cost <= LEARNERS_LIMIT
    await other.close()
