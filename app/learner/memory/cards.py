"""Cards of spaced repetition: what one skill, or one item, has left in a learner's memory.

Stability and difficulty are those of FSRS-6 with its published parameters (py-fsrs; Ye, Su, Cao, KDD 2022). Its
scheduler counts whole days; here time between reviews is what it is.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from functools import cache
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsrs import Scheduler

DAY = 86_400.0
RETENTION = 0.9
"""The chance of recall at which a review is due: FSRS's default, where stability is the days until then."""

_SOONEST = 600.0
"""Seconds after a review at the least that the next one is due."""


class Rating(IntEnum):
    """How a review went, as Anki and FSRS grade it."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


@dataclass(frozen=True, slots=True)
class Card:
    """A card after its last review; times in seconds since the epoch.

    `stability` in days, `difficulty` from 1 to 10, `state` and `step` as in py-fsrs. `right` of its `reviews` were
    recalled, and `long_right` of the `long` that came a day or more after the one before. `gap` is the days between the
    last two.
    """

    stability: float
    difficulty: float
    state: int
    step: int | None
    first_at: float
    last_at: float
    last: int
    reviews: int = 1
    right: int = 0
    long: int = 0
    long_right: int = 0
    gap: float = 0.0

    @property
    def due_at(self) -> float:
        """When the chance of recall has fallen to `RETENTION`."""
        return self.last_at + max(self.stability * DAY, _SOONEST)

    def days(self, at: float) -> float:
        """Days since the last review."""
        return max(at - self.last_at, 0.0) / DAY

    def kept(self) -> list[float | int | None]:
        """As a list for JSON."""
        return [getattr(self, name) for name in self.__slots__]


def first(rating: Rating, at: float) -> Card:
    """The card of what is met for the first time.

    >>> round(first(Rating.GOOD, 0.0).stability, 2)
    2.31
    """
    return _reviewed(None, rating, at)


def after(card: Card, rating: Rating, at: float) -> Card:
    """The card after another review; one that seems to come before the last counts as made with it."""
    at, recalled = max(at, card.last_at), rating > Rating.AGAIN
    days = card.days(at)
    long = days >= 1.0
    return replace(
        _reviewed(card, rating, at),
        first_at=card.first_at,
        reviews=card.reviews + 1,
        right=card.right + recalled,
        long=card.long + long,
        long_right=card.long_right + (long and recalled),
        gap=days,
    )


def retrievability(card: Card, at: float) -> float:
    """FSRS's chance of recall, with the forgetting within the day that whole days leave out.

    >>> card = first(Rating.GOOD, 0.0)
    >>> round(retrievability(card, card.due_at), 3), round(retrievability(card, DAY / 2), 3)
    (0.9, 0.971)
    """
    return curve(card.days(at), card.stability)


def curve(days: float, stability: float) -> float:
    """FSRS-6's power law of forgetting: 1 at once, 0.9 after `stability` days."""
    decay = -_scheduler().parameters[20]
    factor = RETENTION ** (1.0 / decay) - 1.0
    chance: float = (1.0 + factor * days / stability) ** decay
    return chance


def log_odds(chance: float) -> float:
    """Log odds, of chances that are neither 0 nor 1 as far as a computer can tell."""
    chance = min(max(chance, 1e-4), 1.0 - 1e-4)
    return log(chance / (1.0 - chance))


def _reviewed(card: Card | None, rating: Rating, at: float) -> Card:
    import fsrs

    moment = datetime.fromtimestamp(at, UTC)
    given = fsrs.Card(card_id=0, due=moment)
    if card is not None:
        given.state, given.step = fsrs.State(card.state), card.step
        given.stability, given.difficulty = card.stability, card.difficulty
        given.last_review = datetime.fromtimestamp(card.last_at, UTC)
    done, _ = _scheduler().review_card(given, fsrs.Rating(rating), moment)
    assert done.stability is not None  # noqa: S101 - a card that was reviewed has both
    assert done.difficulty is not None  # noqa: S101
    recalled = int(rating > Rating.AGAIN)
    return Card(done.stability, done.difficulty, int(done.state), done.step, at, at, int(rating), right=recalled)


@cache
def _scheduler() -> "Scheduler":
    """Without its chance: what was learned can be learned again, bit for bit."""
    from fsrs import Scheduler

    return Scheduler(desired_retention=RETENTION, enable_fuzzing=False)
