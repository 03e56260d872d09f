"""The breaker opens when calls go badly, lets a few try when its time is up, and nothing confuses it."""

from math import inf, nan

import pytest

from app.routing.breaker import Breaker, Bucket, Outcome, Rules, State, Told

RULES = Rules()
STEADY = Rules(jitter=0.0)
NOW = 1_790_000_000.0
YEAR = 365 * 86_400.0


def told(breaker: Breaker, outcomes: str, now: float = NOW, permit: str | None = None) -> Breaker:
    """A letter an outcome: o(k), s(low), f(ailed), l(ate), b(usy), r(efused), n(eutral)."""
    kinds = {kind[0]: kind for kind in Outcome}
    for letter in outcomes:
        breaker = breaker.tell(now, Told(kinds[letter], permit), STEADY)
    return breaker


def opened(now: float = NOW) -> Breaker:
    return told(Breaker(), "f" * 10, now)


def half_open(permits: int, now: float = NOW) -> Breaker:
    """With permits `p0`, `p1` … out, given 15 s after it opened at `now`."""
    breaker = opened(now)
    for n in range(permits):
        breaker, allowed = breaker.ask(now + 15, f"p{n}", STEADY)
        assert allowed
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("fffffffff", State.CLOSED),  # nine are too few to judge
        ("ffffffffff", State.OPEN),
        ("ooooofffff", State.OPEN),  # half of them
        ("oooooooofffff", State.CLOSED),
        ("ssssssssoo", State.OPEN),  # eight in ten
        ("sssssssooo", State.CLOSED),
        ("llllllooll", State.OPEN),
        ("llllssssoo", State.OPEN),  # eight slow, four of them failed
        ("nnnnnnnnnnfff", State.CLOSED),
        ("b", State.OPEN),
        ("r", State.OPEN),
    ],
)
def test_it_opens_at_the_thresholds_and_not_before(outcomes: str, state: State) -> None:
    assert told(Breaker(), outcomes).state is state


def test_calls_older_than_the_window_count_no_more() -> None:
    breaker = told(Breaker(), "f" * 9)
    assert breaker.rates(NOW + 59, STEADY).failed == 9
    assert told(breaker, "f", NOW + 60).state is State.CLOSED
    assert told(breaker, "f", NOW + 59).state is State.OPEN


def test_while_it_is_open_nobody_is_let_through_and_then_three() -> None:
    breaker = opened()
    assert breaker.ask(NOW + 14.9, "p", STEADY) == (breaker, False)
    breaker = half_open(3)
    assert breaker.state is State.HALF_OPEN
    assert not breaker.ask(NOW + 15, "p", STEADY)[1]
    assert breaker.rest(NOW + 15, STEADY) == 30


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        *[(few, State.HALF_OPEN) for few in ("o", "oo", "of", "nnn")],
        *[(good, State.CLOSED) for good in ("ooo", "oof", "sso")],
        *[(bad, State.OPEN) for bad in ("ff", "fof", "sss", "ll", "b", "r")],
    ],
)
def test_three_permits_decide(outcomes: str, state: State) -> None:
    breaker = half_open(3)
    for n, letter in enumerate(outcomes):
        breaker = told(breaker, letter, NOW + 16, f"p{n}")
    assert breaker.state is state


def test_it_stays_open_longer_with_each_opening_in_a_row_up_to_a_limit_and_starts_anew_when_closed() -> None:
    breaker, now, waits = opened(), NOW, []
    for _ in range(25):
        waits.append(round(breaker.until - now))
        now = breaker.until
        for n in range(2):
            breaker, _ = breaker.ask(now, f"p{n}", STEADY)
        breaker = told(told(breaker, "f", now, "p0"), "f", now, "p1")
        assert breaker.state is State.OPEN
    assert waits == [min(15 * n, 300) for n in range(1, 26)]
    assert told(told(told(half_open(3), "o", NOW + 15, "p0"), "o", NOW + 15, "p1"), "o", NOW + 15, "p2") == Breaker()


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 13.5), (0.5, 15.0), (1.0, 16.5)])
def test_the_wait_has_ten_per_cent_of_jitter(chance: float, wait: float) -> None:
    breaker = told(Breaker(), "f" * 9).tell(NOW, Told(Outcome.FAILED, chance=chance), RULES)
    assert breaker.until - NOW == pytest.approx(wait)


