"""What is foretold of a learner's cards: the chance of recall at any time, and when a review is due.

Frozen, so that another thread may read it.

The chance of a card never rises between reviews: the card's own chance weighs more than nothing, the time that has
passed never weighs in its favour, and within the day no chance is below the one at its end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, log1p

from app.learner.memory.cards import DAY, RETENTION, SITTING, Card, Rating, known, log_odds
from app.learner.memory.online import chance
from app.learner.memory.platt import IDENTITY, Line

_USUAL = log_odds(0.8)
"""What reviews come to with most learners: features are told as differences from it."""

_ANSWERS = 2.0
"""Reviews that a share starts with, at the usual one."""

_LEAST = 0.1
"""Weight that a card's own chance has at the least."""

_FURTHEST = 36_500.0
"""Days ahead at the most that a review is due, as FSRS has it."""

_HALVINGS = 28

PRIOR = (_USUAL, 1.0, *[0.0] * 9)
"""Where weights start: at the card's own chance."""


@dataclass(frozen=True, slots=True)
class View:
    """Weights for within the day and for a day or more, in the order of `features`; how the learner does of `late`; and
    how chances come true in the workspace."""

    short: tuple[float, ...] = PRIOR
    long: tuple[float, ...] = PRIOR
    late: float = 0.0
    by: Line = IDENTITY

    def recall(self, card: Card, at: float) -> float:
        """The chance that a card is recalled at a time; times before its last review are taken for that."""
        days, falling = card.days(at), self._falling(card, self.long)
        if days >= 1.0:
            return chance(falling(days))
        return chance(max(self._falling(card, self.short)(days), falling(1.0)))

    def due_at(self, card: Card) -> float:
        """When the chance has fallen to `RETENTION`, but not in the sitting of the last answer."""
        wanted, sitting = log_odds(RETENTION), SITTING / DAY
        falling = self._falling(card, self.long)
        if falling(1.0) > wanted:
            return card.last_at + _crossing(falling, wanted, 1.0, _FURTHEST) * DAY
        falling = self._falling(card, self.short)
        if falling(sitting) <= wanted:
            return card.last_at + SITTING
        return card.last_at + _crossing(falling, wanted, sitting, 1.0) * DAY

    def is_due(self, card: Card, at: float) -> bool:
        """Whether a review is due at a time."""
        return at >= card.last_at + SITTING and self.recall(card, at) <= RETENTION

    def _falling(self, card: Card, weights: tuple[float, ...]) -> Callable[[float], float]:
        """A card's log odds of recall by days since its last review."""
        base, own, time, *rest = weights
        fixed = base + card.lean + sum(w * x for w, x in zip(rest, _traits(card, self.late), strict=True))
        own, time, (offset, slope) = max(own, _LEAST), min(time, 0.0), self.by

        def at(days: float) -> float:
            odds = log_odds(known(card, card.last_at + days * DAY))
            return offset + slope * (fixed + own * (odds - _USUAL) + time * _past(days))

        return at


def features(card: Card, at: float, late: float) -> tuple[float, ...]:
    """What the chance of recall is told from: one, the card's own chance, the time that has passed, and what the card
    and its learner are like."""
    return 1.0, log_odds(known(card, at)) - _USUAL, _past(card.days(at)), *_traits(card, late)


def _past(days: float) -> float:
    """The time that has passed, by orders of magnitude; halved, for it to be of the size of the others."""
    return log(days + 1.0 / 1_440.0) / 2.0


def _traits(card: Card, late: float) -> tuple[float, ...]:
    """What stays the same from one review to the next."""
    return (
        log1p(card.reviews),
        _share(card.right, card.reviews),
        late,
        _share(card.long_right, card.long),
        float(card.long == 0),
        float(card.last == Rating.AGAIN),
        log1p((card.last_at - card.first_at) / DAY),
        log1p(card.gap),
    )


def _share(right: float, of: float) -> float:
    """Log odds of a share, drawn to the usual one, as a difference from it."""
    return log_odds((right + 0.8 * _ANSWERS) / (of + _ANSWERS)) - _USUAL


def _crossing(falling: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """The days between two when what falls is at what is wanted; the nearer end where it is so at none."""
    low, high = log(low), log(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if falling(exp(middle)) > wanted:
            low = middle
        else:
            high = middle
    return exp(high)
