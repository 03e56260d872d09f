"""What came of turns is noted once, whoever tells it and however late, to the credit of what made the answer alone."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.clock import HandClock, iso
from app.events import Event, Events, Graded, SafetyFlagged, TurnEnded
from app.policy import ChoicesPolicy
from app.rewarding import Parts, Rewarding, Said
from app.storage.ports import TURNS
from app.storage.records import to_doc
from app.storage.rewards import Rewards
from app.storage.sqlite import SqliteStore
from app.storage.turns import TurnLog
from app.vocabulary import (
    Answer,
    Choice,
    Danger,
    Decision,
    Feedback,
    Reading,
    Source,
    State,
    Timing,
    Turn,
    Usage,
)

CONTEXT = "practice/algebra/even/weak"
MODEL = Decision(Choice.MODEL, CONTEXT, ("openai/m", "groq/m"), "openai/m", 0.7, "learned", "")
STRATEGY = Decision(Choice.STRATEGY, CONTEXT, ("hints", "socratic"), "socratic", 0.4, "learned", "")


@dataclass
class World:
    """A log of turns, and who notes what came of them."""

    store: SqliteStore
    clock: HandClock
    rewarding: Rewarding
    heard: list[Event]
    seq: int = 0

    async def turn(self, session: str = "s", **fields: Any) -> Turn:
        """A closed turn of a model, in the log."""
        self.seq += 1
        at = iso(self.clock.now())
        made = Turn(
            *(self.clock.id(), "w", session, "ada", self.seq, "Why?", at),
            state=State.COMPLETE,
            reply="Because.",
            provider="openai",
            model="m",
            reading=Reading(skills=("fractions",)),
            timing=Timing(first_token_ms=1_500),
            usage=Usage(cost_usd=0.002),
            closed_at=at,
            decisions=(MODEL, STRATEGY),
        )
        made = replace(made, **fields)
        await self.store.insert(TURNS, to_doc(made))
        return made

    async def hears(self, event: Event) -> None:
        """An event and what follows from it."""
        self.rewarding.hear(event)
        await self.rewarding.catch_up()

    async def graded(self, *answers: Answer) -> None:
        """Answers that were counted."""
        now = self.clock.now()
        tried = tuple(answer._replace(at=answer.at or now) for answer in answers)
        await self.hears(Graded("w", "ada", ("fractions",), tried))

    async def rewards(self, turn: Turn) -> dict[str, tuple[float, dict[str, float], set[str]]]:
        """What came of a turn: by source the value, what else was said, and the arms that earn it."""
        found = await Rewards(self.store).of_turn(turn.id)
        return {one.source.value: (one.value, dict(one.also), {c.arm for c in one.credits}) for one in found}


@pytest.fixture
def world(store: SqliteStore, clock: HandClock) -> World:
    events, heard = Events(), list[Event]()
    events.subscribe(heard.append)
    parts = Parts(TurnLog(store), Rewards(store), events, clock, ChoicesPolicy(), lambda workspace: True)
    return World(store, clock, Rewarding(parts), heard)


def said(clock: HandClock, turn: Turn, **fields: Any) -> Feedback:
    return Feedback(clock.id(), turn.workspace, turn.id, iso(clock.now()), **fields)


BOTH = {"openai/m", "socratic"}
right, wrong = Answer("fractions", True), Answer("fractions", False)


async def test_the_next_try_within_a_day_and_the_first_after_it_are_noted_once_each(world: World) -> None:
    turn = await world.turn()
    world.clock.turn(60)
    await world.graded(Answer("decimals", False), right, wrong)
    await world.graded(wrong)
    assert await world.rewards(turn) == {"independent": (1.0, {}, BOTH)}
    world.clock.turn(2 * 86_400)
    await world.graded(right._replace(hints=1))
    await world.graded(right)
    assert (await world.rewards(turn))["review"] == (0.0, {}, BOTH)
    world.clock.turn(40 * 86_400)
    later = await world.turn()
    world.clock.turn(31 * 86_400)
    await world.graded(right)
    assert await world.rewards(later) == {}
    assert len(world.heard) == 2


async def test_what_a_learner_says_counts_once_and_a_complaint_is_harm(world: World) -> None:
    turn = await world.turn()
    assert not await world.rewarding.feedback(turn, said(world.clock, turn, comment="Hm."))
    assert await world.rewarding.feedback(turn, said(world.clock, turn, rating=1, comment="That hurt."))
    assert not await world.rewarding.feedback(turn, said(world.clock, turn, rating=5))
    assert await world.rewards(turn) == {"feedback": (0.0, {}, BOTH), "harm": (0.0, {}, BOTH)}


async def test_a_turn_tells_by_itself_whether_it_was_read_to_its_end_its_wait_and_its_cost(world: World) -> None:
    turn = await world.turn()
    await world.hears(TurnEnded(turn))
    await world.hears(TurnEnded(turn))
    assert await world.rewards(turn) == {"finished": (1.0, {"latency": 0.5, "cost": 0.5}, BOTH)}
    for n in range(3):
        cut = await world.turn(state=State.CANCELLED)
        await world.hears(TurnEnded(cut))
        assert ("harm" in await world.rewards(cut)) is (n == 2)
    assert (await world.rewards(cut))["finished"] == (0.0, {}, BOTH)


async def test_harm_falls_back_on_the_answer_before_a_cry_for_help(world: World) -> None:
    before = await world.turn()
    flagged = await world.turn(safety=Danger.SELF_HARM)
    await world.hears(SafetyFlagged(Danger.SELF_HARM, flagged))
    assert set(await world.rewards(before)) == {"harm"}
    assert await world.rewards(flagged) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"degraded": True},
        {"continued": True},
        {"cached": True},
        {"safety": Danger.DANGER},
        {"provider": "offline"},
        {"state": State.INCOMPLETE},
        {"decisions": ()},
    ],
    ids=lambda fields: next(iter(fields)),
)
async def test_turns_that_were_not_answered_as_chosen_credit_nobody(world: World, fields: dict[str, Any]) -> None:
    turn = await world.turn(**fields)
    assert not await world.rewarding.tell(turn, Said(Source.INDEPENDENT, 1.0))
    assert await world.rewards(turn) == {}


async def test_a_model_earns_nothing_by_the_answer_of_another(world: World) -> None:
    turn = await world.turn(provider="groq")
    assert await world.rewarding.tell(turn, Said(Source.INDEPENDENT, 1.0))
    assert await world.rewards(turn) == {"independent": (1.0, {}, {"socratic"})}


async def test_what_waits_to_be_noted_of_a_learner_who_is_erased_is_not_noted(world: World) -> None:
    mine, other = await world.turn(), await world.turn(learner_id="bob")
    for turn in (mine, other):
        world.rewarding.hear(TurnEnded(turn))
    world.rewarding.forget("w", "ada")
    await world.rewarding.catch_up()
    assert [len(await Rewards(world.store).of_turn(turn.id)) for turn in (mine, other)] == [0, 1]
