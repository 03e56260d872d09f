"""Skills are recognised by their names, however these are bent or written."""

import pytest

from app.learner.named import Names

NAMES = Names(
    {
        "linear_equations": "Linear equations",
        "equations": "Equations",
        "AddingFractions": "Adding fractions",
        "a": "a",
        "quadratische Gleichungen": "quadratische Gleichungen",
        "分数": "分数",
    }
)


@pytest.mark.parametrize(
    ("message", "skills"),
    [
        ("How do I solve a linear equation?", ("linear_equations",)),
        ("EQUATIONS again, then linear equations", ("equations", "linear_equations")),
        ("I added two fractions and it was wrong", ("AddingFractions",)),
        ("what is the fraction of those who add", ()),
        ("Ich verstehe quadratische Gleichungen nicht", ("quadratische Gleichungen",)),
        ("a b c", ()),
        ("", ()),
        ("\x00 \ud800 ___ --", ()),
        ("equation " * 10_000, ("equations",)),
    ],
)
def test_a_message_names_skills(message: str, skills: tuple[str, ...]) -> None:
    assert NAMES.found(message) == skills


def test_names_without_a_word_are_no_names() -> None:
    assert Names({"---": "***", "": "", "x": "x"}).found("x --- ***") == ()
