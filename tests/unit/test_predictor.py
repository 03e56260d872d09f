"""A predictor learns how calls go, and its word alone moves nobody."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import (
    BrokenStream,
    CredentialRefused,
    ProviderBusy,
    ProviderDown,
    ProviderRefused,
    ProviderTimeout,
)
from app.routing.forecast import REACH, Forecast, Levels, Seen, Situation
from app.routing.foresight import CALLS, FRESH, MODELS, Foresight, Key, failed, later_last, may_fail, may_miss
from app.routing.predictor import KNOWN, Predictor
from app.routing.pulse import Pulse
from app.vocabulary import Message, Prompt

KEY: Key = ("none/a/model", True)
SHORT, LONG = 1_000, 30_000


def predictor(seed: int = 1) -> Predictor:
    return Predictor(np.random.default_rng(seed))


def known(predictor: Predictor, situation: Situation) -> Forecast:
    forecast = predictor.predict(situation.features)
    assert forecast is not None
    return forecast


def at(prompt: int = 4_000, usual: float = 1.0) -> Situation:
    return Situation(prompt=prompt, room=512, usual=usual, last=usual)


def whole(first_token: float, tokens: int = 100) -> Seen:
    return Seen(False, first_token + tokens / 100, first_token, tokens)


def taught(predictor: Predictor, calls: int, chance: random.Random) -> None:
    """First tokens in proportion to the prompt, 1 s for 4,000 characters; tokens and seconds in proportion to those."""
    for _ in range(calls):
        prompt = int(math.exp(chance.gauss(math.log(4_000), 1.0)))
        predictor.learn(at(prompt).features, whole(prompt / 4_000 * math.exp(chance.gauss(0, 0.1)), prompt // 20 + 1))


def test_nothing_is_said_before_enough_calls_were_seen() -> None:
    one = predictor()
    for _ in range(KNOWN - 1):
        one.learn(at().features, whole(1.0))
    assert one.predict(at().features) is None
    one.learn(at().features, whole(1.0))
    assert one.predict(at().features) is not None


def test_where_calls_do_not_differ_it_says_what_the_mean_of_late_says() -> None:
    one = predictor()
    for _ in range(KNOWN):
        one.learn(at().features, whole(1.0, tokens=100))
    assert known(one, at()) == pytest.approx(Forecast(1.0, 2.0, 0.02, 100.0), rel=0.05)


def test_it_learns_that_long_prompts_take_longer() -> None:
    one = predictor()
    taught(one, 2_000, random.Random(1))
    for prompt in (1_000, 4_000, 16_000):
        forecast = known(one, at(prompt))
        assert forecast.first_token == pytest.approx(prompt / 4_000, rel=0.3)
        assert forecast.tokens == pytest.approx(prompt / 20, rel=0.3)
        assert forecast.total >= forecast.first_token


def test_it_learns_when_calls_fail() -> None:
    one, chance = predictor(), random.Random(1)
    for _ in range(3_000):
        crowded = chance.random() < 0.5
        situation = replace(at(), under_way=40 if crowded else 0, failures=0.4)
        fails = chance.random() < (0.75 if crowded else 0.05)
        one.learn(situation.features, Seen(True, 0.1) if fails else whole(1.0))
    assert known(one, replace(at(), under_way=40, failures=0.4)).failure == pytest.approx(0.75, abs=0.2)
    assert known(one, replace(at(), under_way=0, failures=0.4)).failure == pytest.approx(0.05, abs=0.15)


def test_it_follows_a_model_that_changes() -> None:
    one, chance = predictor(), random.Random(1)
    taught(one, 2_000, chance)
    for _ in range(2_000):  # a better machine: now it is the same for every prompt
        prompt = int(math.exp(chance.gauss(math.log(4_000), 1.0)))
        one.learn(at(prompt).features, whole(1.0))
    assert known(one, at(16_000)).first_token == pytest.approx(1.0, rel=0.3)


def test_a_wait_that_was_given_up_moves_the_forecast_up() -> None:
    one = predictor()
    for _ in range(KNOWN):
        one.learn(at().features, whole(1.0))
    for _ in range(400):
        one.learn(at().features, Seen(True, 8.0))
    assert 6.0 < known(one, at()).first_token < 10.0


def test_a_wait_that_was_given_up_sooner_than_expected_says_nothing_of_the_first_token() -> None:
    one = predictor()
    taught(one, 2_000, random.Random(1))
    before = known(one, at())
    for _ in range(20):
        one.learn(at().features, Seen(True, 0.01))
    after = known(one, at())
    assert after.failure > before.failure
    assert after[:2] == pytest.approx(before[:2], rel=0.15)
    assert after.tokens == pytest.approx(before.tokens, rel=0.15)


def test_a_client_who_left_says_nothing_of_failures() -> None:
    levels = Levels().after(whole(1.0).targets)
    left = levels.after(Seen(None, 0.5, 0.4, 10).targets)
    assert (left.failure, left.tokens, left.total) == (levels.failure, levels.tokens, levels.total)
    assert left.first_token == pytest.approx(math.log(0.4) / 8)


def test_means_of_late_take_a_lower_bound_for_one() -> None:
    levels = Levels().after(whole(1.0).targets)
    assert levels.after(Seen(True, 0.5).targets).first_token == levels.first_token
    assert levels.after(Seen(True, 8.0).targets).first_token == pytest.approx(math.log(8) / 8)


def test_the_same_seed_and_the_same_calls_make_the_same_predictor() -> None:
    one, same, other = predictor(1), predictor(1), predictor(2)
    for each in (one, same, other):
        taught(each, 200, random.Random(1))
    assert known(one, at(SHORT)) == known(same, at(SHORT))
    assert known(one, at(SHORT)) != known(other, at(SHORT))


numbers = st.floats() | st.integers(-(10**400), 10**400).map(lambda n: max(-(10.0**300), min(10.0**300, n)))
counts = st.integers(-5, 5) | st.integers(-(10**400), 10**400)
situations = st.builds(
    Situation,
    counts,
    counts,
    *(st.none() | numbers, numbers, st.none() | numbers, st.none() | numbers),
    under_way=counts,
    oldest=numbers,
    silence=st.none() | numbers,
    rate=numbers,
)
ends = st.builds(Seen, st.none() | st.booleans(), numbers, st.none() | numbers, st.none() | counts)


@given(situations)
def test_features_are_numbers_within_reach_whatever_is_known(situation: Situation) -> None:
    assert all(-REACH <= feature <= REACH for feature in situation.features)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(situations, ends), min_size=1, max_size=8))
def test_whatever_it_sees_it_says_numbers(calls: list[tuple[Situation, Seen]]) -> None:
    one = predictor()
    for situation, seen in calls * KNOWN:
        one.learn(situation.features, seen)
    for situation, seen in calls:
        one.learn(situation.features, seen)
        forecast = known(one, situation)
        assert all(math.isfinite(number) and number >= 0 for number in forecast)
        assert forecast.failure <= 1


def test_an_absurd_call_repeated_a_thousand_times_is_forgotten_again() -> None:
    one = predictor()
    absurd = Situation(10**9, 1, usual=1e9, spread=1e9, last=0.0, under_way=10**9, oldest=1e9, rate=1e9)
    for _ in range(1_000):
        one.learn(absurd.features, Seen(False, -1.0, 1e300, 10**9))
    for _ in range(1_000):
        one.learn(at().features, whole(1.0))
    assert known(one, at()).first_token == pytest.approx(1.0, rel=0.2)


PROMPT = Prompt((Message("user", "x" * LONG),), 512, 0.4, stream=True)


def foresight() -> tuple[Foresight, Pulse]:
    """One that learned that long prompts take 7.5 s, of a model that is mostly asked short ones."""
    one, pulse, chance, now = Foresight(predictor), Pulse(8.0), random.Random(1), 0.0
    for call in range(1_500):
        prompt = LONG if chance.random() < 0.2 else SHORT
        situation = replace(one.situation(KEY, PROMPT, pulse, now), prompt=prompt)
        one.began(KEY, call, situation, now)
        pulse.began(call, now)
        took = prompt / 4_000
        now += took
        pulse.heard(call, now)
        one.ended(KEY, call, whole(took), now)
    return one, pulse


SLOW_OF_LATE = Situation(LONG, 512, usual=3.0, spread=1.0, last=3.0, age=1.0)
QUICK_OF_LATE = replace(SLOW_OF_LATE, usual=3.0, spread=0.1)


def test_a_call_is_late_when_it_is_foreseen_and_the_calls_of_late_make_it_likely() -> None:
    one, _ = foresight()
    assert one.late(KEY, SLOW_OF_LATE, by=4.0)


def test_a_forecast_alone_makes_nobody_late() -> None:
    one, _ = foresight()
    forecast, _ = one.foretold(KEY, QUICK_OF_LATE)
    assert forecast is not None
    assert forecast.first_token > 4.0
    assert not one.late(KEY, QUICK_OF_LATE, by=4.0)


def test_slow_calls_of_late_alone_make_nobody_late() -> None:
    one, _ = foresight()
    assert not one.late(KEY, replace(SLOW_OF_LATE, prompt=SHORT), by=4.0)


def test_nobody_is_late_of_whom_nothing_is_known() -> None:
    assert not Foresight(predictor).late(KEY, SLOW_OF_LATE, by=0.001)


def test_evidence_that_grew_old_makes_nobody_late_so_that_the_model_is_asked_again() -> None:
    one, _ = foresight()
    assert not one.late(KEY, replace(SLOW_OF_LATE, age=FRESH), by=4.0)
    assert not one.late(KEY, replace(SLOW_OF_LATE, age=None), by=4.0)


def test_a_call_that_waits_far_too_long_is_evidence_by_itself() -> None:
    assert may_miss(replace(QUICK_OF_LATE, oldest=7.0, age=None), by=8.0)
    assert not may_miss(replace(QUICK_OF_LATE, oldest=6.0, age=None), by=8.0)


def test_a_foreseen_failure_counts_only_where_calls_failed_of_late() -> None:
    one, now = Foresight(predictor), 0.0
    pulse = Pulse(8.0)
    for call in range(200):
        situation = one.situation(KEY, PROMPT, pulse, now)
        one.began(KEY, call, situation, now)
        now += 1.0
        one.ended(KEY, call, Seen(True, 0.1), now)
    situation = one.situation(KEY, PROMPT, pulse, now)
    assert situation.failures is not None
    assert situation.failures > 0.9
    assert may_fail(situation)
    assert one.late(KEY, situation, by=8.0)
    assert not may_fail(replace(situation, failures=0.1))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_who_is_late_goes_behind_the_others_and_nobody_is_lost(candidates: list[tuple[int, bool]]) -> None:
    after = later_last(candidates, lambda candidate: candidate[1])
    assert after == (*(c for c in candidates if not c[1]), *(c for c in candidates if c[1]))


def test_a_situation_is_what_the_calls_and_the_pulse_show() -> None:
    one, pulse = Foresight(predictor), Pulse(8.0)
    assert one.situation(KEY, PROMPT, pulse, 0.0) == Situation(LONG, 512)
    for call in (1, 2):
        pulse.began(call, 10.0)
        one.began(KEY, call, one.situation(KEY, PROMPT, pulse, 10.0), 10.0)
    pulse.heard(1, 11.0)
    one.ended(KEY, 1, whole(1.0), 12.0)
    now = one.situation(KEY, PROMPT, pulse, 14.0)
    assert (now.usual, now.spread, now.last, now.silence) == (1.0, 0.5, 1.0, 3.0)
    assert (now.failures, now.under_way, now.oldest, now.age) == (0.0, 1, 4.0, 2.0)
    assert now.rate == pytest.approx(2 * math.exp(-4 / 60))


def test_skill_compares_what_was_said_before_each_call_with_the_mean_of_late() -> None:
    one, _ = foresight()
    skill = one.skill(KEY)
    assert (skill.learned, skill.judged) == (1_500, 1_500 - KNOWN)
    assert skill.score is not None
    assert skill.score > 0.5


def test_skill_is_unknown_until_something_was_judged() -> None:
    assert Foresight(predictor).skill(KEY).score is None


def test_models_and_calls_are_bounded() -> None:
    one = Foresight(predictor)
    for n in range(MODELS + 10):
        one.began((str(n), True), n, at(), 0.0)
    assert len(one) == MODELS
    for n in range(CALLS + 10):
        one.began(KEY, n, at(), 0.0)
    assert one.situation(KEY, PROMPT, Pulse(8.0), 0.0).under_way == CALLS


def test_a_call_that_nobody_began_teaches_nothing() -> None:
    one = Foresight(predictor)
    one.ended(KEY, 1, whole(1.0), 1.0)
    assert one.skill(KEY).learned == 0


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (None, False),
        (ProviderTimeout("silent"), True),
        (ProviderDown("refused"), True),
        (ProviderBusy("429"), True),
        (BrokenStream("cut"), True),
        (ProviderRefused("our fault"), None),
        (CredentialRefused("401"), None),
        (GeneratorExit(), None),
    ],
)
def test_what_was_not_the_models_fault_is_no_failure(error: BaseException | None, says: bool | None) -> None:
    assert failed(error) is says
