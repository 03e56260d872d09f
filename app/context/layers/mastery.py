"""Mastery and reviews: the weakest skills, and those whose review is due.

It is there so that the model builds on what the learner knows and comes back to what they are about to forget.
"""

from collections.abc import Iterator

from app.context.brief import Brief, Item
from app.context.layers.layer import Layer, Supply, lines
from app.vocabulary import Due, Portrait, Standing

_UNSURE = 0.2
"""Standard deviation of a belief in a skill from which on the model is told that it is a guess."""


def _supply(brief: Brief) -> Supply | None:
    portrait = brief.snapshot.portrait
    if portrait is None or not (portrait.weak or portrait.due):
        return None
    title = "What this learner can do, as far as we know:"
    return Supply((portrait.weak, portrait.due), lines(title, lambda: _items(portrait)))


def _items(portrait: Portrait) -> Iterator[Item]:
    """Skills and reviews in turns, so that a small room holds some of both."""
    weak = [Item(standing.skill, _standing(standing)) for standing in portrait.weak]
    due = [Item(f"review {review.skill}", _due(review)) for review in portrait.due]
    for n in range(max(len(weak), len(due))):
        yield from (*weak[n : n + 1], *due[n : n + 1])


def _standing(standing: Standing) -> str:
    guess = ", a guess" if standing.uncertainty > _UNSURE else ""
    answers = "1 answer" if standing.attempts == 1 else f"{standing.attempts} answers"
    return f"{standing.skill}: right in about {standing.mastery:.0%} of tries ({answers}{guess})"


def _due(review: Due) -> str:
    return f"Review due: {review.skill}, still known with a chance of {review.recall:.0%}"


LAYER = Layer("mastery", "notes", _supply, of="learner")
