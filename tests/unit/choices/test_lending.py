"""What is known lends to what is not: domains to contexts, segments to learners, workspaces to new ones."""

from dataclasses import replace

import numpy as np
import pytest

from app.choices.beliefs import Beliefs
from app.choices.kinds.thompson import Thompson
from app.choices.pacing import Paced
from app.choices.port import Outcome
from app.choices.segments import segment
from tests.unit.choices.worlds import NOW, OPTIONS, situation, world

LONG = OPTIONS.arms.index("tell/long")


def expected(beliefs: Beliefs, context: str, learner: str = "", like: str = "") -> float:
    here = replace(situation(context, learner=learner), segment=like)
    return float(beliefs.of(here, OPTIONS).means[LONG])


def test_a_new_context_starts_from_its_domain_and_a_new_domain_from_all() -> None:
    beliefs = Beliefs()
    for _ in range(50):
        beliefs.learn(situation("practice/maths/calm"), Outcome("tell/long", 1.0))
        beliefs.learn(situation("planning/maths/calm"), Outcome("tell/long", 0.0))
    assert expected(beliefs, "practice/physics/calm") > 0.8
    assert expected(beliefs, "planning/physics/calm") < 0.2
    assert expected(beliefs, "explanation/physics/calm") == pytest.approx(0.5, abs=0.05)


def test_a_prior_of_the_policy_is_what_an_unknown_arm_starts_from() -> None:
    options = replace(OPTIONS, priors={"tell/long": 0.9})
    assert Beliefs().of(situation(), options).means[LONG] == pytest.approx(0.9)


def test_a_new_learner_starts_from_those_who_are_like_them_and_then_goes_their_own_way() -> None:
    beliefs = Beliefs()
    for n in range(300):
        good = n % 2
        here = replace(situation(learner=f"learner {n % 30}"), segment="quick" if good else "slow")
        beliefs.learn(here, Outcome("tell/long", float(good)))
    assert expected(beliefs, "practice/maths/calm", "new", "quick") > 0.7
    assert expected(beliefs, "practice/maths/calm", "new", "slow") < 0.3
    assert expected(beliefs, "practice/maths/calm", "new") == pytest.approx(0.5, abs=0.05)
    for _ in range(30):
        beliefs.learn(replace(situation(learner="odd"), segment="quick"), Outcome("tell/long", 0.0))
    assert expected(beliefs, "practice/maths/calm", "odd", "quick") < 0.3


def test_a_learner_surprises_by_what_is_beyond_what_was_expected() -> None:
    beliefs = Beliefs()
    for n in range(40):
        beliefs.learn(situation(f"practice/maths/{n % 3}"), Outcome("tell/long", float(n % 4 == 0)))
    before = expected(beliefs, "practice/maths/1")
    beliefs.learn(situation("practice/maths/1", learner="ada"), Outcome("tell/long", 1.0))
    ((_, weight, total),) = beliefs.kept()["who"]["rows"]
    assert total / weight == pytest.approx(1.0 - before)


def test_a_segment_is_made_of_what_is_known_and_of_nothing_personal() -> None:
    assert segment({"level": "A" * 99, "name": "Ada", "age": 12}) == f"level={'a' * 24}"


def test_paces_are_credited_with_what_was_chosen_under_them() -> None:
    beliefs, rng = Beliefs(), np.random.default_rng(5)
    which = Thompson()
    paced = Paced({"calm": Thompson(beliefs, 16.0), "keen": Thompson(beliefs, 0.25)}, which, "calm")
    one = world(5)
    for n in range(900):
        here = situation(at=NOW + n * 60)
        chosen = paced.decide(here, OPTIONS, rng)
        paced.learn(here, Outcome(chosen.arm, float(rng.random() < one.chances[chosen.arm]), under=chosen.under))
    under = [paced.decide(situation(at=NOW + 90_000), OPTIONS, rng).under for _ in range(300)]
    assert under.count("calm") > 200
    other = replace(situation("planning/maths/calm"), domain="planning")
    assert {paced.decide(other, OPTIONS, rng).under for _ in range(100)} == {"calm", "keen"}
