"""Whom a learner is like, as the name of a segment: those who share what is known of them."""

from collections.abc import Mapping

_TRAITS = ("mastery", "level", "pace", "language")
"""What makes learners alike here: how far they are, and how they want to be taught. Not who they are."""

_LONGEST = 24


def segment(traits: Mapping[str, object]) -> str:
    """The segment of somebody with such traits, of which some may be unknown; empty where all are.

    >>> segment({"mastery": "weak", "level": "Grade 8", "pace": None, "name": "Ada"})
    'mastery=weak level=grade 8'
    >>> segment({})
    ''
    """
    known = ((name, str(traits[name]).strip().lower()[:_LONGEST]) for name in _TRAITS if traits.get(name) is not None)
    return " ".join(f"{name}={value}" for name, value in known if value)


def wishes(name: str) -> str:
    """What a segment says of how its learners want to be taught, without how far they are.

    >>> wishes("mastery=weak level=grade 8"), wishes("pace=slow"), wishes("mastery=weak"), wishes("")
    ('level=grade 8', 'pace=slow', '', '')
    """
    return name.partition(" ")[2] if name.startswith(f"{_TRAITS[0]}=") else name
