"""What is learned of choices is the same on every replica, survives restarts, and never rests on liking alone."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from numpy.random import default_rng

from app.bootstrap.choosing import choosing_of, keeping_of
from app.choices.port import Options, Situation
from app.choices.situations import domain, features
from app.choosing.case import Case, Seen, case_of
from app.choosing.choosing import Choosing, Lot
from app.choosing.credit import credits_of
from app.choosing.keeping import CHANNEL, Keeping, put
from app.choosing.names import Names
from app.choosing.packing import packed
from app.clock import HandClock, iso
from app.events import Rewarded
from app.policy import WorkspacePolicy, load
from app.policy.choices import GatePolicy
from app.routing.rank import Wanted, safest
from app.settings import CONFIG
from app.storage.arms import Arms
from app.storage.memory import MemoryCache
from app.storage.ports import ARMS, REWARDS, Find
from app.storage.rewards import Rewards
from app.storage.sqlite import SqliteStore
from app.vocabulary import (
    Choice,
    Credit,
    Learner,
    Portrait,
    Reward,
    Session,
    Snapshot,
    Source,
    Standing,
    State,
    Task,
    Turn,
)
from tests.fakes import ScriptedProvider, entry, routed

POLICY = load(CONFIG / "policy.toml")
KEY = b"a key of 16 byte"
ARMS_OF = ("hints", "worked_example", "socratic")
OPTIONS = Options(ARMS_OF, "hints", frozenset({"hints"}), {})
CONTEXTS = [f"practice/{subject}/even/weak" for subject in ("algebra", "geometry", "history", "physics")]
HELPS = {"hints": 0.5, "worked_example": 0.75, "socratic": 0.35}
TOLERANCE = 0.1
"""How far apart replicas' beliefs may lie that took the same rewards in another order: part of what is learned is how
surprising a reward was at the time."""

_TURN = Turn("t", "w", "s", "ada", 1, "Why?", "2026-01-01T00:00:00.000000Z")


def reward(clock: HandClock, credit: tuple[str, str], source: Source, value: float, n: int = 0) -> Reward:
    """A reward of a turn of its own for an arm in a context."""
    context, arm = credit
    made = Credit(Choice.STRATEGY, context, arm, "learned", "hints")
    reward_id = clock.id()
    return Reward(
        *(reward_id, "w", f"learner {n % 50}", f"turn of {reward_id}", source, value, iso(clock.now())),
        credits=(made,),
    )


def lots(clock: HandClock, count: int) -> list[Reward]:
    """Rewards as arms earn them, one each ten seconds."""
    chance, found = random.Random(7), []
    for n in range(count):
        clock.turn(10)
        context, arm = chance.choice(CONTEXTS), chance.choice(ARMS_OF)
        found.append(reward(clock, (context, arm), Source.INDEPENDENT, float(chance.random() < HELPS[arm]), n))
    return found


def replica(
    store: SqliteStore, clock: HandClock, cache: MemoryCache | None = None, key: bytes = KEY
) -> tuple[Choosing, Keeping]:
    """One that has heard of nothing; without a cache it hears of no other."""
    choosing = choosing_of(POLICY, key)
    return choosing, keeping_of(choosing, store, cache or MemoryCache(clock), clock)


async def told(keeping: Keeping, store: SqliteStore, rewards: Sequence[Reward]) -> None:
    """Rewards that are noted at a replica."""
    for one in rewards:
        if await Rewards(store).add(one):
            keeping.hear(Rewarded(one, _TURN))


def shares(choosing: Choosing, clock: HandClock, options: Options = OPTIONS) -> dict[tuple[str, str], float]:
    """How often each arm is chosen in each context: of 400 decisions, one a learner."""
    chooser = choosing.experience("w").chooser(Choice.STRATEGY)
    found: dict[tuple[str, str], float] = {}
    rng = default_rng(3)
    for context in CONTEXTS:
        for n in range(400):
            here = Situation(context, domain(context), features(context), f"new {n}", False, clock.now())
            arm = chooser.decide(here, options, rng).arm
            found[context, arm] = found.get((context, arm), 0.0) + 1 / 400
    return found


def apart(one: dict[Any, float], other: dict[Any, float]) -> float:
    return max(abs(one.get(key, 0.0) - other.get(key, 0.0)) for key in {*one, *other})


async def test_two_replicas_that_each_saw_half_agree_with_one_that_saw_all(
    store: SqliteStore, clock: HandClock
) -> None:
    (a, keeps_a), (b, keeps_b), (whole, keeps_whole) = (replica(store, clock) for _ in range(3))
    rewards = lots(clock, 600)
    await told(keeps_a, store, rewards[::2])
    await told(keeps_b, store, rewards[1::2])
    assert (await keeps_a.catch_up(), await keeps_b.catch_up()) == (300, 300)
    assert await keeps_whole.catch_up() == 600
    assert await keeps_a.catch_up() == 0
    all_of_them = [shares(one, clock) for one in (a, b, whole)]
    assert apart(all_of_them[0], all_of_them[2]) < TOLERANCE
    assert apart(all_of_them[1], all_of_them[2]) < TOLERANCE
    assert all(all_of_them[2][context, "worked_example"] > 0.8 for context in CONTEXTS)
    rows = [choosing.experience("w").rows for choosing in (a, whole)]
    assert {row: mean.weight for row, mean in rows[0].items()} == {row: mean.weight for row, mean in rows[1].items()}


async def test_a_reward_reaches_the_other_replicas_over_the_cache_and_is_learned_once(
    store: SqliteStore, clock: HandClock
) -> None:
    cache = MemoryCache(clock)
    (_, telling), (choosing, hearing) = (replica(store, clock, cache) for _ in range(2))
    async with asyncio.timeout(30):
        following = asyncio.create_task(hearing.follow())
        async with cache.subscribe(CHANNEL) as messages:
            await asyncio.sleep(0)
            await told(telling, store, lots(clock, 3))
            for _ in range(3):
                await anext(messages)
        while choosing.experience("w").told.get(Choice.STRATEGY, 0) < 3:
            await asyncio.sleep(0)
    following.cancel()
    assert choosing.experience("w").told == {Choice.STRATEGY: 3}
    assert await hearing.catch_up() == 0


async def test_a_start_reads_what_was_written_down_and_the_rest_of_the_log(
    store: SqliteStore, clock: HandClock
) -> None:
    choosing, keeping = replica(store, clock)
    rewards = lots(clock, 400)
    await told(keeping, store, rewards[:350])
    assert await keeping.save() == 1
    await told(keeping, store, rewards[350:])
    again, restored = replica(store, clock)
    await restored.restore()
    assert await restored.catch_up() == 50
    assert again.experience("w").rows == choosing.experience("w").rows
    assert apart(shares(again, clock), shares(choosing, clock)) < 0.02

    # Another replica that writes later does not undo it, and nothing is left over.
    assert await restored.save() == 1
    assert await keeping.save() == 0
    assert await keeping.save() == 1
    assert len(await store.find(ARMS, Find({}))) == 3


async def test_what_cannot_be_read_is_learned_again_from_the_log(store: SqliteStore, clock: HandClock) -> None:
    _, keeping = replica(store, clock)
    await told(keeping, store, lots(clock, 40))
    await keeping.save()
    [part] = [doc for doc in await store.find(ARMS, Find({})) if "part" in doc]
    await store.replace(ARMS, {**part, "part": part["part"][:40]}, {"workspace": "w"})
    again, restored = replica(store, clock)
    await restored.restore()
    assert await restored.catch_up() == 40
    assert again.experience("w").told == {Choice.STRATEGY: 40}


async def test_what_knows_learners_by_other_names_is_learned_again_and_they_are_found_to_be_erased(
    store: SqliteStore, clock: HandClock
) -> None:
    before, keeping = replica(store, clock, key=b"another key, that is lost")
    await told(keeping, store, lots(clock, 60))
    await keeping.save()
    choosing, restored = replica(store, clock)
    await restored.restore()
    assert await restored.catch_up() == 60
    older = before.experience("w").kept()
    del older["deployment"]
    await put(Arms(store), clock, "w", packed(older.copy))
    choosing, restored = replica(store, clock)
    await restored.restore()
    assert await restored.catch_up() == 60
    whose = Names(KEY).of("w", "learner 7")
    assert whose in str(choosing.experience("w").kept())
    await restored.erase("w", "learner 7")
    again, restarted = replica(store, clock)
    await restarted.restore()
    assert again.experience("w").told == {Choice.STRATEGY: 60}
    assert whose not in str(again.experience("w").kept())


@pytest.mark.parametrize("by", ["hybrid", "paced"])
def test_what_is_lent_to_others_has_no_learner_in_it_and_adds_up(clock: HandClock, by: str) -> None:
    changed = POLICY.model_copy(update={"choices": POLICY.choices.model_copy(update={"by": by})})
    halves, whole = [choosing_of(changed, KEY) for _ in range(2)], choosing_of(changed, KEY)
    for n, earned in enumerate(lots(clock, 400)):
        for each in (halves[n % 2], whole):
            each.learn(earned)
    lent = [half.experience("w").lent() for half in halves]
    names = {Names(KEY).of("w", f"learner {n}") for n in range(50)}
    assert not [name for name in names if name in str(lent)]
    both = choosing_of(changed, KEY)
    for one in lent:
        both.experience("w").merge(orjson.loads(orjson.dumps(one)))
    rows = [{row: mean.weight for row, mean in one.experience("w").rows.items()} for one in (both, whole)]
    assert rows[0] == rows[1]
    assert both.experience("w").told == whole.experience("w").told
    assert apart(shares(both, clock), shares(whole, clock)) < 2 * TOLERANCE


async def test_a_rebuild_beside_a_service_is_what_the_service_goes_on_from(
    store: SqliteStore, clock: HandClock
) -> None:
    serving, keeping = replica(store, clock)
    rewards = lots(clock, 60)
    await told(keeping, store, rewards)
    await keeping.save()
    serving.experience("w").take(reward(clock, (CONTEXTS[0], "hints"), Source.HARM, 0.0), serving._situation)
    assert len(serving.experience("w").applied.recent) != len(rewards)
    _, rebuilding = replica(store, clock)
    assert await rebuilding.rebuild() == 60
    more = lots(clock, 1)
    await told(keeping, store, more)
    await keeping.save()
    assert serving.experience("w").told == {Choice.STRATEGY: 61}
    assert not [*serving.experience("w").chooser(Choice.STRATEGY).gate.suspended(clock.now())]


async def test_of_an_erased_learner_no_replica_knows_anything_whether_it_hears_of_it_or_not(
    store: SqliteStore, clock: HandClock
) -> None:
    cache, whose = MemoryCache(clock), Names(KEY).of("w", "learner 7")
    (one, keeping), (two, hearing), (deaf, alone) = (replica(store, clock, at) for at in (cache, cache, None))
    rewards = lots(clock, 200)
    await told(keeping, store, rewards)
    for other in (hearing, alone):
        await other.catch_up()
        await other.save()

    def known(choosing: Choosing) -> bool:
        return whose in str(choosing.experience("w").chooser(Choice.STRATEGY).kept())

    assert [known(each) for each in (one, two, deaf)] == [True] * 3
    for reward_ in rewards:
        if reward_.learner_id == "learner 7":
            await store.delete(REWARDS, {"id": reward_.id})
    async with asyncio.timeout(30):
        following = asyncio.create_task(hearing.follow())
        await asyncio.sleep(0)
        await keeping.erase("w", "learner 7")
        while known(two):
            await asyncio.sleep(0)
    following.cancel()
    assert [known(each) for each in (one, two, deaf)] == [False, False, True]
    await told(alone, store, lots(clock, 1))  # the deaf one has something to write
    await alone.save()
    again, restored = replica(store, clock)
    await restored.restore()
    assert [known(each) for each in (deaf, again)] == [False, False]


async def test_who_is_erased_before_a_replica_has_read_what_is_written_down_is_not_in_it_afterwards(
    store: SqliteStore, clock: HandClock
) -> None:
    _, keeping = replica(store, clock)
    await told(keeping, store, lots(clock, 60))
    await keeping.save()
    (_, starting), (again, restored) = replica(store, clock), replica(store, clock)
    await starting.erase("w", "learner 7")
    await restored.restore()
    assert again.experience("w").told == {Choice.STRATEGY: 60}
    assert Names(KEY).of("w", "learner 7") not in str(again.experience("w").kept())


async def test_what_was_not_written_because_the_process_ends_is_not_passed_by(
    store: SqliteStore, clock: HandClock
) -> None:
    _, keeping = replica(store, clock)
    await told(keeping, store, lots(clock, 60))
    clock.turn(86_400)
    await keeping.catch_up()
    saving = asyncio.create_task(keeping.save())
    await asyncio.sleep(0)
    saving.cancel()
    await asyncio.gather(saving, return_exceptions=True)
    assert saving.cancelled()
    assert await keeping.save() == 1
    again, restored = replica(store, clock)
    await restored.restore()
    await restored.catch_up()
    assert again.experience("w").told == {Choice.STRATEGY: 60}


@pytest.mark.parametrize("likes", [1, 20])
async def test_liking_alone_never_decides_against_what_is_learned_from(
    store: SqliteStore, clock: HandClock, likes: int
) -> None:
    """One answer is liked by all and learned from by few, the other the other way round."""
    choosing, keeping = replica(store, clock)
    for n in range(40):
        clock.turn(600)
        for arm, learned, liked in (("socratic", n % 5 == 0, True), ("hints", n % 5 != 0, False)):
            await told(keeping, store, [reward(clock, (CONTEXTS[0], arm), Source.INDEPENDENT, float(learned), n)])
            for _ in range(likes):
                await told(keeping, store, [reward(clock, (CONTEXTS[0], arm), Source.FEEDBACK, float(liked), n)])
    found = shares(choosing, clock, replace(OPTIONS, arms=("hints", "socratic")))
    assert found[CONTEXTS[0], "hints"] > 0.7


def case(**fields: Any) -> Case:
    made = Case("w", "ada", Task.PRACTICE, "hints", CONTEXTS[0], None, cared=False, open=True, at=1.79e9)
    return replace(made, **fields)


async def test_nothing_is_tried_before_rewards_are_there_nor_where_it_must_not_be(
    store: SqliteStore, clock: HandClock
) -> None:
    choosing, keeping = replica(store, clock)
    [strategy, variant, profile] = choosing.begin(case()).decisions
    assert (strategy.how, strategy.arm, strategy.propensity) == ("fixed", "hints", 1.0)
    assert (strategy.arms, strategy.reason) == (ARMS_OF, "0 of 20 rewards are there")
    assert (variant.how, variant.arm) == ("fixed", "hints/standard")
    assert (profile.how, profile.arm) == ("fixed", "standard")
    await told(keeping, store, lots(clock, 200))
    made = [choosing.begin(case(at=clock.now(), learner=f"l{n}")) for n in range(40)]
    assert {one.decisions[0].how for one in made} == {"learned"}
    assert all(one.strategy == one.decisions[0].arm for one in made)
    assert sum(one.strategy == "worked_example" for one in made) > 30
    assert {one.decisions[-1].how for one in made} == {"fixed"}  # nobody has told anything of profiles
    careful = choosing.begin(case(critical="the learner is a minor")).decisions[0]
    assert (careful.how, careful.arm, careful.critical) == ("safe", "hints", True)
    assert choosing.begin(case(open=False)).decisions[0].how == "fixed"
    assert choosing.begin(case(cared=True, strategy="care")).strategy == "care"
    assert not choosing.begin(case(cared=True)).decisions
    assert choosing.begin(case(workspace="another")).decisions[0].how == "fixed"
    lot = replace(
        choosing._p, lots=lambda case, choice, arms: Lot("e", "socratic", 0.5) if "socratic" in arms else None
    )
    tried = Choosing(lot).begin(case()).decisions[0]
    assert (tried.how, tried.arm, tried.propensity, tried.experiment) == ("experiment", "socratic", 0.5, "e")
    assert Choosing(lot).begin(case(critical="graded")).decisions[0].experiment is None
    fixed = POLICY.model_copy(update={"choices": POLICY.choices.model_copy(update={"mode": "fixed"})})
    assert choosing_of(fixed, KEY).begin(case()).decisions[0].reason == "choices.mode is fixed"


async def test_a_variant_is_chosen_among_those_of_its_strategy_and_learned_for_it_alone(
    store: SqliteStore, clock: HandClock
) -> None:
    """To be asked first helps those who practise with hints; the worked example teaches by its parts."""
    choosing, keeping = replica(store, clock)
    worth = {"hints/standard": 0.3, "hints/ask_first": 0.9, "hints/with_reason": 0.3}
    worth |= {"worked_example/standard": 0.5, "worked_example/fill_in": 0.1, "worked_example/say_why": 0.9}
    for _ in range(40):
        clock.turn(60)
        for arm, value in worth.items():
            credit = Credit(Choice.VARIANT, CONTEXTS[0], arm, "learned", f"{arm.partition('/')[0]}/standard")
            noted = reward(clock, (CONTEXTS[0], arm), Source.INDEPENDENT, value)
            await told(keeping, store, [replace(noted, credits=(credit,))])
    again, rebuilding = replica(store, clock)
    assert await rebuilding.rebuild() == 240
    assert again.experience("w").rows == choosing.experience("w").rows

    def dealing(strategy: str) -> Choosing:
        """One that has learned the same, where an experiment decides how all are taught."""
        dealt = Lot("e", strategy, 0.5)
        same = Choosing(replace(choosing._p, lots=lambda case, choice, _: dealt if choice is Choice.STRATEGY else None))
        same.experience("w").restore(choosing.experience("w").kept())
        return same

    for strategy, best in (("hints", "ask_first"), ("worked_example", "say_why")):
        teaching = dealing(strategy)
        made = [teaching.begin(case(at=clock.now(), learner=f"l{n}")) for n in range(40)]
        safe, arms = f"{strategy}/standard", {arm for arm in worth if arm.startswith(f"{strategy}/")}
        for one in made:
            chosen = one.decisions[1]
            assert (chosen.choice, chosen.how, chosen.arm) == (Choice.VARIANT, "learned", f"{strategy}/{one.variant}")
            assert (chosen.arms[0], chosen.baseline, {*chosen.arms}) == (safe, safe, arms)
        assert sum(one.variant == best for one in made) > 30
        careful = teaching.begin(case(at=clock.now(), critical="the learner is a minor"))
        assert careful.variant == "standard"
    without = dealing("socratic").begin(case(at=clock.now()))
    assert (without.strategy, without.variant) == ("socratic", "standard")
    assert Choice.VARIANT not in {one.choice for one in without.decisions}


def test_a_turn_says_whom_its_learner_is_like_and_that_they_failed_again_and_again() -> None:
    session = Session("s", "w", "ada", "", "", subject="Algebra")
    learner = Learner("l", "w", "ada", {"level": "Grade 8", "name": "Ada"})
    portrait = Portrait("", weak=(Standing("fractions", 0.2, 0.1, 9),), failures=3)
    snapshot = Snapshot(session, learner, (), (), 0, 0, 0, portrait)
    found = case_of(snapshot, Seen(Task.PRACTICE, "hints", None, cared=False, preview=False), 1.79e9)
    assert found.critical == "the learner failed 3 times in a row"
    assert (found.context, found.segment) == ("practice/algebra/unknown/weak", "mastery=weak level=grade 8")
    made = choosing_of(POLICY, KEY).begin(replace(found, critical=None)).decisions[0]
    assert made.segment == found.segment
    turn = replace(_TURN, state=State.COMPLETE, provider="openai", model="m", decisions=(made,))
    assert [one.segment for one in credits_of(turn, Source.FEEDBACK)] == [found.segment]


async def test_a_new_learner_is_taught_as_it_suits_those_who_want_to_be_taught_alike(
    store: SqliteStore, clock: HandClock
) -> None:
    choosing, chance = choosing_of(POLICY, KEY), random.Random(5)
    suits = {"mastery=weak pace=slow": "worked_example", "mastery=strong pace=fast": "socratic"}
    for n in range(400):
        clock.turn(60)
        segment, arm = chance.choice([*suits]), chance.choice(ARMS_OF)
        helped = float(chance.random() < (0.8 if suits[segment] == arm else 0.4))
        earned = reward(clock, (CONTEXTS[n % 4], arm), Source.INDEPENDENT, helped)
        made = replace(earned.credits[0], segment=segment)
        choosing.learn(replace(earned, learner_id=f"only once {n}", credits=(made,)))

    def share(segment: str, arm: str) -> float:
        made = [choosing.begin(case(learner=f"new {n}", at=clock.now(), segment=segment)) for n in range(200)]
        return sum(one.strategy == arm for one in made) / len(made)

    for segment, arm in suits.items():
        assert share(segment, arm) > 0.7
        assert share(segment.replace("weak", "growing"), arm) > 0.7  # how far they are is another matter


async def test_a_suspended_model_is_not_asked_first_also_while_the_strongest_is_away(
    store: SqliteStore, clock: HandClock
) -> None:
    choosing, keeping = replica(store, clock)
    strong, good, fair = (
        ScriptedProvider(entry(name, {Task.PRACTICE: s})) for name, s in (("a", 0.9), ("b", 0.8), ("c", 0.7))
    )
    router = routed((strong, good, fair))
    wanted = Wanted(Task.PRACTICE)
    names = [one.entry.name for one in (strong, good, fair)]

    def learned(arm: str, value: float, source: Source = Source.INDEPENDENT) -> Reward:
        made = Credit(Choice.MODEL, CONTEXTS[0], arm, "learned", names[0])
        return replace(reward(clock, (CONTEXTS[0], arm), source, value), credits=(made,))

    for _ in range(30):
        await told(keeping, store, [learned(name, value) for name, value in zip(names, (0.5, 0.9, 0.6), strict=True)])
    await told(keeping, store, [learned(names[1], 0.0, Source.HARM)])
    safe = safest(router.entries, wanted)
    assert safe == names[0]
    ranked = router.ranked(wanted)
    for there in (ranked, [one for one in ranked if one.provider.entry.name != safe]):
        asked = [choosing.begin(case(learner=f"l{n}", at=clock.now())).lead(there, safe) for n in range(40)]
        assert names[1] not in asked
        assert None not in asked
    [alone] = [one for one in ranked if one.provider.entry.name == names[1]]
    assert choosing.begin(case()).lead([alone], safe) is None  # nobody else is left: they are asked


async def test_the_policy_says_when_the_gate_closes_and_how_much_is_tried(store: SqliteStore, clock: HandClock) -> None:
    gate = GatePolicy(cooling=2.0, longest=3.0, trials=1.0)
    changed = POLICY.model_copy(
        update={"choices": POLICY.choices.model_copy(update={"gate": gate, "by": "paced", "least": 1})}
    )
    choosing = choosing_of(changed, KEY)
    choosing.learn(reward(clock, (CONTEXTS[0], "socratic"), Source.HARM, 0.0))
    choosing.learn(reward(clock, (CONTEXTS[1], "hints"), Source.REVIEW, 1.0))
    found = {(arm, until) for _, arm, until in choosing.experience("w").chooser(Choice.STRATEGY).gate.suspended(0.0)}
    assert found == {("socratic", clock.now() + 2 * 86_400)}
    tried = [choosing.begin(case(at=clock.now() + n)).decisions[0] for n in range(40)]
    assert sum(one.arm == "worked_example" for one in tried) == 1
    assert "socratic" not in {one.arm for one in tried}
    assert any(one.under for one in tried)
    with pytest.raises(ValueError, match="longest: may not be shorter than cooling"):
        GatePolicy(cooling=5.0, longest=3.0)


async def test_a_new_workspace_that_shares_begins_with_what_three_others_were_told_and_no_other_does(
    store: SqliteStore, clock: HandClock
) -> None:
    own = {"new": WorkspacePolicy(sharing=True)} | {f"w{n}": WorkspacePolicy(sharing=True) for n in range(3)}
    changed = POLICY.model_copy(update={"workspaces": own, "choices": POLICY.choices.model_copy(update={"least": 1})})
    choosing, elsewhere = choosing_of(changed, KEY), "practice/chemistry/high/strong"
    for n in range(3):
        for one in lots(clock, 300):
            choosing.learn(replace(one, workspace=f"w{n}"))
    for name in ("new", "shy"):
        choosing.learn(replace(reward(clock, (elsewhere, "hints"), Source.REVIEW, 0.5), workspace=name))

    def share(workspace: str) -> float:
        made = [
            choosing.begin(case(workspace=workspace, learner=f"l{n}", at=clock.now(), context=elsewhere)).strategy
            for n in range(300)
        ]
        return made.count("worked_example") / len(made)

    before = share("new"), share("shy")
    await choosing.share()
    after = share("new"), share("shy")
    assert after[0] > before[0] + 0.15
    assert abs(after[1] - before[1]) < 0.1


async def test_a_reward_from_the_future_does_not_make_seem_learned_what_comes_until_then(
    store: SqliteStore, clock: HandClock
) -> None:
    choosing, keeping = replica(store, clock)
    ahead = HandClock(clock.now() + 86_400)
    await Rewards(store).add(reward(ahead, (CONTEXTS[0], "hints"), Source.INDEPENDENT, 1.0))
    assert await keeping.catch_up() == 1
    clock.turn(1)
    await told(keeping, store, lots(clock, 20))
    assert choosing.experience("w").told[Choice.STRATEGY] == 21
    assert await keeping.catch_up() == 0


async def test_what_is_no_reward_is_left_and_what_follows_is_learned(store: SqliteStore, clock: HandClock) -> None:
    cache = MemoryCache(clock)
    choosing, keeping = replica(store, clock, cache)
    following = asyncio.ensure_future(keeping.follow())
    await asyncio.sleep(0)
    for message in (b"no JSON", b"[]", b'{"workspace":"w","id":"x","source":"of a later version"}'):
        cache.publish(CHANNEL, message)
    cache.publish(CHANNEL, orjson.dumps(reward(clock, (CONTEXTS[0], "hints"), Source.INDEPENDENT, 1.0)))
    async with asyncio.timeout(30):
        while not choosing.stirred("w"):
            await asyncio.sleep(0)
    following.cancel()
