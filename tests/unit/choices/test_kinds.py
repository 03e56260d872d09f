"""Whatever the policy of choice: what must hold of all of them holds."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.choices.beliefs import Beliefs
from app.choices.gate.gate import Gate
from app.choices.gate.gated import Gated
from app.choices.kinds.greedy import Greedy
from app.choices.kinds.linear import Linear
from app.choices.kinds.thompson import Thompson
from app.choices.kinds.ucb import Ucb
from app.choices.pacing import Paced
from app.choices.port import Chooser, Outcome
from app.stats.winner import chances
from app.vocabulary import Choice
from tests.unit.choices.worlds import ARMS, OPTIONS, situation, world

Make = Callable[[], Chooser]


def paced() -> Chooser:
    beliefs = Beliefs()
    return Paced({"calm": Thompson(beliefs, 16.0), "keen": Thompson(beliefs, 1.0)}, Thompson(), "calm")


SUMS: dict[str, Callable[[], Chooser]] = {
    "greedy": Greedy,
    "ucb": Ucb,
    "linear": Linear,
    "thompson": Thompson,
    "cached": lambda: Thompson(lifetime=600.0),
    "paced": paced,
}
KINDS: dict[str, Make] = {**SUMS, "gated": lambda: Gated(Thompson(), Gate(Choice.STRATEGY))}
kinds = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


@kinds
def test_the_best_arm_is_found(make: Make) -> None:
    chosen = world().live(make(), 800, situation())
    assert Counter(chosen[-300:])["tell/long"] > 230


@kinds
def test_a_propensity_is_how_often_an_arm_is_chosen(make: Make) -> None:
    chooser, rng = make(), np.random.default_rng(2)
    world().live(chooser, 20, situation())
    weighed = dict.fromkeys(ARMS, 0.0)
    rare = set()
    for _ in range(1_500):
        arm, propensity, reason, _ = chooser.decide(situation(), OPTIONS, rng)
        assert arm in ARMS
        assert reason
        assert propensity is not None
        assert 0.0 < propensity <= 1.0
        weighed[arm] += 1 / propensity
        rare |= {arm} if propensity < 0.05 else set()
    # What inverse propensities add up to has the right mean for each arm that is chosen at all (Horvitz & Thompson).
    assert all(
        weighed[arm] / 1_500 == pytest.approx(1.0, abs=0.2) for arm in weighed if weighed[arm] and arm not in rare
    )


@kinds
def test_what_was_learned_survives_as_json(make: Make) -> None:
    before, after = make(), make()
    world().live(before, 200, situation(learner="ada"))
    after.restore(json.loads(json.dumps(before.kept())))
    assert after.kept() == before.kept()
    later = situation(at=situation().at + 20_000, learner="ada")
    for seed in range(20):
        both = [one.decide(later, OPTIONS, np.random.default_rng(seed)) for one in (before, after)]
        assert both[0].arm == both[1].arm
        assert both[0].propensity == pytest.approx(both[1].propensity)


@pytest.mark.parametrize("make", SUMS.values(), ids=SUMS)
def test_two_that_saw_half_each_know_what_one_knows_that_saw_all(make: Callable[[], Chooser]) -> None:
    halves, whole, rng = [make(), make()], make(), np.random.default_rng(3)
    for n in range(400):
        here = situation(f"practice/maths/{n % 3}", at=situation().at + n * 3_600.0)
        outcome = Outcome(ARMS[n % 4], float(rng.random() < 0.2 * (n % 4)), weight=0.5, under="calm")
        for chooser in (halves[rng.random() < 0.5], whole):
            chooser.learn(here, outcome)
    there = [make(), make()]
    there[0].restore(halves[0].kept())
    there[0].merge(halves[1].kept())
    there[1].restore(halves[1].kept())
    there[1].merge(halves[0].kept())
    last = situation("practice/maths/0", at=situation().at + 400 * 3_600.0)
    for seed in range(50):
        told = [one.decide(last, OPTIONS, np.random.default_rng(seed)) for one in (whole, *there)]
        assert {one.arm for one in told} == {told[0].arm}
        assert [one.propensity for one in told] == [pytest.approx(told[0].propensity, rel=1e-9)] * 3


@kinds
def test_to_decide_changes_nothing_that_is_kept(make: Make) -> None:
    chooser = make()
    world().live(chooser, 50, situation())
    before = json.dumps(chooser.kept())
    for seed in range(20):
        chooser.decide(situation(learner="ada"), OPTIONS, np.random.default_rng(seed))
    assert json.dumps(chooser.kept()) == before


@kinds
def test_an_arm_that_nobody_has_seen_may_be_chosen_and_one_that_is_away_is_not(make: Make) -> None:
    chooser = make()
    world().live(chooser, 30, situation())
    new = replace(OPTIONS, arms=("tell/short", "draw/new"))
    chosen = {chooser.decide(situation(), new, np.random.default_rng(seed)).arm for seed in range(300)}
    assert chosen <= {"tell/short", "draw/new"}
    assert "draw/new" in chosen


@kinds
def test_what_is_long_ago_counts_less_than_what_is_new(make: Make) -> None:
    chooser, half_year = make(), 180 * 86_400.0
    for n in range(200):
        chooser.learn(situation(), Outcome("ask/long", 1.0))
        chooser.learn(situation(at=situation().at + half_year + n), Outcome("ask/long", float(n % 10 == 0)))
        chooser.learn(situation(at=situation().at + half_year + n), Outcome("tell/short", float(n % 2 == 0)))
    now = situation(at=situation().at + half_year + 200)
    two = replace(OPTIONS, arms=("tell/short", "ask/long"))
    chosen = Counter(chooser.decide(now, two, np.random.default_rng(seed)).arm for seed in range(100))
    assert chosen["tell/short"] > 85


def test_the_chances_to_be_the_best_are_those_of_drawing_from_betas() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        a, b = rng.uniform(2, 40, 8), rng.uniform(2, 40, 8)
        draws = rng.beta(a, b, (20_000, 8)).argmax(axis=1)
        drawn = np.bincount(draws, minlength=8) / 20_000
        means = a / (a + b)
        found = chances(means, np.sqrt(means * (1 - means) / (a + b + 1)))
        assert found.sum() == pytest.approx(1.0)
        assert np.abs(found - drawn).max() < 0.04
