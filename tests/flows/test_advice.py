"""Advice over a real store, for learners of whom a port says what is believed."""

from collections.abc import Sequence

import pytest

from app.advice import Advice, Ahead, Parts, Who
from app.clock import HandClock, iso
from app.errors import NotFound
from app.policy import PathPolicy
from app.storage.courses import Courses, Outline
from app.storage.sqlite import SqliteStore
from app.vocabulary import Due, Skill, Standing

ADA = ("school", "ada")
SKILLS = (Skill("a", "Fractions"), Skill("b", "Equations", ("a",)), Skill("c", "Graphs", ("b",)))


class Believed:
    """Believes the same of one learner, who has answered skill `a` five times a day for a week."""

    def __init__(self, clock: HandClock, *standings: Standing) -> None:
        self._clock, self._standings = clock, standings

    async def standings(self, who: Who) -> Sequence[Standing]:
        return self._standings if who == ADA else ()

    async def due(self, who: Who) -> Sequence[Due]:
        return [Due("a", iso(self._clock.now()), 0.7)] if who == ADA else []

    async def practised(self, who: Who, since: float) -> Sequence[tuple[str, float]]:
        now = self._clock.now()
        return [("a", now - day * 86_400 - n) for day in range(7) for n in range(5)]


@pytest.fixture
async def courses(store: SqliteStore, clock: HandClock) -> Courses:
    kept = Courses(store, clock)
    await kept.put("school", "algebra", Outline("Algebra", None, SKILLS))
    return kept


@pytest.fixture
def advice(courses: Courses, clock: HandClock) -> Advice:
    believed = Believed(clock, Standing("a", 0.86, 0.05, 30), Standing("z", 0.4, 0.1, 8))
    return Advice(Parts(believed, courses, clock, PathPolicy()))


async def test_a_path_follows_the_course_from_where_the_learner_is(advice: Advice) -> None:
    path = await advice.path(ADA, Ahead("algebra"))
    assert [(step.kind, step.title) for step in path.steps] == [
        ("review", "Fractions"),
        ("learn", "Equations"),
        ("learn", "Graphs"),
    ]
    assert (path.skills, path.mastered) == (3, 1)
    with pytest.raises(NotFound):
        await advice.path(ADA, Ahead("nowhere"))
    with pytest.raises(NotFound):
        await advice.path(("elsewhere", "ada"), Ahead("algebra"))


async def test_without_a_course_a_path_is_of_what_was_answered(advice: Advice) -> None:
    path = await advice.path(ADA, Ahead())
    assert [(step.kind, step.skill) for step in path.steps] == [("review", "a"), ("learn", "z")]
    assert (await advice.path(("school", "bob"), Ahead())).steps == ()


async def test_a_path_with_a_deadline_is_the_same_each_time(advice: Advice) -> None:
    ahead = Ahead("algebra", minutes=15.0, days=3.0)
    path = await advice.path(ADA, ahead)
    assert path == await advice.path(ADA, ahead)
    assert path.minutes <= 45


async def test_a_forecast_rests_on_practice_of_its_own_skills(advice: Advice) -> None:
    course = await advice.forecast(ADA, Ahead("algebra", days=14.0))
    assert course.outlook is not None
    assert (course.outlook.what, round(course.outlook.now, 2)) == ("progress", 0.33)
    assert course.habit is not None
    assert round(course.habit.mean) == 5
    skill = await advice.forecast(ADA, Ahead(skill="a", days=14.0))
    assert skill.outlook is not None
    assert skill.outlook.probability > 0.8
    untouched = await advice.forecast(ADA, Ahead(skill="z", days=14.0))
    assert untouched.outlook is not None
    assert (untouched.habit, untouched.outlook.at_risk, untouched.outlook.driver) == (None, True, "pace")


async def test_of_who_has_answered_nothing_nothing_is_foretold(
    advice: Advice, courses: Courses, clock: HandClock
) -> None:
    assert (await advice.forecast(("school", "bob"), Ahead("algebra", days=9.0))).outlook is None
    nobody = Advice(Parts(Believed(clock), courses, clock, PathPolicy()))
    assert (await nobody.forecast(ADA, Ahead(skill="a", days=9.0))).outlook is None
    path = await nobody.path(("school", "bob"), Ahead("algebra"))
    assert [step.title for step in path.steps] == ["Fractions", "Equations", "Graphs"]
