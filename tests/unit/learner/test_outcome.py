"""Outlooks: more practice, time and knowledge make them better; their intervals hold what they say they hold."""

from dataclasses import replace
from statistics import fmean

import pytest

from app.learner.curve import Growth, expit, logit
from app.learner.habit import Habit, habit
from app.learner.outcome import Future, Outlook, Target, forgetting, of_course, of_skill
from app.policy import PathPolicy
from app.vocabulary import Standing
from tests.unit.learner.simulated import POLICY, Learner, foretold

HABIT = Habit(mean=2.0, variance=4.0, active=0.6, days=14)
FUTURE = Future(14.0, HABIT, Growth(), forgetting(POLICY))
HALF = Standing("a", 0.5, 0.1, 12)


def skill(future: Future = FUTURE, standing: Standing = HALF, policy: PathPolicy = POLICY) -> Outlook:
    return of_skill(standing, future, policy)


def test_who_practises_more_knows_more_or_has_longer_is_likelier_to_master() -> None:
    base = skill()
    assert base.low < base.expected < base.high
    better = (
        skill(replace(FUTURE, habit=HABIT.times(2))),
        skill(replace(FUTURE, days=28.0)),
        skill(replace(FUTURE, growth=Growth(0.1, 0.05))),
        skill(replace(FUTURE, forgetting=0.0)),
        skill(standing=replace(HALF, mastery=0.65)),
    )
    assert all(other.probability > base.probability for other in better)


def test_without_practice_only_forgetting_is_left() -> None:
    idle = skill(replace(FUTURE, habit=Habit.none()), Standing("a", 0.9, 0.02, 40))
    assert idle.expected < idle.now
    assert skill(replace(FUTURE, habit=Habit.none())).probability < 0.05
    assert skill(replace(FUTURE, habit=Habit.none())).driver == "pace"


def test_nobody_is_said_to_be_sure() -> None:
    sure = skill(replace(FUTURE, habit=HABIT.times(100)), Standing("a", 1.0, 0.0, 500))
    assert sure.high < 1.0
    lost = skill(replace(FUTURE, days=0.01), Standing("a", 0.0, 0.0, 500))
    assert 0.0 <= lost.probability < 0.01


def test_the_driver_is_what_stands_in_the_way() -> None:
    assert skill(replace(FUTURE, days=3.0)).driver == "time"
    assert skill(replace(FUTURE, habit=Habit(0.3, 0.5, 0.2, 28), days=60.0)).driver == "pace"
    assert skill(replace(FUTURE, growth=Growth(0.01, 0.005), days=60.0)).driver == "success"
    forgetful = replace(FUTURE, habit=Habit(2.0, 30.0, 1 / 28, 28), days=40.0, forgetting=0.6)
    assert skill(forgetful, Standing("a", 0.8, 0.02, 40)).driver == "forgetting"


def test_at_risk_is_what_the_policy_says() -> None:
    chance = skill().probability
    assert not skill(policy=POLICY.model_copy(update={"at_risk": chance - 0.01})).at_risk
    assert skill(policy=POLICY.model_copy(update={"at_risk": chance + 0.01})).at_risk


def test_a_course_is_as_far_as_its_skills() -> None:
    none, done = Target(None), Target(Standing("b", 0.9, 0.02, 30))
    assert of_course([none, none], FUTURE, POLICY).now == 0.0
    assert of_course([done, none], FUTURE, POLICY).now == 0.5
    assert of_course([done, Target(None, 3.0)], FUTURE, POLICY).now == 0.25
    finished = of_course([done, done], FUTURE, POLICY)
    assert (finished.now, finished.low, finished.probability) == (1.0, 1.0, 1.0)
    more = [of_course([none] * count, FUTURE, POLICY) for count in (1, 3, 9)]
    assert [one.probability for one in more] == sorted((one.probability for one in more), reverse=True)
    assert all(one.low <= one.expected <= one.high for one in more)


@pytest.mark.parametrize("skills", [1, 8, 20])
def test_intervals_of_80_percent_hold_75_to_90_of_100_simulated_learners(skills: int) -> None:
    inside = []
    for seed in range(5_000, 5_400):
        told = foretold(seed, skills)
        if told:
            outlook, learner, at = told
            inside.append(outlook.low <= truth(learner, at) <= outlook.high)
    assert 0.75 <= fmean(inside) <= 0.90


@pytest.mark.parametrize("skills", [1, 3, 8])
def test_of_learners_with_a_chance_as_many_reach_mastery(skills: int) -> None:
    said, reached = [], []
    for seed in range(6_000, 6_400):
        told = foretold(seed, skills)
        if told:
            outlook, learner, at = told
            said.append(outlook.probability)
            reached.append(mastered(learner, at))
    for low, high in ((0.0, 0.25), (0.25, 0.75), (0.75, 1.01)):
        some = [(p, was) for p, was in zip(said, reached, strict=True) if low <= p < high]
        if len(some) >= 40:
            assert abs(fmean(p for p, _ in some) - fmean(was for _, was in some)) < 0.12
    assert abs(fmean(said) - fmean(reached)) < 0.1


def truth(learner: Learner, at: float) -> float:
    """What came of it: the true mastery of an only skill, else the progress through the course."""
    if len(learner.skills) == 1:
        return learner.mastery(learner.skills[0], at)
    return fmean(min(max(skill.mean / logit(POLICY.mastery), 0.0), 1.0) for skill in learner.skills)


def mastered(learner: Learner, at: float) -> bool:
    if len(learner.skills) == 1:
        return learner.mastery(learner.skills[0], at) >= POLICY.mastery
    return all(expit(skill.mean) >= POLICY.mastery for skill in learner.skills)


def test_a_habit_counts_the_days_since_it_began() -> None:
    day = 86_400.0
    assert habit([], 0.0) is None
    assert habit([0.0], 40 * day) is None
    one = habit([100.0], 200.0)
    assert one == Habit(1.0, 1.0, 1.0, 1)
    weekly = habit([n * 7 * day for n in range(4)], 27.5 * day)
    assert weekly is not None
    assert (weekly.days, round(weekly.mean, 2), round(weekly.active, 2)) == (28, 0.14, 0.14)
    assert habit([500.0], 200.0) is None