@pytest.mark.parametrize(
    ("outcome", "retry_after", "wait"),
    [
        (Outcome.FAILED, 60.0, 60.0),
        (Outcome.FAILED, 5.0, 15.0),
        (Outcome.FAILED, -YEAR, 15.0),
        (Outcome.FAILED, YEAR, 3_600.0),
        (Outcome.BUSY, None, 5.0),
        (Outcome.BUSY, 0.0, 5.0),
        (Outcome.BUSY, 1.5, 1.5),
        (Outcome.BUSY, nan, 5.0),
        (Outcome.BUSY, inf, 3_600.0),
        (Outcome.REFUSED, None, 300.0),
        (Outcome.REFUSED, 1.0, 300.0),
    ],
)
def test_retry_after_is_heeded_within_reason(outcome: Outcome, retry_after: float | None, wait: float) -> None:
    breaker = told(Breaker(), "f" * 9).tell(NOW, Told(outcome, retry_after=retry_after), STEADY)
    assert breaker.rest(NOW, STEADY) == pytest.approx(wait)


def test_a_429_is_no_failure() -> None:
    assert told(Breaker(), "b").opens == 0
    assert told(half_open(1), "b", NOW + 15, "p0").opens == 1


def test_while_open_only_a_longer_wait_changes_anything() -> None:
    breaker = opened()
    assert told(breaker, "offlsnb") == breaker
    assert breaker.tell(NOW, Told(Outcome.FAILED, retry_after=20), STEADY).until == NOW + 20
    assert breaker.tell(NOW, Told(Outcome.BUSY, retry_after=20), STEADY).until == NOW + 20


def test_a_call_that_began_before_it_opened_proves_nothing() -> None:
    breaker = half_open(2)
    assert told(breaker, "ffffoooo", NOW + 15) == breaker
    assert told(breaker, "ff", NOW + 15, "unknown") == breaker


def test_a_permit_told_of_twice_counts_once() -> None:
    assert told(half_open(3), "ff", NOW + 15, "p0").probes == Bucket(0, 1, 1)


def test_a_dead_prober_holds_its_permit_for_its_lease_only() -> None:
    breaker = half_open(3)
    assert not breaker.ask(NOW + 44.9, "p3", STEADY)[1]
    breaker, allowed = breaker.ask(NOW + 45, "p3", STEADY)
    assert allowed
    assert told(breaker, "f", NOW + 45, "p0") == breaker  # back from the dead


def test_permits_of_an_earlier_era_hold_their_places_and_are_not_judged() -> None:
    breaker = told(half_open(3), "b", NOW + 15, "p0")
    breaker, first = breaker.ask(NOW + 20, "p3", STEADY)
    breaker, second = breaker.ask(NOW + 20, "p4", STEADY)
    assert (first, second) == (True, False)
    breaker = told(told(breaker, "f", NOW + 21, "p1"), "f", NOW + 21, "p2")
    assert breaker.state is State.HALF_OPEN
    assert breaker.ask(NOW + 21, "p4", STEADY)[1]


def test_a_permit_that_outlives_an_opening_holds_its_place() -> None:
    patient = Rules(jitter=0, lease=50)
    breaker = opened().ask(NOW + 15, "p0", patient)[0].ask(NOW + 15, "p1", patient)[0].ask(NOW + 15, "p2", patient)[0]
    breaker = told(told(breaker, "f", NOW + 16, "p0"), "f", NOW + 16, "p1")
    given = []
    for n in range(3):
        breaker, allowed = breaker.ask(NOW + 46, f"q{n}", patient)
        given.append(allowed)
    assert given == [True, True, False]


@pytest.mark.parametrize(
    ("state", "allowed", "counted"),
    [(State.FORCED_OPEN, False, 0), (State.DISABLED, True, 0), (State.METRICS_ONLY, True, 20)],
)
def test_what_an_operator_set_stays(state: State, allowed: bool, counted: int) -> None:
    breaker = told(opened().forced(state), "f" * 20 + "brn")
    assert breaker.state is state
    assert breaker.ask(NOW + YEAR, "p", STEADY) == (breaker, allowed)
    assert breaker.rates(NOW, STEADY).calls == counted
    assert breaker.forced(State.CLOSED) == Breaker()


def test_a_clock_that_goes_back_a_year_leaves_nothing_shut_and_nothing_counted() -> None:
    assert opened().ask(NOW - YEAR, "p", STEADY)[1]
    assert half_open(3).ask(NOW - YEAR, "p", STEADY)[1]
    assert told(told(Breaker(), "f" * 9), "f", NOW - YEAR).state is State.CLOSED
