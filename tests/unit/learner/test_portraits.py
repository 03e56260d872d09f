"""Portraits stay small, and change their version only when they change."""

import random
from dataclasses import replace

import orjson
import pytest

from app.learner.mind import Fact
from app.learner.portraits import LIMIT, drawn, weakest
from app.learner.profile.profile import Profile
from app.learner.profile.traits import NAMES, Correction, known, portrayed
from app.vocabulary import Affect, Due, Portrait, Standing, Trait

LONG = "x" * 200
FULL = Portrait(
    "",
    weak=tuple(Standing(f"{LONG}{n}", 0.123, 0.456, 10_000, -0.123, 0.5) for n in range(8)),
    due=tuple(Due(f"{LONG}{n}", "2026-11-21T06:50:33.123456Z", 0.987) for n in range(8)),
    affect=Affect("discouragement", 0.9, -0.5, 0.7),
    traits=tuple(Trait(f"{LONG}{n}", LONG) for n in range(8)),
)


def test_whatever_is_known_a_portrait_fits_into_2_kb_and_keeps_the_weakest() -> None:
    portrait = drawn(FULL)
    assert portrait is not None
    assert len(orjson.dumps(portrait)) <= LIMIT
    assert portrait.weak[0] == FULL.weak[0]
    assert portrait.due[0] == FULL.due[0]
    assert portrait.affect == FULL.affect


@pytest.mark.parametrize("seed", range(200))
def test_a_portrait_of_anything_fits_and_says_something_of_each_kind(seed: int) -> None:
    rng = random.Random(seed)

    def word(most: int) -> str:
        return "".join(rng.choices('aé語\U0001f600"\\ \n', k=rng.randint(1, most)))

    def number() -> float:
        return round(rng.random(), 3)

    corrected = {name: Correction((word(200), word(200)) if rng.random() < 0.5 else word(200)) for name in NAMES}
    full = Portrait(
        "",
        weak=tuple(Standing(word(200), number(), number(), rng.randrange(10**6), -number()) for _ in range(8)),
        due=tuple(Due(word(200), "2026-11-21T06:50:33.123456Z", number()) for _ in range(8)),
        affect=Affect("discouragement", number(), -number(), number()),
        strain=number(),
        traits=portrayed(known(Profile(), corrected)),
    )
    portrait = drawn(full)
    assert portrait is not None
    assert len(orjson.dumps(portrait)) <= LIMIT
    assert (portrait.affect, portrait.strain) == (full.affect, full.strain)
    for kept, all_of_it in ((portrait.weak, full.weak), (portrait.due, full.due), (portrait.traits, full.traits)):
        assert kept == all_of_it[: len(kept)]
    assert portrait.weak or portrait.due


def test_the_version_changes_with_what_is_believed_and_only_with_that() -> None:
    one, same = drawn(FULL), drawn(FULL)
    other = drawn(replace(FULL, affect=Affect("joy")))
    assert one is not None
    assert other is not None
    assert one == same
    assert one.version != other.version


def test_nothing_believed_is_no_portrait() -> None:
    assert drawn(Portrait("")) is None


def test_the_weakest_skills_come_first_and_those_that_are_mastered_not_at_all() -> None:
    facts = [Fact(Standing(name, p, 0.1, 3), (), 0.0) for name, p in (("a", 0.9), ("b", 0.5), ("c", 0.2))]
    assert [standing.skill for standing in weakest(facts)] == ["c", "b"]
