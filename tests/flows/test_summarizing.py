"""When a model is asked to sum up a stretch, which one, what is kept of it, and what it is charged."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

import pytest

from app.bootstrap import Records, records_of
from app.clock import HandClock, iso
from app.context.layers.summary import told_again
from app.context.tokens import o200k
from app.errors import ProviderDown
from app.events import Events, TurnEnded
from app.policy import BudgetPolicy, Policy, WorkspacePolicy
from app.policy import load as load_policy
from app.providers.port import Entry, Prices
from app.routing.money import nano
from app.settings import CONFIG
from app.spending import Spending
from app.storage.sqlite import SqliteStore
from app.summarizing import Cut, Parts, Summarizing, cut_by
from app.vocabulary import Chunk, Explored, Finish, LayerReceipt, Prompt, Receipt, Retold, Session, State, Turn, Usage
from tests.fakes import entry, routed

SHIPPED = load_policy(CONFIG / "policy.toml")
ON = SHIPPED.model_copy(update={"context": SHIPPED.context.model_copy(update={"summaries": "model"})})
GOOD = "The learner says that Vincent weighs 47 grams."
CUT = Cut(first_seq=7, limit=200)


@dataclass
class Scribe:
    """A provider that says what it is told to, or is out."""

    entry: Entry
    text: str = GOOD
    finish: Finish = Finish.STOP
    out: bool = False
    asked: list[Prompt] = field(default_factory=list)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        self.asked.append(prompt)
        if self.out:
            raise ProviderDown("out")
        yield Chunk(self.text, self.finish, Usage(1_000, 0, 100))


def scribe(name: str, dollars: float) -> Scribe:
    return Scribe(replace(entry(name), prices=Prices(dollars, dollars, dollars)))


@dataclass
class Room:
    """All that summing up meets."""

    store: SqliteStore
    clock: HandClock
    records: Records
    dear: Scribe
    cheap: Scribe
    leaving: bool = False

    def summarizing(self, policy: Policy = ON) -> Summarizing:
        router = routed([self.dear, self.cheap], None, Events(), self.clock)
        self.spending = Spending(self.store.ledger, self.records.turns, policy, self.clock)
        return Summarizing(
            Parts(
                turns=self.records.turns,
                summaries=self.records.summaries,
                router=router,
                spending=self.spending,
                tokens=o200k(),
                policy=policy,
                clock=self.clock,
                leaving=lambda: self.leaving,
            )
        )

    async def long_session(self) -> Turn:
        """The last turn of a session of eight; the third one was not answered."""
        at = iso(self.clock.now())
        talk = Session(self.clock.id(), "w", "ada", at, at)
        turns = [
            Turn(
                *(self.clock.id(), "w", talk.id, "ada", n, "Vincent weighs 47 grams.", at),
                state=State.FAILED if n == 3 else State.COMPLETE,
                reply="" if n == 3 else "Fine.",
                receipt=RECEIPT,
            )
            for n in range(1, 9)
        ]
        await self.records.sessions.add(talk, turns)
        return turns[-1]

    async def kept(self, turn: Turn) -> Retold | None:
        return await self.records.summaries.of("w", turn.session_id)


def layer(name: str, **of: int) -> LayerReceipt:
    return LayerReceipt(name, 10, 10, 0.5, "cut", "", **of)  # type: ignore[arg-type]


RECEIPT = Receipt(1_024, 900, 2_000, "o200k", "1", (layer("history", first_seq=7), layer("summary", room=232)))


@pytest.fixture
def room(store: SqliteStore, clock: HandClock) -> Room:
    return Room(store, clock, records_of(store, clock), scribe("dear", 10.0), scribe("cheap", 1.0))


async def test_a_summary_is_kept_with_its_turns_its_model_and_when_and_asked_for_once(room: Room) -> None:
    turn, summarizing = await room.long_session(), room.summarizing()
    for _ in range(3):
        await summarizing.look(turn, CUT)
    kept = await room.kept(turn)
    assert kept is not None
    assert (kept.text, kept.seqs, kept.model) == (GOOD, (1, 2, 4, 5, 6), "cheap/cheap-1")
    assert [(await room.records.turns.get("w", id_)).seq for id_ in kept.turn_ids] == [1, 2, 4, 5, 6]
    assert kept.made_at == iso(room.clock.now())
    await room.summarizing().look(turn, CUT)  # another process
    assert (len(room.cheap.asked), len(room.dear.asked)) == (1, 0)
    assert summarizing.results == {"accepted": 1, "refused": 0, "failed": 0}


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ({"text": "The learner weighs Vincent."}, "refused"),
        ({"text": "The learner says that Bruno and Vincent weigh 47 grams."}, "refused"),
        ({"text": f"{GOOD} {'It was a talk. ' * 100}"}, "refused"),
        ({"finish": Finish.LENGTH}, "failed"),
        ({"text": " "}, "failed"),
        ({"out": True}, "failed"),
    ],
)
async def test_what_loses_or_adds_something_is_too_long_or_broke_off_is_not_kept_and_not_paid_for_again(
    room: Room, said: dict[str, object], result: str
) -> None:
    turn, summarizing = await room.long_session(), room.summarizing()
    for name, value in said.items():
        setattr(room.cheap, name, value)
    await summarizing.look(turn, CUT)
    asked = len(room.cheap.asked)
    await summarizing.look(turn, CUT)
    assert len(room.cheap.asked) == asked > 0
    assert summarizing.results[result] == sum(summarizing.results.values()) == 1
    assert await room.kept(turn) is None


async def test_a_workspace_that_forbids_the_cheapest_has_another_asked_and_one_that_forbids_all_nobody(
    room: Room,
) -> None:
    turn = await room.long_session()
    for forbidden in ({"dear", "cheap"}, {"cheap"}):
        own = {"w": WorkspacePolicy(forbid=frozenset(forbidden))}
        await room.summarizing(ON.model_copy(update={"workspaces": own})).look(turn, CUT)
        assert (len(room.cheap.asked), len(room.dear.asked)) == (0, int("dear" not in forbidden))


async def test_what_it_costs_is_charged_and_nobody_is_asked_who_cannot_be_paid(room: Room) -> None:
    turn = await room.long_session()
    for limit, calls in ((0.0001, 0), (1.0, 1)):
        budgets = BudgetPolicy(workspace_usd=limit, learner_usd=limit)
        summarizing = room.summarizing(ON.model_copy(update={"budgets": budgets}))
        await summarizing.look(turn, CUT)
        assert len(room.cheap.asked) == calls
        for learner in (None, "ada"):
            _, account = await room.spending.view("w", learner)
            assert (account.spent, dict(account.holds)) == (nano(0.0011) * calls, {})
        assert sum(summarizing.results.values()) == calls


async def test_a_summary_of_a_session_that_was_erased_meanwhile_is_not_kept(room: Room) -> None:
    turn = await room.long_session()
    session = await room.records.sessions.get("w", turn.session_id)
    summarizing = room.summarizing()
    await summarizing.look(turn, CUT)
    kept = await room.kept(turn)
    assert kept is not None
    await room.records.sessions.remove(session)
    assert await room.kept(turn) is None
    assert not await room.records.summaries.put(kept)
    assert await room.kept(turn) is None


@pytest.mark.parametrize(("policy", "leaving", "calls"), [(ON, False, 1), (ON, True, 0), (SHIPPED, False, 0)])
async def test_a_turn_that_ended_has_it_asked_for_unless_the_policy_says_no_or_the_process_leaves(
    room: Room, policy: Policy, leaving: bool, calls: int
) -> None:
    turn, summarizing = await room.long_session(), room.summarizing(policy)
    room.leaving = leaving
    for _ in range(100):  # more than wait
        summarizing.hear(TurnEnded(turn))
    work = asyncio.ensure_future(summarizing.stay())
    if calls:
        async with asyncio.timeout(30):
            while not sum(summarizing.results.values()):
                await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    work.cancel()
    assert len(room.cheap.asked) == calls


def test_a_turn_says_what_was_cut_unless_a_lot_or_danger_made_it_another_one() -> None:
    turn = Turn("t", "w", "s", "ada", 8, "?", iso(0), receipt=RECEIPT)
    assert cut_by(turn) == Cut(7, 200)
    lot = replace(RECEIPT, explored=Explored(("history",), 0.1, "history", 0.5))
    small = replace(RECEIPT, layers=(layer("history", first_seq=7), layer("summary", room=40)))
    whole = replace(RECEIPT, layers=RECEIPT.layers[:1])
    assert [cut_by(replace(turn, receipt=one)) for one in (lot, small, whole, None)] == [None] * 4
    assert cut_by(replace(turn, safety="self_harm")) is None  # type: ignore[arg-type]


def test_a_summary_stands_only_for_the_very_exchanges_that_it_was_made_of() -> None:
    made = Retold("s", "w", "ada", GOOD, (1, 2, 4), ("a", "b", "c"), "cheap/cheap-1", iso(0))
    assert told_again(made, [1, 2, 4]) is made
    assert [told_again(made, seqs) for seqs in ([1, 2], [1, 2, 4, 5], [2, 4, 5], [])] == [None] * 4
    assert told_again(None, [1, 2, 4]) is None
