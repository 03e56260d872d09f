"""The gate: what is suspended and for how long, what is never, who may be tried on, and what is told of it."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.choices.gate.budget import Budget
from app.choices.gate.critical import Facts, critical
from app.choices.gate.gate import Gate
from app.choices.gate.gated import Gated
from app.choices.gate.interventions import Intervention, What
from app.choices.gate.level import Level
from app.choices.gate.standing import Rules, Standing, State
from app.choices.kinds.thompson import Thompson
from app.choices.port import Outcome, Situation
from app.vocabulary import Affect, Choice, Task
from tests.unit.choices.worlds import ARMS, DAY, NOW, OPTIONS, situation, world

BASELINE, OTHER = OPTIONS.baseline, "tell/long"
HERE, NEIGHBOUR, ELSEWHERE = "practice/maths/calm", "practice/physics/calm", "planning/physics/calm"


def gate(**budget: float) -> Gate:
    return Gate(Choice.STRATEGY, budget=Budget(**(budget or {"per_hour": 1e9})))


def may(one: Gate, context: str = HERE, at: float = NOW, learner: str = "ada") -> tuple[str, ...]:
    return one.allowed(situation(context, at, learner), OPTIONS).arms


def told(one: Gate, what: What) -> list[Intervention]:
    return [found for found in one.interventions() if found.what is what]


def pay(one: Gate, chances: dict[str, float], times: int, at: float = NOW) -> None:
    """Each of these arms earns so many rewards, a minute apart."""
    rng = np.random.default_rng(1)
    for n in range(times):
        for arm, chance in chances.items():
            one.learn(situation(at=at + n * 60), Outcome(arm, float(rng.random() < chance)))


def test_an_arm_that_falls_under_the_baseline_is_suspended_and_the_reason_is_told() -> None:
    one = gate()
    pay(one, {BASELINE: 0.7, OTHER: 0.7, "ask/long": 0.3}, 200)
    assert "ask/long" not in may(one, at=NOW + 12_000)
    assert {BASELINE, OTHER} <= {*may(one, at=NOW + 12_000)}
    (found,) = told(one, What.SUSPENDED)
    assert (found.choice, found.context, found.arm) == (Choice.STRATEGY, HERE, "ask/long")
    assert found.until == found.at + DAY
    assert "95%" in found.reason
    assert list(one.suspended(NOW + 12_000)) == [(HERE, "ask/long", found.until)]


def test_noise_suspends_hardly_ever() -> None:
    one, rng, names = gate(), np.random.default_rng(7), [f"arm{n}" for n in range(20)]
    for n in range(600):
        for arm in (BASELINE, *names):
            one.learn(situation(at=NOW + n * 60), Outcome(arm, float(rng.random() < 0.6)))
    # 12,000 looks at arms as good as the baseline; even at 95 % of it, one in a thousand would be the limit.
    assert len(told(one, What.SUSPENDED)) <= 2


def test_a_kind_of_reward_that_is_always_high_does_not_hide_a_bad_arm_nor_condemn_a_good_one() -> None:
    one, rng = gate(), np.random.default_rng(8)
    for n in range(300):
        here = situation(at=NOW + n * 60)
        one.learn(here, Outcome(BASELINE, float(rng.random() < 0.4), usual=0.4))
        one.learn(here, Outcome(OTHER, 0.95, usual=0.95))
        one.learn(here, Outcome("ask/long", 0.6 + 0.1 * rng.random(), usual=0.95))
    assert [found.arm for found in told(one, What.SUSPENDED)] == ["ask/long"]


def test_each_relapse_takes_twice_as_long_up_to_a_month_and_probation_ends_it() -> None:
    rules, at, standing, lengths = Rules(), NOW, Standing(), []
    for _ in range(8):
        standing = standing.suspended(at, rules)
        assert standing.state(at) is State.SUSPENDED
        lengths.append((standing.until - at) / DAY)
        at = standing.until
        assert standing.state(at) is State.PROBATION
    assert lengths == [1, 2, 4, 8, 16, 30, 30, 30]
    for _ in range(20):
        standing = standing.judged(1.0, 1.0, 0.5)
    assert standing.state(at) is State.FREE
    assert standing.times == 7
    later = standing.until + 70 * DAY
    assert standing.suspended(later, rules).until == later + 30 * DAY
    later = standing.until + 300 * DAY
    assert standing.suspended(later, rules).until == later + DAY


def test_on_probation_little_is_needed_to_be_suspended_again_and_success_is_told() -> None:
    one = gate()
    pay(one, {BASELINE: 0.7, "ask/long": 0.2}, 100)
    (first,) = told(one, What.SUSPENDED)
    assert first.until is not None
    pay(one, {"ask/long": 0.0}, 10, first.until)
    (second,) = told(one, What.SUSPENDED)
    assert second.until == second.at + 2 * DAY
    assert second.until is not None
    pay(one, {"ask/long": 1.0}, 20, second.until)
    assert [found.arm for found in told(one, What.COOLED)] == ["ask/long"]


def test_harm_suspends_at_once_here_and_in_neighbours_and_nowhere_else() -> None:
    one = gate()
    one.learn(situation(), Outcome(OTHER, 0.0, harm=True))
    assert OTHER not in may(one)
    assert OTHER not in may(one, NEIGHBOUR)
    assert may(one, ELSEWHERE) == ARMS
    assert OTHER in may(one, NEIGHBOUR, NOW + DAY)
    one.learn(situation(at=NOW + DAY), Outcome(OTHER, 0.0, harm=True))
    assert OTHER not in may(one, HERE, NOW + 2 * DAY)
    assert OTHER in may(one, NEIGHBOUR, NOW + 2 * DAY)
    first, second = told(one, What.HARM)
    assert (first.arm, first.until) == (OTHER, NOW + DAY)
    assert (second.arm, second.until) == (OTHER, NOW + 3 * DAY)


def test_the_baseline_is_never_suspended_and_its_harm_is_told() -> None:
    one = gate()
    one.learn(situation(), Outcome(BASELINE, 0.0, harm=True))
    assert may(one) == ARMS
    assert told(one, What.HARM)[0].until is None


def test_a_baseline_that_nobody_knows_of_condemns_nobody() -> None:
    one = gate()
    for _ in range(500):
        one.learn(situation(), Outcome("ask/long", 0.0))
    assert may(one) == ARMS


def test_where_it_is_critical_only_approved_arms_are_allowed_and_it_is_told_once_an_hour() -> None:
    one, options = gate(), replace(OPTIONS, approved=frozenset({BASELINE, "ask/short"}))
    for minute in range(90):
        here = replace(situation(at=NOW + minute * 60), critical=True)
        assert one.allowed(here, options).arms == ("ask/short", BASELINE)
    assert len(told(one, What.CRITICAL)) == 2


def test_a_learner_is_tried_on_only_so_often_in_an_hour() -> None:
    one, rng, tried = Gated(Thompson(), gate(per_hour=3.0)), np.random.default_rng(3), Counter[str]()
    for n in range(60):
        tried[one.decide(situation(at=NOW + n, learner="ada"), OPTIONS, rng).arm] += 1
    assert sum(tried.values()) - tried[BASELINE] == 3
    assert len(told(one.gate, What.BUDGET)) == 1
    assert may(one.gate, at=NOW + 60, learner="bob") == ARMS
    assert may(one.gate, at=NOW + 3_700) == ARMS


def test_something_may_always_be_chosen_even_where_the_baseline_is_away() -> None:
    one, away = gate(), replace(OPTIONS, arms=("ask/short", OTHER))
    one.learn(situation(), Outcome("ask/short", 0.0, harm=True))
    assert one.allowed(replace(situation(), critical=True), away).arms == (OTHER,)
    one.learn(situation(), Outcome(OTHER, 0.0, harm=True))
    assert one.allowed(situation(), away).arms == ("ask/short",)


standings = st.builds(
    Standing,
    st.tuples(*[st.floats(0.1, 1e6)] * 3),
    st.floats(0, 100),
    st.builds(Level, st.floats(0, 50), st.floats(-5, 5), st.floats(0, NOW)),
    st.sampled_from([0.0, NOW, NOW + DAY]),
    st.integers(0, 5),
    st.floats(0, 20),
)


@given(standings, standings, standings)
def test_replicas_agree_whoever_tells_first_and_however_often(a: Standing, b: Standing, c: Standing) -> None:
    assert a.joined(b) == b.joined(a)
    assert a.joined(b.joined(c)) == a.joined(b).joined(c)
    assert a.joined(a) == a
    assert a.joined(b).until == max(a.until, b.until)


def test_a_suspension_is_heard_of_on_another_replica_and_after_a_restart() -> None:
    one, two, three = gate(), gate(), gate()
    pay(one, {BASELINE: 0.7, "ask/long": 0.2}, 100)
    two.learn(situation(), Outcome(OTHER, 0.0, harm=True))
    kept = json.loads(json.dumps(one.kept()))
    two.merge(kept)
    two.merge(kept)
    three.restore(json.loads(json.dumps(two.kept())))
    assert may(two, at=NOW + 6_000) == may(three, at=NOW + 6_000) == ("ask/short", BASELINE)
    assert three.kept() == two.kept()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts(Task.EXPLANATION), None),
        (Facts(Task.EXPLANATION, Affect("anxiety", confidence=0.4)), None),
        (Facts(Task.EXPLANATION, Affect("anxiety", confidence=0.9)), "the learner shows anxiety"),
        (Facts(Task.EXPLANATION, Affect(frustration=0.7)), "the learner is frustrated"),
        (Facts(Task.PRACTICE, failures=3), "the learner failed 3 times in a row"),
        (Facts(Task.PRACTICE, minor=True), "the learner is a minor"),
        (Facts(Task.ASSESSMENT), "the work is graded"),
        (Facts(Task.GENERAL, danger=True), "the learner may be in danger"),
    ],
)
def test_facts_say_whether_it_is_critical_and_why(facts: Facts, reason: str | None) -> None:
    assert critical(facts) == reason


def test_behind_the_gate_an_arm_that_hurts_is_left_soon_and_the_best_is_found_all_the_same() -> None:
    def harms(chooser: Gated | Thompson, here: Situation) -> tuple[int, list[str]]:
        one = replace(world(), harmful=frozenset({"ask/long"}), chances={**world().chances, "ask/long": 0.95})
        chosen = one.live(chooser, 1_000, here, step=600.0)
        return chosen.count("ask/long"), chosen

    bare, _ = harms(Thompson(), situation())
    few, chosen = harms(Gated(Thompson(), gate()), situation())
    none, _ = harms(Gated(Thompson(), gate()), replace(situation(), critical=True))
    assert none == 0 < few < bare / 4
    assert Counter(chosen[-300:])[OTHER] > 200
