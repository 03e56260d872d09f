"""Sketches beside exact answers: quantiles, distinct counts, forecasts."""

import random
from math import exp, pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.stats.distinct import Distinct, hashed
from app.stats.seasonal import fit
from app.stats.sketch import BUCKETS, ERROR, LEAST, MOST, Sketch

VALUES = st.lists(st.floats(LEAST * 1.1, MOST / 1.1), min_size=1, max_size=200)
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=8).map(sorted)


def sketched(values: list[float]) -> Sketch:
    made = Sketch()
    for value in values:
        made.add(value)
    return made


@given(VALUES, SHARES)
@settings(max_examples=100, deadline=None)
def test_every_quantile_is_within_one_percent_of_the_exact_one(values: list[float], shares: list[float]) -> None:
    found, ordered = sketched(values).quantiles(shares), sorted(values)
    for share, value in zip(shares, found, strict=True):
        assert value == pytest.approx(ordered[int(share * (len(ordered) - 1))], rel=ERROR * 1.0001)
    assert sketched(values).total == pytest.approx(sum(values), rel=ERROR * 1.0001)


@given(VALUES, VALUES)
@settings(max_examples=50, deadline=None)
def test_two_sketches_add_up_to_the_one_that_saw_all_also_when_they_were_packed(a: list[float], b: list[float]) -> None:
    both = Sketch.unpacked(sketched(a).packed())
    both.merge(Sketch.unpacked(sketched(b).packed()))
    assert both == sketched(a + b)
    assert both.count == len(a) + len(b)


def test_a_sketch_stays_small_whatever_it_is_given() -> None:
    chance, made = random.Random(1), Sketch()
    for _ in range(20_000):
        made.add(exp(chance.uniform(-40, 40)))
    for odd in (0.0, -1.0, 1e300, float("inf")):
        made.add(odd)
    assert len(made.packed()) <= 2 * BUCKETS
    assert made.quantile(0) == 0.0
    assert made.quantile(1) == pytest.approx(MOST, rel=ERROR)
    assert Sketch().quantile(0.5) is None


@pytest.mark.parametrize("many", [1, 30, 1_000, 50_000])
def test_different_learners_are_counted_within_a_few_percent_in_any_order_and_place(many: int) -> None:
    seen = [hashed(f"learner {n}", b"k" * 16) for n in range(many)]
    whole, here, there = Distinct(), Distinct(), Distinct()
    for n, one in enumerate(seen):
        whole.add(one)
        (here if n % 3 else there).add(one)
        here.add(seen[0])
    here.merge(Distinct.unpacked(there.packed()))
    assert here == whole
    assert whole.count == pytest.approx(many, rel=0.08)


def day(hour: int) -> float:
    """Turns that are to be expected: a school's day."""
    return 2 + 80 * max(sin((hour % 24 - 7) / 12 * pi), 0)


def test_nine_of_ten_hours_and_days_are_within_what_was_foretold() -> None:
    chance = np.random.default_rng(5)
    hours, days, errors, naive = [], [], [], []
    for _ in range(20):
        real = [float(chance.poisson(day(hour))) for hour in range(24 * 6)]
        fitted = fit(real[:-24], 24)
        assert fitted is not None
        futures, came = fitted.futures(24, 400, chance), np.array(real[-24:])
        low, high = np.quantile(futures, (0.05, 0.95), axis=0)
        hours.append(np.mean((low <= came) & (came <= high)))
        low, high = np.quantile(futures.sum(axis=1), (0.05, 0.95))
        days.append(low <= came.sum() <= high)
        errors.append(np.abs(np.median(futures, axis=0) - came).mean())
        naive.append(np.abs(np.array(real[-48:-24]) - came).mean())
    assert 0.8 < np.mean(hours) <= 0.98
    assert np.mean(days) >= 0.75
    assert np.mean(errors) < np.mean(naive)  # the same hour of the day before


def test_nothing_is_foretold_from_too_little_and_never_less_than_nothing() -> None:
    assert fit([3.0] * 11) is None
    assert fit([3.0] * 40, 24) is None
    assert fit([None] * 100) is None
    falling = fit([float(n) for n in range(30, 0, -1)])
    assert falling is not None
    assert falling.futures(50, 100, np.random.default_rng(1)).min() >= 0
