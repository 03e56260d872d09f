"""Money over time: what dead processes leave behind, what comes too late, and days that end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from app.bootstrap import Records, records_of
from app.clock import HandClock, iso
from app.errors import BudgetSpent, StoreUnavailable
from app.policy import BudgetPolicy, Policy, WorkspacePolicy
from app.policy import load as load_policy
from app.providers.port import Entry, Prices, Provider
from app.routing.answer import Request
from app.routing.ledger import Account, Ledger, Name
from app.routing.money import Purse
from app.settings import CONFIG
from app.spending import LEASE, Asked, Spending
from app.storage.ports import ACCOUNTS, TURNS, Find
from app.storage.sqlite import SqliteStore
from app.vocabulary import OFFLINE, Message, Prompt, Session, State, Turn
from tests.fakes import ScriptedProvider, entry

PROMPT = Prompt((Message("user", "Hi"),), 100, 0.4, stream=True)
ONE_CALL = 744 * 1_000 + 100 * 2_000
"""Nano-dollars at most, for a prompt of 488 tokens and the 256 that a template may add."""


def policy(**budgets: object) -> Policy:
    return load_policy(CONFIG / "policy.toml").model_copy(update={"budgets": BudgetPolicy.model_validate(budgets)})


def priced(name: str, of_input: float | None = 1.0, output: float | None = 2.0) -> Provider:
    return ScriptedProvider(replace(entry(name), prices=Prices(of_input, None, output)))


def free() -> Provider:
    model: Entry = replace(entry(OFFLINE), provider=OFFLINE)
    return ScriptedProvider(model)


@dataclass
class World:
    """Turns of one learner, with the records that they leave."""

    store: SqliteStore
    clock: HandClock
    records: Records
    policy: Policy
    candidates: tuple[Provider, ...]
    models_only: bool = False

    def spending(self) -> Spending:
        """The money of one process."""
        return Spending(self.store.ledger, self.records.turns, self.policy, self.clock)

    def turn(self) -> Turn:
        session, now = Session(self.clock.id(), "w", "ada", "", ""), iso(self.clock.now())
        return Turn(self.clock.id(), "w", session.id, "ada", 1, "Hi", now, owner="me")

    def asked(self, turn: Turn) -> Asked:
        return Asked(turn, Request(replace(PROMPT, tokens=488), self.candidates, 5.0), self.models_only)

    async def opened(self, spending: Spending) -> tuple[Turn, Purse]:
        turn = self.turn()
        async with spending.held(self.asked(turn)) as purse:
            await self.records.turns.open(turn)
        return turn, purse

    async def account(self, learner: str | None = "ada") -> Account:
        return (await self.spending().view("w", learner))[1]


@pytest.fixture
def world(store: SqliteStore, clock: HandClock) -> World:
    limits = policy(workspace_usd=1.0, learner_usd=0.01)
    return World(store, clock, records_of(store, clock), limits, (priced("a"), free()))


async def test_what_a_dead_process_may_have_paid_is_charged_in_full_once_it_is_overdue(world: World) -> None:
    turn, _ = await world.opened(world.spending())
    other = world.spending()
    world.clock.turn(LEASE + 1)
    assert await other.audit() == 0  # still open: somebody may be answering it
    await world.records.turns.recover(turn, iso(world.clock.now()))
    assert (await world.account()).held == ONE_CALL
    assert await other.audit() == 2
    assert await world.account() == await world.account(None) == Account(ONE_CALL)
    assert await other.audit() == 0


async def test_a_turn_that_was_closed_and_not_settled_is_charged_what_its_record_says(world: World) -> None:
    turn, _ = await world.opened(world.spending())
    await world.records.turns.close(replace(turn, state=State.COMPLETE, charge=123))
    assert await world.spending().audit() == 0  # whoever closed it may be about to
    world.clock.turn(LEASE)
    assert await world.spending().audit() == 2
    assert await world.account() == await world.account(None) == Account(123)


async def test_a_turn_that_was_not_opened_is_charged_nothing(world: World) -> None:
    with pytest.raises(StoreUnavailable):
        async with world.spending().held(world.asked(world.turn())):
            raise StoreUnavailable("gone")
    assert await world.account() == Account()


async def test_where_no_record_is_the_whole_hold_is_charged_for_it_may_have_been_erased(world: World) -> None:
    dying = world.spending().held(world.asked(world.turn()))
    await dying.__aenter__()
    assert (await world.account()).held == ONE_CALL
    world.clock.turn(LEASE)
    assert await world.spending().audit() == 2
    assert await world.account() == Account(ONE_CALL)


async def test_a_turn_that_cannot_be_read_does_not_keep_the_others_from_being_settled(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    odd, _ = await world.opened(world.spending())
    turn, _ = await world.opened(world.spending())
    await world.records.turns.close(replace(turn, state=State.COMPLETE, charge=123))
    doc = await world.store.get(TURNS, odd.id)
    assert doc is not None
    assert await world.store.replace(TURNS, {**doc, "task": "of another version"}, {})
    world.clock.turn(LEASE)
    assert await world.spending().audit() == 2
    account = await world.account()
    assert (account.spent, account.held) == (123, ONE_CALL)
    assert f"what turn {odd.id} holds is not settled" in caplog.text


async def test_one_that_comes_back_late_is_not_charged_twice(world: World) -> None:
    stalled = world.spending()
    turn, _ = await world.opened(stalled)
    await world.records.turns.recover(turn, iso(world.clock.now()))
    world.clock.turn(LEASE)
    await world.spending().audit()
    await stalled.settle(turn, 17)
    assert await world.account() == Account(ONE_CALL)


class Away:
    """A ledger that cannot be reached when a turn is settled."""

    def __init__(self, ledger: Ledger) -> None:
        self.reserve, self.view, self.overdue, self.forget = ledger.reserve, ledger.view, ledger.overdue, ledger.forget

    async def settle(self, lease: str, names: Sequence[Name], cost: int) -> None:
        raise StoreUnavailable("gone")


async def test_a_ledger_that_is_away_at_the_end_does_not_fail_the_turn_and_is_told_later(world: World) -> None:
    away = Spending(Away(world.store.ledger), world.records.turns, world.policy, world.clock)
    turn, _ = await world.opened(away)
    await away.settle(turn, 123)
    await world.records.turns.close(replace(turn, state=State.COMPLETE, charge=123))
    assert away.money["settled"] == 0.0
    world.clock.turn(LEASE)
    assert await world.spending().audit() == 2
    assert await world.account() == Account(123)


async def test_the_next_day_has_a_budget_of_its_own_and_old_ones_are_removed(world: World) -> None:
    spending = world.spending()
    turn, _ = await world.opened(spending)
    for _ in range(9):
        await world.opened(spending)
    with pytest.raises(BudgetSpent) as spent:
        await world.opened(spending)
    assert (spent.value.whose, spent.value.retry_after) == ("learner", spending.renewed_in)
    world.clock.turn(spending.renewed_in)
    assert await world.account() == Account()
    await world.opened(spending)
    await spending.settle(turn, 5)  # on the day it was opened
    assert (await world.account()).spent == 0
    world.clock.turn(91 * 86_400)
    world.policy = policy()  # nobody has a budget any more
    staying = asyncio.ensure_future(world.spending().stay())
    async with asyncio.timeout(30):
        while await world.store.find(ACCOUNTS, Find({})):
            await asyncio.sleep(0.01)
    staying.cancel()


@pytest.mark.parametrize(
    ("when_spent", "models_only", "left"),
    [
        ("refuse", False, None),
        ("offline", False, 0),
        ("offline", True, None),
        ("cheaper", False, ONE_CALL),
    ],
)
async def test_when_the_dearest_call_cannot_be_paid_for_the_policy_says_what_then(
    world: World, when_spent: str, models_only: bool, left: int | None
) -> None:
    world.policy = policy(workspace_usd=0.002, when_spent=when_spent)
    world.candidates, world.models_only = (priced("dear", 10.0, 20.0), priced("cheap"), free()), models_only
    if left is None:
        with pytest.raises(BudgetSpent):
            await world.opened(world.spending())
        return
    _, purse = await world.opened(world.spending())
    assert purse.left == left
    assert [purse.covers(p.entry) for p in world.candidates] == [False, left > 0, True]


async def test_a_chain_is_given_enough_for_its_dearest_call_and_for_another_after_it(world: World) -> None:
    world.candidates = (priced("b", 0.5, 1.0), priced("a"), priced("c", 0.1, 0.1), free())
    _, purse = await world.opened(world.spending())
    assert (purse.left, purse.short) == (ONE_CALL * 3 // 2, False)
    world.policy = policy(learner_usd=(ONE_CALL * 3 // 2 + ONE_CALL) / 1e9)
    _, purse = await world.opened(world.spending())
    assert (purse.left, purse.short) == (ONE_CALL, True)  # no second one in it, which is better than no answer


async def test_a_free_model_is_asked_whatever_was_spent(world: World) -> None:
    world.policy = policy(learner_usd=0.0)
    world.candidates = (priced("mine", 0.0, 0.0),)
    turn, purse = await world.opened(world.spending())
    assert (purse.covers(world.candidates[0].entry), purse.short) == (True, False)
    await world.spending().settle(turn, purse.close())
    assert await world.account() == Account()


async def test_an_answer_that_is_there_already_needs_no_money(world: World) -> None:
    world.policy = policy(workspace_usd=0.0)
    async with world.spending().held(replace(world.asked(world.turn()), free=True)) as purse:
        assert purse.close() is None


async def test_without_limits_nothing_is_held(world: World) -> None:
    world.policy = policy()
    _, purse = await world.opened(world.spending())
    assert (purse.left, purse.covers(priced("x", None, None).entry)) == (None, True)
    one = world.policy.model_copy(update={"workspaces": {"elsewhere": WorkspacePolicy(learner_usd=1.0)}})
    assert Spending(world.store.ledger, world.records.turns, one, world.clock).limited
