"""The default policy of choice: what it learns, whom it protects, and that its chances are what it says."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.choices import contexts
from app.choices.contexts import ERRORS
from app.choices.hybrid import Hybrid, Tuning
from app.choices.merging import merged
from app.choices.port import Options, Outcome, Situation
from app.choices.rows import HALF_LIFE
from app.choices.situations import WIDTH, domain, features

ARMS = ("hint", "example", "quiz", "proof")
OPTIONS = Options(ARMS, "hint", frozenset({"hint"}), {})
HELPS = {"hint": 0.45, "example": 0.35, "quiz": 0.7, "proof": 0.2}
MONDAY = 1.7e9


def situation(context: str = "practice/algebra/even/growing", learner: str = "ada", at: float = MONDAY) -> Situation:
    return Situation(context, domain(context), features(context), learner, False, at)


def taught(chooser: Hybrid, outcomes: int, seed: int = 1, helps: dict[str, float] = HELPS) -> Hybrid:
    """After outcomes of arms that were chosen by lot, of nine contexts and thirty learners, a minute apart."""
    rng = np.random.default_rng(seed)
    for n in range(outcomes):
        here = situation(f"practice/{'abcdefghi'[rng.integers(9)]}/even/weak", f"{rng.integers(30)}", MONDAY + 60.0 * n)
        arm = ARMS[rng.integers(len(ARMS))]
        chooser.learn(here, Outcome(arm, float(rng.random() < helps[arm])))
    return chooser


def chances(chooser: Hybrid, here: Situation, options: Options = OPTIONS, draws: int = 3000) -> dict[str, float]:
    """How often each arm is chosen."""
    rng = np.random.default_rng(7)
    counts = Counter(chooser.decide(here, options, rng).arm for _ in range(draws))
    return {arm: counts[arm] / draws for arm in options.arms}


def test_it_learns_which_arm_helps_and_a_new_context_profits_from_others() -> None:
    chooser = taught(Hybrid(WIDTH), 1500)

    known, unknown = chances(chooser, situation("practice/a/even/weak")), chances(chooser, situation("practice/z/low/"))

    assert known["quiz"] > 0.9
    assert unknown["quiz"] > 0.8


@pytest.mark.parametrize("outcomes", [0, 60, 400])
def test_arms_are_chosen_as_often_as_their_propensities_say(outcomes: int) -> None:
    chooser, here, draws = taught(Hybrid(WIDTH), outcomes), situation("practice/a/even/weak"), 6000
    rng = np.random.default_rng(3)

    chosen = [chooser.decide(here, OPTIONS, rng) for _ in range(draws)]

    said = {one.arm: one.propensity for one in chosen}
    assert all(len({one.propensity for one in chosen if one.arm == arm}) <= 1 for arm in ARMS)
    for arm, propensity in said.items():
        assert propensity is not None
        spread = (propensity * (1 - propensity) / draws) ** 0.5
        assert abs(sum(one.arm == arm for one in chosen) / draws - propensity) <= 4 * spread + 1e-9


def test_in_a_seldom_context_arms_that_were_hardly_tried_get_their_share_and_the_propensity_says_so() -> None:
    bold, shy = (taught(Hybrid(WIDTH, Tuning(share=share, gap=9.0)), 2000) for share in (0.4, 0.0))
    rare = situation("practice/rare/even/weak")
    for chooser in (bold, shy):
        for _ in range(5):
            chooser.learn(rare, Outcome("quiz", 1.0))

    often, seldom = chances(bold, rare), chances(shy, rare)
    draw = next(
        one for one in (bold.decide(rare, OPTIONS, np.random.default_rng(n)) for n in range(99)) if one.arm == "proof"
    )

    assert seldom["quiz"] > 0.95
    assert often["quiz"] == pytest.approx(0.6 * seldom["quiz"], abs=0.05)
    assert often["proof"] == pytest.approx(draw.propensity, abs=0.03)


def test_a_clock_that_goes_back_makes_no_chance_less_than_nothing() -> None:
    chooser = taught(Hybrid(WIDTH, Tuning(share=1.0, gap=9.0)), 2000)
    for _ in range(5):
        chooser.learn(situation("practice/rare/even/weak"), Outcome("quiz", 1.0))
    for years in (0, 1, 30):
        before = situation("practice/rare/even/weak", at=MONDAY - years * 3.2e7)
        chosen = [chooser.decide(before, OPTIONS, np.random.default_rng(n)) for n in range(50)]
        assert all(one.propensity is not None and 0.0 < one.propensity <= 1.0 for one in chosen)


def test_the_same_chance_gives_the_same_arm_and_deciding_changes_nothing_that_is_kept() -> None:
    chooser = taught(Hybrid(WIDTH), 300)
    before = orjson.dumps(chooser.kept())

    here = [situation(f"practice/{n}/low/weak", f"{n}") for n in range(50)]
    first, second = ([chooser.decide(one, OPTIONS, np.random.default_rng(5)) for one in here] for _ in range(2))

    assert first == second
    assert orjson.dumps(chooser.kept()) == before


@settings(max_examples=40, deadline=None)
@given(
    approved=st.sets(st.sampled_from(ARMS), min_size=1),
    outcomes=st.lists(st.tuples(st.sampled_from(ARMS), st.booleans(), st.booleans()), max_size=30),
    seed=st.integers(0, 1000),
)
def test_where_it_is_critical_only_approved_arms_are_chosen_whatever_was_learned(
    approved: set[str], outcomes: list[tuple[str, bool, bool]], seed: int
) -> None:
    chooser, here = Hybrid(WIDTH), replace(situation(), critical=True)
    options = Options(ARMS, min(approved), frozenset(approved), {})
    for arm, good, harm in outcomes:
        chooser.learn(here, Outcome(arm, float(good), harm=harm))

    assert chooser.decide(here, options, np.random.default_rng(seed)).arm in approved


def test_an_arm_that_did_harm_is_suspended_at_once_there_and_around_for_a_while_and_longer_the_next_time() -> None:
    chooser = taught(Hybrid(WIDTH), 900)
    here, around = situation("practice/a/low/weak"), situation("practice/a/high/strong")

    chooser.learn(here, Outcome("quiz", 0.0, harm=True))

    def tried(one: Situation, days: float) -> bool:
        return chances(chooser, replace(one, at=MONDAY + days * 86_400.0), draws=60)["quiz"] > 0

    assert [tried(here, 0.5), tried(around, 0.5), tried(situation("practice/b/low/weak"), 0.5)] == [False, False, True]
    assert tried(around, 1.5)
    chooser.learn(replace(here, at=MONDAY + 1.5 * 86_400.0), Outcome("quiz", 0.0, harm=True))
    assert [tried(here, 3.0), tried(here, 4.0)] == [False, True]


def test_learners_of_a_kind_teach_it_what_helps_the_next_one_of_their_kind() -> None:
    chooser, rng = Hybrid(1), np.random.default_rng(2)
    helps = [
        {"quiz": 0.9, "proof": 0.1, "hint": 0.5, "example": 0.8},
        {"quiz": 0.1, "proof": 0.9, "hint": 0.5, "example": 0.2},
    ]
    for n in range(3000):
        learner, arm = int(rng.integers(60)), ARMS[rng.integers(4)]
        here = Situation("all", "all", (1.0,), f"{learner}", False, MONDAY + n)
        chooser.learn(here, Outcome(arm, float(rng.random() < helps[learner % 2][arm])))
    new = Situation("all", "all", (1.0,), "new", False, MONDAY + 3000.0)

    for _ in range(6):
        chooser.learn(new, Outcome("proof", 1.0))

    mean, _ = chooser.learners.effects("new")
    assert len(chooser.learners.groups.centres) > 1
    assert mean[chooser.columns["quiz"]] < -0.8  # never tried with them
    assert mean[chooser.columns["example"]] < -0.6


def test_without_kinds_of_learners_no_groups_are_seen_in_chance() -> None:
    assert len(taught(Hybrid(WIDTH), 3000).learners.groups.centres) == 1


def test_a_context_that_changed_is_learned_anew_sooner_than_it_was_learned() -> None:
    chooser, rng, here = Hybrid(1), np.random.default_rng(4), Situation("c", "d", (1.0,), "ada", False, MONDAY)

    def until_best(best: str) -> int:
        for n in range(2000):
            choice = chooser.decide(here, OPTIONS, rng)
            if n % 20 == 0 and chances(chooser, here, draws=100)[best] > 0.8:
                return n
            chooser.learn(here, Outcome(choice.arm, float(rng.random() < (0.8 if choice.arm == best else 0.3))))
        return 2000

    until_best("quiz")
    for _ in range(400):
        chooser.learn(here, Outcome("quiz", float(rng.random() < 0.8)))

    assert until_best("proof") < 200


def test_how_fast_things_change_is_learned_and_an_arm_left_alone_is_known_the_less_for_it() -> None:
    def lived(chance: Callable[[int], float]) -> Hybrid:
        chooser, rng = Hybrid(1), np.random.default_rng(9)
        for n in range(3000):
            here = Situation(f"c{n % 6}", "d", (1.0,), "ada", False, MONDAY + 60.0 * n)
            chooser.learn(here, Outcome(ARMS[n % 4], float(rng.random() < chance(n))))
        return chooser

    calm, restless = lived(lambda n: 0.6), lived(lambda n: 0.25 + 0.5 * (n // 300 % 2))

    assert restless.contexts.restless > 5 * calm.contexts.restless
    for chooser in (calm, restless):
        rows = chooser.contexts.fresh("c0", MONDAY + 180_000.0)
        soon, late = (chooser.contexts.variance(rows, MONDAY + 180_000.0 + wait) for wait in (0.0, 86_400.0))
        assert late == pytest.approx(np.minimum(soon + chooser.contexts.restless, np.maximum(soon, 0.5)), rel=0.02)


def alarms(chooser: Hybrid, chances: Sequence[float], *, light: bool) -> list[int]:
    """After which of a context's rewards of an arm it was thought to have changed; between them come light ones that
    are nearly always the same."""
    here, rng, found = situation(), np.random.default_rng(4), []
    for n, chance in enumerate(chances):
        chooser.learn(here, Outcome("hint", float(rng.random() < chance)))
        for value in rng.uniform(0.96, 1.0, 4 * light):
            chooser.learn(here, Outcome("hint", float(value), weight=0.05, usual=0.98))
        slot = chooser.contexts.find(here.context)
        assert slot is not None
        if n > 20 and chooser.contexts.data[slot, ERRORS, 0] < 2.0:
            found.append(n)
    return found


def test_light_rewards_that_hardly_vary_neither_feign_a_change_nor_hide_one() -> None:
    plain, mixed = (alarms(Hybrid(WIDTH), [0.5] * 1500, light=light) for light in (False, True))
    assert len(mixed) <= len(plain) + 2
    change = [0.85] * 300 + [0.1] * 60
    sooner, later = (min(n for n in alarms(Hybrid(WIDTH), change, light=light) if n >= 300) for light in (False, True))
    assert later <= sooner + 5


def test_a_learner_who_is_forgotten_is_met_as_one_who_was_never_there_and_others_stay_as_they_are() -> None:
    chooser = taught(Hybrid(WIDTH), 1234)
    names = [*chooser.learners.slots]
    before = {name: chooser.learners.effects(name)[0].tolist() for name in names}
    gone = names[3], names[-1]
    for name in gone:
        chooser.forget(name)
    chooser.forget("never met")
    never = chooser.learners.effects("never met")[0].tolist()
    assert [chooser.learners.effects(name)[0].tolist() for name in gone] == [never, never]
    chooser.learners.regroup(chooser.learners.groups)  # nothing at hand
    assert {name: chooser.learners.effects(name)[0].tolist() for name in names if name not in gone} == {
        name: effects for name, effects in before.items() if name not in gone
    }
    assert not set(gone) & {*chooser.kept()["learners"]["names"]}
    taught(chooser, 50, seed=3)  # and it goes on


def test_priors_count_before_anything_was_seen_and_hardly_afterwards() -> None:
    options = replace(OPTIONS, priors={"proof": 0.9, "quiz": 0.3})

    assert chances(Hybrid(WIDTH), situation(), options)["proof"] > 0.6
    assert chances(taught(Hybrid(WIDTH), 1500), situation("practice/a/even/weak"), options)["quiz"] > 0.8


def test_arms_come_and_go() -> None:
    chooser = taught(Hybrid(WIDTH), 800)
    some = Options(("proof", "song", "hint"), "hint", frozenset({"hint"}), {})

    chooser.learn(situation(), Outcome("song", 1.0))
    chooser.learn(situation(), Outcome("dance", 1.0))

    assert set(chances(chooser, situation(), some)) == {"proof", "song", "hint"}
    assert chances(chooser, situation(), Options(("song", "proof"), "proof", frozenset(), {}))["song"] > 0.9


def test_a_reward_that_is_always_high_helps_no_arm() -> None:
    plain, usual = Hybrid(1), Hybrid(1)
    here = Situation("c", "d", (1.0,), "ada", False, MONDAY)
    for _ in range(40):
        plain.learn(here, Outcome("quiz", 0.9))
        usual.learn(here, Outcome("quiz", 0.9, usual=0.9))

    assert chances(plain, here)["quiz"] > 0.9
    assert chances(usual, here)["quiz"] == pytest.approx(0.25, abs=0.1)


def test_what_is_long_ago_counts_less() -> None:
    chooser, here = Hybrid(1), Situation("c", "d", (1.0,), "ada", False, MONDAY)
    for _ in range(30):
        chooser.learn(here, Outcome("quiz", 1.0))
    slot = chooser.contexts.slots["c"]

    soon, late = (chooser.contexts.at_time(slot, MONDAY + wait) for wait in (0.0, 2 * HALF_LIFE))

    assert late[contexts.VARIANCE, 0] > 1.5 * soon[contexts.VARIANCE, 0]
    assert 0 < late[contexts.MEAN, 0] < soon[contexts.MEAN, 0]
    assert late[contexts.TRIED, 0] == pytest.approx(7.5)


def test_it_goes_on_from_what_was_kept_as_if_nothing_had_happened() -> None:
    chooser, again = taught(Hybrid(WIDTH), 1234), Hybrid(WIDTH)
    again.restore(orjson.loads(orjson.dumps(chooser.kept())))

    for each in (chooser, again):
        taught(each, 300, seed=9)

    assert orjson.dumps(chooser.kept()) == orjson.dumps(again.kept())
    with pytest.raises(ValueError, match=f"learned with {WIDTH} features, not 3"):
        Hybrid(3).restore(chooser.kept())


def test_nothing_grows_without_a_bound() -> None:
    chooser = Hybrid(WIDTH)
    chooser.contexts.bound, chooser.learners.bound = 100, 80
    for n in range(700):
        chooser.learn(situation(f"practice/{n}/even/weak", f"{n}"), Outcome(ARMS[n % 4], 1.0))

    assert (len(chooser.contexts), len(chooser.learners)) == (100, 80)
    assert chooser.contexts.find("practice/699/even/weak") is not None
    assert chooser.contexts.find("practice/599/even/weak") is None


def test_two_replicas_that_each_saw_half_agree_with_one_that_saw_all() -> None:
    base = taught(Hybrid(WIDTH), 300).kept()
    whole, left, right = (Hybrid(WIDTH) for _ in range(3))
    for each in (whole, left, right):
        each.restore(base)
    rng = np.random.default_rng(11)
    for n in range(1200):
        here = situation(
            f"practice/{'abcdefghi'[rng.integers(9)]}/even/weak", f"{rng.integers(40)}", MONDAY + 86_400 + 60 * n
        )
        outcome = Outcome(arm := ARMS[rng.integers(4)], float(rng.random() < HELPS[arm]))
        for each in (whole, left if n % 2 else right):
            each.learn(here, outcome)

    both = Hybrid(WIDTH)
    both.restore(orjson.loads(orjson.dumps(merged(base, [left.kept(), right.kept()]))))

    assert (both.learned, both.tried) == (whole.learned, whole.tried)
    for context in "abcdefghi":
        here = situation(f"practice/{context}/even/weak", "7", MONDAY + 2 * 86_400.0)
        one, other = (each.beliefs(here, ARMS) for each in (both, whole))
        half = left.beliefs(here, ARMS)
        assert other[0] == pytest.approx(one[0], abs=0.25)
        assert other[1] == pytest.approx(one[1], rel=0.25)
        assert (half[1] > one[1]).all()


def test_what_another_one_learned_is_added_to_what_is_known_and_to_nothing() -> None:
    one, other, fresh = taught(Hybrid(WIDTH), 500), taught(Hybrid(WIDTH), 500, seed=2), Hybrid(WIDTH)
    here = situation("practice/b/even/weak", "3", MONDAY + 60.0 * 500)
    before = one.beliefs(here, ARMS)

    fresh.merge(one.kept())
    one.merge(Hybrid(WIDTH).kept())

    for each in (fresh, one):
        for now, then in zip(each.beliefs(here, ARMS), before, strict=True):
            assert now == pytest.approx(then, abs=1e-4)
    one.merge(other.kept())
    assert one.learned == 1000
    assert (one.beliefs(here, ARMS)[1] < before[1]).all()
