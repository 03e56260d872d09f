"""Situations in which an exercise is met, fine enough that what others did in the same one says more than any rate.

As in compression by context mixing (Mahoney, 2005): outcomes are counted in many contexts at once, and what they say is
weighed by a model that was fitted. Each is a key; what is counted for it is in the population.
"""

from app.learner.knowledge.past import NONE, Past, Track

Key = tuple[str | int | None, ...]

NAMES = (
    "item before",
    "skill before",
    "item, outcomes",
    "skill, practice",
    "item, level",
    "item, tries",
    "item before last",
    "skill, outcomes there",
    "item before in skill",
    "skill, outcomes",
    "items before",
)
COUNT = len(NAMES)

_BAND = 2.5
"""Bands of ability to one unit of log odds."""


def contexts(past: Past, skill: str, item: str | None, ability: float) -> tuple[Key, ...]:
    """The situation of an exercise, one key for each of `NAMES`; `ability` in log odds."""
    here = past.skills.get(skill, NONE)
    there = past.items.get(item, NONE) if item is not None else NONE
    late = _marked(past.all, 3)
    one, two = late & 1, late >> 1 & 1
    last, before = past.item, past.before
    # An exercise of no item is told by its skill.
    item = item if item is not None else skill
    return (
        (0, last, item, one),
        (1, past.skill, skill, one),
        (2, item, late),
        (3, skill, min(here.n, 8), here.bits & 1),
        (4, item, max(-6, min(6, round(ability * _BAND)))),
        (5, item, there.case, min(past.run, 5) if last == item else 0),
        (6, before, item, two),
        (7, skill, _marked(here, 3)),
        (8, here.item, item, here.bits & 1),
        (9, skill, late),
        (10, last, before, item, late & 3),
    )


def _marked(track: Track, most: int) -> int:
    """The last outcomes as bits, with a one before them that says how many there are."""
    size = track.n if track.n < most else most
    return 1 << size | track.bits & (1 << size) - 1
