"""Paths: in an order that can be learned, the best first, better still where there is a deadline."""

import random
from itertools import pairwise

import pytest

from app.learner.path.goals import goals
from app.learner.path.order import Term, annealed, fitting, greedy, value
from app.learner.path.plan import Path, Wanted, plan
from app.policy import PathPolicy
from app.vocabulary import Due, Skill, Standing
from bench.path import course, standings

POLICY = PathPolicy()


def known(**mastery: float) -> dict[str, Standing]:
    return {name: Standing(name, value, 0.1, 10) for name, value in mastery.items()}


def path(wanted: Wanted, seed: int = 1) -> Path:
    return plan(wanted, POLICY, random.Random(seed))


def learnable(skills: list[Skill], believed: dict[str, Standing], taken: list[str]) -> bool:
    """Whether all that each skill needs is mastered, or comes before it."""
    needs = {skill.id: skill.prerequisites for skill in skills}
    met = {name for name, standing in believed.items() if standing.mastery >= POLICY.mastery}
    for name in taken:
        if not met.issuperset(needs[name]):
            return False
        met.add(name)
    return True


def test_what_gains_most_in_a_minute_comes_first_and_says_why() -> None:
    skills = [Skill("slow", "Slow", minutes=60.0), Skill("quick", "Quick", minutes=10.0), Skill("done", "Done")]
    found = path(Wanted(skills, known(slow=0.6, done=0.9)))
    assert [step.skill for step in found.steps] == ["quick", "slow"]
    assert (found.skills, found.mastered, found.left) == (3, 1, 0)
    assert found.steps[0].why == "not tried yet; learning it adds about 0.30 in 10 minutes"
    assert found.steps[1].why.startswith("mastery is 60%")
    assert found.steps[1].minutes < 60


def test_nothing_comes_before_what_it_needs() -> None:
    skills = [Skill("rich", "Rich", ("base",), 5.0, 10.0), Skill("base", "Base", (), 50.0), Skill("other", "Other")]
    found = path(Wanted(skills, {}))
    assert [step.skill for step in found.steps] == ["other", "base", "rich"]
    assert found.steps[1].why.endswith("it opens one more")
    assert found.steps[2].why.endswith("open after Base")
    mastered = path(Wanted(skills, known(base=0.85)))
    assert mastered.steps[0].skill == "rich"
    assert mastered.steps[0].why.endswith("all that it needs is mastered")


@pytest.mark.parametrize("days", [None, 10.0])
@pytest.mark.parametrize("seed", range(8))
def test_every_path_can_be_learned_and_fits_its_time(seed: int, days: float | None) -> None:
    chance = random.Random(seed)
    skills = course(80, chance)
    believed = standings(skills, chance)
    due = [Due(name, "2026-11-20T00:00:00Z", 0.5) for name in [*believed][:5]]
    for minutes in (None, 30.0, 200.0) if days is None else (45.0,):
        found = path(Wanted(skills, believed, due, minutes, days, limit=200), seed)
        taken = [step.skill for step in found.steps if step.kind == "learn"]
        assert learnable(skills, believed, taken)
        assert len(set(taken)) == len(taken)
        assert minutes is None or found.minutes <= minutes * (days or 1) + 0.1 * len(found.steps)
        assert len(taken) + found.left == found.skills - found.mastered


def test_due_reviews_stand_between_and_before_what_rests_on_them() -> None:
    skills = [Skill("a", "A"), Skill("b", "B", ("base",)), Skill("base", "Base"), Skill("old", "Old")]
    due = [Due("old", "2026-11-01T00:00:00Z", 0.2), Due("base", "2026-11-01T00:00:00Z", 0.9), Due("gone", "x", 0.1)]
    found = path(Wanted(skills, known(base=0.9, old=0.95), due))
    assert [(step.kind, step.skill) for step in found.steps] == [
        ("review", "old"),
        ("learn", "a"),
        ("review", "base"),
        ("learn", "b"),
    ]
    assert found.steps[0].why == "due since 2026-11-01; the chance that it is still known is 20%"


def test_reviews_take_at_most_half_of_the_time() -> None:
    skills = [Skill(f"s{n}", f"S{n}", minutes=5.0) for n in range(40)]
    believed = known(**{f"s{n}": 0.9 for n in range(30)})
    due = [Due(f"s{n}", "2026-11-01T00:00:00Z", 0.3) for n in range(30)]
    found = path(Wanted(skills, believed, due, minutes=30.0))
    reviews = sum(step.minutes for step in found.steps if step.kind == "review")
    assert 0 < reviews <= 15
    assert found.minutes <= 30


def test_with_no_skills_or_none_left_there_is_nothing_to_do() -> None:
    assert path(Wanted([], {})).steps == ()
    assert path(Wanted([], {}, minutes=30.0, days=3.0)).steps == ()
    assert path(Wanted([Skill("a", "A")], known(a=0.95))) == Path((), 1, 1, 0)


def test_the_same_seed_gives_the_same_path() -> None:
    skills = course(60, random.Random(5))
    wanted = Wanted(skills, {}, minutes=30.0, days=14.0)
    assert path(wanted, 3) == path(wanted, 3)


def test_annealing_is_never_worse_than_greedy_and_mostly_better() -> None:
    term, gains = Term(30.0, 14.0, 30.0), []
    for seed in range(12):
        chance = random.Random(seed)
        skills = course(50, chance)
        below = goals(skills, standings(skills, chance), POLICY)
        worth = [
            value(below, fitting(below, order, term.total), term)
            for order in (greedy(below), annealed(below, term, chance))
        ]
        gains.append(worth[1] - worth[0])
    assert min(gains) >= 0
    assert sum(gain > 0 for gain in gains) >= 9


def test_a_chain_of_two_thousand_skills_is_taken_in_order() -> None:
    chain = [Skill(f"s{n}", "S", (f"s{n - 1}",) if n else (), 10.0) for n in range(2_000)]
    found = path(Wanted(chain, {}, minutes=60.0, days=5.0, limit=200))
    assert all(int(b.skill[1:]) == int(a.skill[1:]) + 1 for a, b in pairwise(found.steps))
    assert len(found.steps) == 30
