"""Experiments over a store that two replicas share: the same arms, the same numbers, stopped once and for both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import orjson
import pytest

from app.bootstrap.experiments import noted_again
from app.choosing.credit import credits_of
from app.clock import HandClock, iso
from app.errors import Conflict, Invalid
from app.events import Changed, Event, Events, Rewarded, TurnEnded
from app.experimenting.experimenting import CHANGED, Experimenting, Parts
from app.experimenting.noting import Noting, Seat
from app.experimenting.noting import Parts as NotingParts
from app.experimenting.watching import Watching
from app.policy import load
from app.settings import CONFIG
from app.storage.belongings import Belongings
from app.storage.cache import Cache
from app.storage.experiments import Experiments, Participants
from app.storage.memory import MemoryCache
from app.storage.ports import PARTICIPANTS, REWARDS, TURNS
from app.storage.records import to_doc
from app.storage.rewards import Rewards
from app.storage.segments import Owner
from app.storage.sessions import Sessions
from app.storage.sqlite import SqliteStore
from app.storage.turns import TurnLog
from app.vocabulary import Choice, Decision, Design, Experiment, Reward, Source, State, Turn
from tests.unit.choices.trial import KNOWN, draft, facts

POLICY = load(CONFIG / "policy.toml")


@dataclass
class Replica:
    """One process's part in it, and the changes that it tells of."""

    store: SqliteStore
    cache: Cache
    clock: HandClock
    told: list[Changed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = Events()
        self.events.subscribe(self._hear)
        parts = Parts(Experiments(self.store), lambda workspace: KNOWN, self.cache, self.events, self.clock)
        self.experimenting, participants = Experimenting(parts), Participants(self.store)
        log = TurnLog(self.store), Sessions(self.store), Rewards(self.store)
        self.noting = Noting(NotingParts(participants, *log, self.experimenting, POLICY, self.clock))
        self.watching = Watching(self.experimenting, self.noting, participants, self.clock)
        self.events.subscribe(self.noting.hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Changed):
            self.told.append(event)

    async def turn(self, learner: str) -> Turn:
        """One turn of a learner, in the arm that this replica gives them."""
        found = self.experimenting.assigned(facts(learner))
        assert found is not None
        made = Decision(
            *(Choice.STRATEGY, "practice", ("guided", "hints"), found.arm, found.propensity, "experiment", "lot"),
            experiment=found.experiment,
        )
        turn = Turn(
            *(self.clock.id(), "w", f"s-{learner}", learner, 1, "Why?", iso(self.clock.now())),
            state=State.COMPLETE,
            provider="openai",
            decisions=(made,),
        )
        await self.store.insert(TURNS, to_doc(turn))
        self.events.publish(TurnEnded(turn))
        return turn

    async def reward(self, turn: Turn, value: float, source: Source = Source.FEEDBACK) -> None:
        """What a source says of a turn, told twice, as a replay does."""
        at = iso(self.clock.now())
        about = (turn.learner_id, turn.id, source, value, at)
        reward = Reward(self.clock.id(), "w", *about, credits=credits_of(turn, source))
        await self.store.insert(REWARDS, to_doc(reward))
        self.events.publish(Rewarded(reward, turn))
        self.events.publish(Rewarded(reward, turn))


@asynccontextmanager
async def following(*replicas: Replica) -> AsyncIterator[None]:
    """Replicas that hear each other."""
    tasks = [asyncio.ensure_future(one.experimenting.follow()) for one in replicas]
    await asyncio.sleep(0)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(replica: Replica, running: int) -> None:
    """Waits until a replica has heard that so many experiments run."""
    async with asyncio.timeout(30):
        while len(replica.experimenting.running) != running:
            await asyncio.sleep(0)


@pytest.fixture
def pair(store: SqliteStore, clock: HandClock) -> tuple[Replica, Replica]:
    """Two replicas on one store and one cache."""
    cache = MemoryCache(clock)
    return Replica(store, cache, clock), Replica(store, cache, clock)


async def taught(replicas: tuple[Replica, Replica], learners: int) -> None:
    """Learners whose turns end at one replica and whose rewards come at the other; hints help."""
    one, other = replicas
    for n in range(learners):
        turn = await one.turn(f"learner {n}")
        await other.reward(turn, float(turn.decisions[0].arm == "hints" or n % 5 == 0))
    for replica in replicas:
        await replica.noting.note_all()


async def test_both_replicas_give_the_same_arms_see_the_same_numbers_and_stop_once(
    pair: tuple[Replica, Replica], clock: HandClock
) -> None:
    one, other = pair
    async with following(one, other):
        began = await one.experimenting.begin("w", draft(design=Design(hours=1, learners=50)))
        await until(other, running=1)
        for n in range(200):
            asked = facts(f"learner {n}")
            assert one.experimenting.assigned(asked) == other.experimenting.assigned(asked)
        await taught(pair, 120)
        clock.turn(2 * 3_600)
        looks = [await replica.watching.look("w", began.id) for replica in pair]
        assert looks[0].results == looks[1].results
        assert sum(arm.measured for arm in looks[0].results.arms) == 120
        assert looks[0].conclusion.then == "adopt"
        for n in range(120):  # deriving it all again changes nothing
            await other.noting.note(Seat(began.id, "w", f"learner {n}"))
        assert (await other.watching.look("w", began.id)).results == looks[0].results
        await one.watching.round(everything=True)
        await until(other, running=0)
        assert other.experimenting.assigned(facts("learner 1")) is None
        await other.watching.round(everything=True)
        ended = (await other.watching.look("w", began.id)).experiment
        assert (ended.ended_by, ended.version) == ("decided", 1)
        assert [told.what.split(":")[0] for told in one.told + other.told] == ["began", "stopped by decided"]


async def test_harm_in_one_arm_stops_it_before_anybody_is_measured(pair: tuple[Replica, Replica]) -> None:
    one, other = pair
    began = await one.experimenting.begin("w", draft())
    harmed = 0
    for n in range(40):
        turn = await one.turn(f"learner {n}")
        if turn.decisions[0].arm == "hints" and harmed < 5:
            harmed += 1
            await one.reward(turn, 0.0, Source.HARM)
    assert one.noting.harmed.is_set()
    await one.watching.round(everything=False)
    ended = (await other.watching.look("w", began.id)).experiment
    assert (ended.ended_by, ended.ended_why) == ("guardrail", "hints harmed 5 learners, guided 0")
    assert one.watching.figures("w")[0]["conclusion"]["then"] == "keep"
    assert one.watching.figures("w") == one.watching.figures(None)
    assert one.watching.figures("another") == []


async def test_two_replicas_that_begin_at_once_do_not_give_the_same_learners_away(
    pair: tuple[Replica, Replica],
) -> None:
    one, other = pair
    begun = await asyncio.gather(
        one.experimenting.begin("w", draft(name="one", traffic=0.7)),
        other.experimenting.begin("w", draft(name="two", traffic=0.7)),
        return_exceptions=True,
    )
    assert sum(isinstance(found, Experiment) for found in begun) == 1
    assert any(isinstance(found, Conflict | Invalid) for found in begun)
    left = next(found for found in begun if isinstance(found, Experiment))
    with pytest.raises(Invalid, match="name: there is an experiment of this name"):
        await other.experimenting.begin("w", draft(name=left.name, traffic=0.1))


async def test_a_learner_of_two_classes_keeps_the_arm_of_the_first(pair: tuple[Replica, Replica]) -> None:
    one, _ = pair
    await one.experimenting.begin("w", draft(unit="class"))
    arms = {}
    for n in range(20):
        found = one.experimenting.assigned(facts("ada", course=f"course {n}"))
        arms[f"course {n}"] = found.arm if found else None
    assert {arm for arm in arms.values() if arm} == {arms["course 0"]}
    assert None in arms.values()
    assert one.experimenting.assigned(facts("ada")) is None
    other = next(course for course, arm in arms.items() if arm is None)
    one.experimenting.forget("another", "ada")
    assert one.experimenting.assigned(facts("ada", course=other)) is None
    one.experimenting.forget("w", "ada")  # whoever is erased is nobody's seat any more
    assert one.experimenting.assigned(facts("ada", course=other)) is not None


async def test_a_learner_who_was_erased_is_in_no_result(pair: tuple[Replica, Replica], clock: HandClock) -> None:
    one, _ = pair
    began = await one.experimenting.begin("w", draft(design=Design(hours=1)))
    await taught(pair, 3)
    await Belongings(one.store).erase(Owner("w", "learner 1"))
    look = await one.watching.look("w", began.id)
    assert sum(arm.learners for arm in look.results.arms) == 2


async def test_what_a_process_died_before_noting_is_noted_when_the_time_is_over(
    pair: tuple[Replica, Replica], clock: HandClock
) -> None:
    one, other = pair
    began = await one.experimenting.begin("w", draft(design=Design(hours=1)))
    turn = await one.turn("ada")
    await one.noting.note_all()
    await one.reward(turn, 1.0)  # and dies
    clock.turn(2 * 3_600)
    await other.watching.round(everything=True)
    look = await other.watching.look("w", began.id)
    assert [arm.mean for arm in look.results.arms if arm.measured] == [1.0]


async def test_what_came_of_participants_is_derived_from_the_log_again(
    pair: tuple[Replica, Replica], store: SqliteStore, clock: HandClock
) -> None:
    one, _ = pair
    experiment = await one.experimenting.begin("w", draft())
    clock.turn(1)
    for n in range(5):
        await one.reward(await one.turn(f"l{n}"), float(n % 2))
    await one.noting.note_all()
    before = [found async for page in one.noting._p.participants.of(experiment.id) for found in page]
    for found in before:
        await store.delete(PARTICIPANTS, {"id": found.id})
    everyone = [("w", f"l{n}") for n in range(5)] + [("w", "nobody"), ("another", "l1")]
    assert await noted_again(store, POLICY, clock, everyone) == 5
    after = [found async for page in one.noting._p.participants.of(experiment.id) for found in page]
    assert [replace(found, version=0) for found in after] == [replace(found, version=0) for found in before]


async def test_an_experiment_that_is_told_of_and_not_found_ends_nothing(pair: tuple[Replica, Replica]) -> None:
    one, other = pair
    began = await one.experimenting.begin("w", draft())
    async with following(other):
        one.cache.publish(CHANGED, orjson.dumps(["w", "no such experiment"]))
        one.cache.publish(CHANGED, orjson.dumps(["w", began.id]))
        await until(other, 1)
        assert other.experimenting.assigned(facts("ada")) is not None


async def test_learners_keep_their_arms_while_a_change_is_read(pair: tuple[Replica, Replica]) -> None:
    one, other = pair
    began = await one.experimenting.begin("w", draft(unit="class"))
    await other.experimenting.load()
    async with following(other):
        one.cache.publish(CHANGED, orjson.dumps(["w", began.id]))
        for _ in range(50):
            assert other.experimenting.assigned(facts("ada", course="c")) is not None
            await asyncio.sleep(0)
