"""Means that forget, and what is kept back from a provider that turns calls down."""

from hypothesis import given
from hypothesis import strategies as st

from app.routing.health import HALF_LIFE, Estimate, Health, Mean
from app.routing.throttle import Throttle

seconds = st.floats(0.001, 1e4)


@given(st.lists(st.tuples(seconds, st.floats(0, 1e3)), min_size=1, max_size=30))
def test_a_mean_lies_within_what_was_observed_and_weighs_no_more_than_its_count(
    observed: list[tuple[float, float]],
) -> None:
    now, mean = 0.0, Mean()
    for value, gap in observed:
        now += gap
        mean = mean.plus(now, value)
    known = mean.at(now)
    assert known is not None
    values = [value for value, _ in observed]
    assert min(values) - 1e-9 <= known.value <= max(values) + 1e-9
    assert 1 <= known.weight <= known.count == len(observed)


def test_what_is_one_half_life_older_counts_half() -> None:
    known = Mean().plus(0.0, 0.0).plus(HALF_LIFE, 3.0).at(HALF_LIFE)
    assert known == Estimate(2.0, 1.5, 2)


def test_what_was_never_observed_or_long_ago_is_unknown_and_not_zero() -> None:
    assert Mean().at(0.0) is None
    mean = Mean().plus(0.0, 5.0)
    assert mean.at(3 * HALF_LIFE) is not None
    assert mean.at(4 * HALF_LIFE) is None
    assert Health().failures.at(0.0) is None


def test_a_clock_that_goes_back_adds_no_weight() -> None:
    known = Mean().plus(100.0, 1.0).at(50.0)
    assert known is not None
    assert known.weight == 1.0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 60)), max_size=60))
def test_no_share_is_kept_back_while_half_of_the_calls_are_taken(calls: list[tuple[bool, float]]) -> None:
    throttle, now = Throttle(), 0.0
    for taken, gap in calls:
        now += gap
        throttle = throttle.after(now, taken)
        requests, accepts = throttle.tally.sums(now)
        assert 0 <= throttle.share(now) < 1
        assert accepts * 2 < requests or throttle.share(now) == 0
    assert len(throttle.tally.kept) <= 12


def test_a_provider_that_turns_all_calls_down_is_asked_ever_more_seldom_and_again_later() -> None:
    throttle, shares = Throttle(), []
    for _ in range(20):
        throttle = throttle.after(0.0, False)
        shares.append(throttle.share(0.0))
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert throttle.share(130.0) == 0
