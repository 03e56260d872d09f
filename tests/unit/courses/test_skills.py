"""Graphs of skills: what is wrong with one is named field by field."""

from app.courses.skills import MOST_SKILLS, faults
from app.vocabulary import Skill


def skill(name: str, *needs: str) -> Skill:
    return Skill(name, name.upper(), needs)


def test_a_sound_graph_has_no_faults() -> None:
    assert faults([]) == []
    assert faults([skill("c", "a", "b"), skill("b", "a"), skill("a")]) == []
    chain = [skill(f"s{n}", *([f"s{n + 1}"] if n + 1 < MOST_SKILLS else [])) for n in range(MOST_SKILLS)]
    assert faults(chain) == []


def test_every_wrong_name_is_told() -> None:
    found = faults([skill("a", "x", "b", "b"), skill("b", "y"), skill("a")])
    assert [error.field for error in found] == [
        "skills.2.id",
        "skills.0.prerequisites.0",
        "skills.0.prerequisites.2",
        "skills.1.prerequisites.0",
    ]


def test_every_circle_is_told_and_by_what_it_is_closed() -> None:
    itself, pair = [skill("a", "a")], [skill("b", "c"), skill("c", "b")]
    found = faults([*itself, *pair, skill("d", "b")])
    assert [(error.field, error.message) for error in found] == [
        ("skills.0.prerequisites.0", "goes round in a circle: a needs a"),
        ("skills.1.prerequisites.0", "goes round in a circle: b needs c needs b"),
    ]


def test_a_circle_of_thousands_is_found_and_shown_in_short() -> None:
    ring = [skill(f"s{n}", f"s{(n + 1) % MOST_SKILLS}") for n in range(MOST_SKILLS)]
    (error,) = faults(ring)
    assert error.field == "skills.0.prerequisites.0"
    assert len(error.message) < 200
