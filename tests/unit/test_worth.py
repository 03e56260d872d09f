"""What a layer is worth: drawn fairly, never where it would do harm, and estimated with intervals that hold."""

import random
from collections import Counter
from dataclasses import astuple
from itertools import pairwise

import pytest

from app.context.worth import (
    FACTORS,
    NEVER,
    Arm,
    Sums,
    Worth,
    added,
    explore,
    next_weights,
    observed,
    reward,
    worth,
    worths,
)
from app.vocabulary import Explored, Feedback

LAYERS = ("instructions", "profile", "memory", "material", "retrieved", "message")
TRUE = {"profile": 0.15, "memory": -0.12, "retrieved": 0.0}
"""What each layer adds to the chance that a learner finds an answer helpful."""


def played(seed: int, turns: int = 2_000, share: float = 0.2) -> dict[Arm, Sums]:
    """The sums of so many rated turns in a world where half a layer has half its effect."""
    chance, seen = random.Random(seed), Counter[tuple[Explored, bool]]()
    for _ in range(turns):
        # The number of layers that have something to say changes, and with it the propensity.
        layers = LAYERS if chance.random() < 0.7 else tuple(name for name in LAYERS if name != "profile")
        drawn = explore(layers, chance.random(), share)
        assert drawn is not None
        factors = {name: drawn.factor if name == drawn.layer else 1.0 for name in drawn.layers}
        helpful = chance.random() < 0.5 + sum(TRUE[name] * factor for name, factor in factors.items())
        seen[drawn, helpful] += 1
    return added(
        {arm: Sums(*(count * part for part in astuple(one))) for arm, one in observed(drawn, float(helpful)).items()}
        for (drawn, helpful), count in seen.items()
    )


def test_intervals_cover_the_truth_and_find_what_helps_and_what_harms() -> None:
    covered = total = 0
    signs: Counter[tuple[str, int]] = Counter()
    for seed in range(120):
        for one in worths(played(seed)):
            total += 1
            covered += one.low <= TRUE[one.layer] * (1 - one.factor) <= one.high
            if one.factor == 0:
                signs[one.layer, (one.low > 0) - (one.high < 0)] += 1
    assert total > 500
    assert covered / total >= 0.93
    assert signs["profile", 1] > 50 * max(1, signs["profile", -1])
    assert signs["memory", -1] > 50 * max(1, signs["memory", 1])
    assert signs["retrieved", 0] > 0.9 * 120


def test_each_layer_and_factor_is_hit_as_often_as_the_receipt_says() -> None:
    chance = random.Random(1)
    drawn = [explore(LAYERS, chance.random(), 0.1) for _ in range(30_000)]
    hits = Counter((one.layer, one.factor) for one in drawn if one)
    assert hits.pop((None, 1.0)) / len(drawn) == pytest.approx(0.9, abs=0.008)
    assert set(hits) == {(layer, factor) for layer in TRUE for factor in FACTORS}
    for one in drawn:
        assert one is not None
        assert one.propensity == pytest.approx(0.9 if one.layer is None else 0.1 / 6)
    assert all(count / len(drawn) == pytest.approx(0.1 / 6, rel=0.2) for count in hits.values())


@pytest.mark.parametrize("draw", [0.0, 1e-12, 0.01, 0.019999999999, 0.02, 0.5, 0.999999])
def test_what_makes_an_answer_safe_is_never_hit(draw: float) -> None:
    drawn = explore((*NEVER, "memory"), draw, 0.02)
    assert drawn is not None
    assert drawn.layers == ("memory",)
    assert explore(tuple(NEVER), draw, 0.02) is None
    assert explore(("memory",), draw, 0.0) is None


@pytest.mark.parametrize(
    ("rating", "helpful", "expected"),
    [(1, None, 0.0), (5, None, 1.0), (3, True, 0.75), (None, False, 0.0), (None, True, 1.0), (None, None, None)],
)
def test_a_reward_is_what_the_learner_said(rating: int | None, helpful: bool | None, expected: float | None) -> None:
    assert reward(Feedback("f", "w", "t", "2026-11-21T00:00:00Z", rating, helpful)) == expected


def test_too_little_evidence_says_nothing() -> None:
    few = added([observed(Explored(("memory",), 0.01, "memory", 0.0), 1.0)] * 29)
    many = added([observed(Explored(("memory",), 0.98), 1.0)] * 1_000)
    assert worth("memory", 0.0, added([few, many])) is None
    assert worth("memory", 0.0, {}) is None
    one_more = observed(Explored(("memory",), 0.01, "memory", 0.0), 1.0)
    judged = worth("memory", 0.0, added([few, many, one_more]))
    assert judged is not None
    assert (judged.whole, judged.shrunk) == (1_000, 30)
    assert judged.low < 0 < judged.high  # all alike is not certain


def test_replicas_add_up_to_what_one_would_have_seen() -> None:
    parts = [played(seed, turns=300) for seed in range(4)]
    whole = added(parts)
    for arm, total in whole.items():
        assert total.n == sum(part[arm].n for part in parts if arm in part)
        assert total.wr == pytest.approx(sum(part[arm].wr for part in parts if arm in part))


def test_weights_move_a_step_where_the_interval_leaves_out_zero_and_stay_in_bounds() -> None:
    weights = {"profile": 0.95, "memory": 0.15, "retrieved": 0.7, "message": 1.0, "affect": 0.0}
    judged = [
        Worth("profile", 0.0, 0.2, 0.1, 0.3, 900, 90),
        Worth("memory", 0.0, -0.2, -0.3, -0.1, 900, 90),
        Worth("memory", 0.5, -0.1, -0.2, 0.1, 900, 90),
        Worth("retrieved", 0.0, 0.1, 0.01, 0.2, 900, 90),
        Worth("retrieved", 0.5, -0.1, -0.2, -0.01, 900, 90),
        Worth("message", 0.0, -0.9, -1.0, -0.8, 900, 90),
        Worth("affect", 0.0, 0.2, 0.1, 0.3, 900, 90),
        Worth("unknown", 0.0, 0.2, 0.1, 0.3, 900, 90),
    ]
    moved = next_weights(weights, judged)
    assert moved == {"profile": 1.0, "memory": 0.1, "retrieved": 0.7, "message": 1.0, "affect": 0.0}
    for before, after in pairwise([moved, next_weights(moved, judged), next_weights(moved, judged)]):
        assert before == after
