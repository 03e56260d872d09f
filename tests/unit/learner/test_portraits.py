"""Portraits stay small, and change their version only when they change."""

from dataclasses import replace

import orjson

from app.learner.mind import Fact
from app.learner.portraits import LIMIT, drawn, weakest
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
