"""What helped in which situation is remembered, fades, and gives a prior to situations that are like it."""

import random

import pytest

from app.learner.patterns import HALF_LIFE, Patterns

STUCK = ("practice", "fractions", "frustration")


def test_nothing_is_known_at_first() -> None:
    memory = Patterns(1_000)
    assert (memory.prior(STUCK, "hint", 0.0).mean, memory.prior(STUCK, "hint", 0.0).weight) == (0.5, 0.0)


def test_the_arm_that_helped_is_best_also_in_a_situation_that_is_like_it() -> None:
    memory = Patterns(1_000)
    for n in range(20):
        memory.learn(STUCK, "example", 1.0, n)
        memory.learn(STUCK, "hint", float(n % 4 == 0), n)
    for situation in (STUCK, ("practice", "fractions", "joy"), ("practice", "sums")):
        assert memory.prior(situation, "example", 20.0).mean > memory.prior(situation, "hint", 20.0).mean
    # The same evidence, seen from near and from far, counts once.
    assert memory.prior(STUCK, "example", 20.0).mean == pytest.approx(22 / 24, abs=1e-4)
    assert memory.prior(("practice",), "example", 20.0).mean == pytest.approx(22 / 24, abs=1e-4)


def test_evidence_counts_half_after_thirty_days() -> None:
    memory = Patterns(1_000)
    for _ in range(8):
        memory.learn(STUCK, "hint", 1.0, 0.0)
    assert memory.prior(STUCK, "hint", HALF_LIFE).weight == pytest.approx(4.0)
    assert memory.prior(STUCK, "hint", 20 * HALF_LIFE).mean == pytest.approx(0.5, abs=0.01)


def test_a_full_memory_lets_go_of_what_is_least_sure_for_its_age() -> None:
    memory, rng = Patterns(capacity=200), random.Random(1)
    for n in range(30):
        memory.learn(("kept",), "hint", 1.0, n)
    for n in range(2_000):
        memory.learn((f"once {n}",), rng.choice("ab"), 1.0, 100.0 + n)
        assert len([*memory.listed()]) <= 200
    assert memory.prior(("kept",), "hint", 2_100.0).weight > 25


def test_what_is_kept_is_the_same_memory() -> None:
    memory = Patterns(1_000)
    for n in range(50):
        memory.learn(("a", str(n % 7)), "hint", n % 2, n)
    again = Patterns.of(memory.kept(), 1_000)
    assert again.kept() == memory.kept()
    assert again.prior(("a", "3"), "hint", 60.0) == memory.prior(("a", "3"), "hint", 60.0)
