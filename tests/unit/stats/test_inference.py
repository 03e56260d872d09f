"""Comparisons that may be looked at all the time, and policies judged by what another one did."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats.counts import chi_square_p, excess_evidence, ratio_evidence
from app.stats.offpolicy import Logged, doubly_robust, gain, ips, snips
from app.stats.sequential import Plan, Units, compared, first_sure

PLAN = Plan(400)


def units(rng: np.random.Generator, n: int, effect: float, known: float = 0.0) -> Units:
    treated, able = rng.random(n) < 0.5, rng.uniform(-known, known, n)
    outcome = (rng.random(n) < 0.6 + able + effect * treated).astype(float)
    return Units(outcome, treated, able[:, None])


def test_looking_after_each_learner_does_not_find_what_is_not_there() -> None:
    rng = np.random.default_rng(5)
    runs = 300
    alarms = sum(first_sure(units(rng, 2_000, 0.0, 0.2), PLAN) is not None for _ in range(runs))
    assert alarms / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_an_interval_holds_at_all_looks_at_once_and_says_the_same_as_its_p() -> None:
    rng = np.random.default_rng(6)
    covered, agree = [], []
    for _ in range(200):
        found = compared(units(rng, 1_500, 0.06), PLAN)
        assert found is not None
        covered.append(found.low <= 0.06 <= found.high)
        agree.append((found.p < 0.05) == (found.low > 0 or found.high < 0))
    assert np.mean(covered) >= 0.93
    assert np.mean(agree) >= 0.99  # an effect that has changed since is judged as it is now


def test_what_was_known_before_makes_intervals_narrower_and_never_wrong() -> None:
    rng = np.random.default_rng(7)
    with_it = units(rng, 4_000, 0.05, 0.39)
    without = Units(with_it.outcome, with_it.treated, np.empty((4_000, 0)))
    noise = Units(with_it.outcome, with_it.treated, rng.random((4_000, 3)))
    one, none, useless = (compared(each, PLAN) for each in (with_it, without, noise))
    assert one is not None
    assert none is not None
    assert useless is not None
    assert one.explained == pytest.approx(0.21, abs=0.04)
    assert one.high - one.low < 0.93 * (none.high - none.low)
    assert useless.effect == pytest.approx(none.effect, abs=0.005)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=200), st.integers(50, 2_000))
def test_any_outcomes_give_an_interval_around_what_was_seen_or_none(rows: list[tuple[float, bool]], plan: int) -> None:
    outcome, treated = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=bool)
    found = compared(Units(outcome, treated, np.zeros((len(rows), 2))), Plan(plan))
    if min(treated.sum(), (~treated).sum()) < 20:
        assert found is None
    else:
        assert found is not None
        assert found.low <= found.high
        assert 0 <= found.p <= 1
        assert found.effect == pytest.approx(outcome[treated].mean() - outcome[~treated].mean(), abs=1e-6)


def test_counts_are_even_until_they_are_not() -> None:
    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(200):
        arms = np.cumsum(rng.random(1_000) < 0.3)
        alarms += any(
            ratio_evidence([int(arms[n]), n + 1 - int(arms[n])], [0.3, 0.7]) >= 20 for n in range(9, 1_000, 25)
        )
    assert alarms / 200 <= 0.05
    assert chi_square_p([0, 0], [0.5, 0.5]) is None
    assert chi_square_p([300, 300, 400], [1 / 3] * 3) == pytest.approx(math.exp(-10))
    harmless = [excess_evidence(int(k), 30 - int(k), 0.5) >= 10 for k in rng.binomial(30, 0.5, 2_000)]
    assert np.mean(harmless) <= 0.1


def log(rng: np.random.Generator, n: int) -> tuple[Logged, float]:
    """Two arms that earn .3 and .8, chosen by lots of one to nine; the target takes the better one always."""
    able = np.repeat(rng.uniform(-0.1, 0.1, n // 10), 10)
    better = rng.random(n) < 0.1
    reward = (rng.random(n) < np.where(better, 0.8, 0.3) + able).astype(float)
    weight = np.where(better, 10.0, 0.0)
    learner = np.repeat(np.arange(n // 10), 10)
    return Logged(reward, weight, np.where(better, 0.8, 0.3), np.full(n, 0.8), learner), 0.8


def test_doubly_robust_is_right_where_either_the_model_or_the_chances_are() -> None:
    found, truth = log(np.random.default_rng(9), 20_000)
    wrong = np.full(len(found.reward), 0.1)
    model_wrong = Logged(found.reward, found.weight, wrong, wrong, found.learner)
    chances_wrong = Logged(found.reward, found.weight / 3, found.modelled, found.expected, found.learner)
    for one in (found, model_wrong, chances_wrong):
        assert doubly_robust(one).value == pytest.approx(truth, abs=0.03)
    assert ips(chances_wrong).value == pytest.approx(truth / 3, abs=0.03)
    assert snips(chances_wrong).value == pytest.approx(truth, abs=0.03)
    best, plain = doubly_robust(found), ips(found)
    assert best.high - best.low < plain.high - plain.low
    assert gain(found).low > 0.4
    assert found.effective == pytest.approx(2_000, rel=0.1)
