"""Counts that forget, add up, and stay within bounds."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.choices.table import Table
from app.stats.forward import LANDMARK

WEEK = 7 * 86_400.0
rewards = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.floats(0.01, 1), st.floats(0, 4_000)), max_size=25
)


@given(rewards, st.randoms(use_true_random=False), st.integers(0, 25))
def test_any_order_and_any_split_over_replicas_gives_the_same_counts(
    given_: list[tuple[str, str, float, float]], random: "np.random.Generator", cut: int
) -> None:
    order = sorted(given_, key=lambda _: random.random())
    whole, one, two = Table(WEEK), Table(WEEK), Table(WEEK)
    for n, (name, arm, value, weeks) in enumerate(given_):
        whole.add(name, arm, (1.0, value), LANDMARK + weeks * WEEK)
        name, arm, value, weeks = order[n]
        (one if n < cut else two).add(name, arm, (1.0, value), LANDMARK + weeks * WEEK)
    one.merge(json.loads(json.dumps(two.kept())))
    now = LANDMARK + 4_000 * WEEK
    for name in "abc":
        assert one.read(name, ("x", "y", "z"), now) == pytest.approx(whole.read(name, ("x", "y", "z"), now), rel=1e-9)


def test_counts_halve_in_a_half_life_however_long_a_table_lives() -> None:
    table = Table(WEEK)
    for week in range(3_000):
        table.add("a", "x", (1.0, 0.5), LANDMARK + week * WEEK)
    weight, total = table.read("a", ("x",), LANDMARK + 2_999 * WEEK)
    assert weight[0] == pytest.approx(2.0)
    assert total[0] == pytest.approx(1.0)


def test_arms_may_come_later_and_names_beyond_the_limit_go() -> None:
    table = Table(None, most=3)
    for n in range(30):
        table.add(f"n{n % 4 if n < 20 else 0}", f"arm{n}", (1.0, 1.0), LANDMARK)
    assert len(table) == 3
    assert table.read("n0", ("arm29", "unknown", "arm20"), LANDMARK)[0].tolist() == [1.0, 0.0, 1.0]


def test_what_was_discounted_in_another_way_is_not_added() -> None:
    with pytest.raises(ValueError, match="half-lives differ"):
        Table(WEEK).merge(Table(None).kept())
