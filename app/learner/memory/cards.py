"""Cards of spaced repetition: what one skill, or one item, has left in a learner's memory.

Stability and difficulty are those of FSRS-6 with its published parameters (py-fsrs; Ye, Su, Cao, KDD 2022). Its
scheduler counts whole days; here time between reviews is what it is.

Answers less than ten minutes apart are one sitting: what is asked again at once is no new test of memory (massed
practice). The n-th answer of a sitting counts 1/n in all that it changes; the first one counts whole.

FSRS has everything known just after a review, whatever came of it. A card therefore has a `hold` too, the chance that
it was taken in at all: the chance of recall is hold times FSRS's retrievability. A wrong answer takes half of the
chance that there was, a right one four fifths of the doubt that is left. With these a right answer never lowers the
chance at any later time, and a wrong one never raises it: FSRS's curve falls at least as fast from its start as later.
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

SITTING = 600.0
"""Seconds between answers of one sitting at the most; no review is due sooner than that after the last one."""

_USUAL = 0.8
"""The chance of success with what was never met, as reviews come to with most learners."""

_TAKES, _GIVES = 0.5, 0.8
"""Parts of the chance that a wrong answer takes, and of the doubt that a right one takes."""

_HINTED = 0.5
"""What a right answer with hints counts of one without."""

CERTAIN = log(9_999.0)
"""Log odds from which on nobody could tell a chance from certainty."""


class Rating(IntEnum):
    """How a review went, as Anki and FSRS grade it."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


@dataclass(frozen=True, slots=True)
class Card:
    """A card after its last review; times in seconds since the epoch.

    `stability` in days, `difficulty` from 1 to 10, `state` and `step` as in py-fsrs; `hold` is the chance that it was
    taken in, and the last answer was number `place` of its sitting. `right` of its `reviews` were recalled, both by
    what they count, and `long_right` of the `long` that came a day or more after the one before. `gap` is the days
    between the last two sittings. `lean` is added to the log odds of recall (see `memory`).
    """

    stability: float
    difficulty: float
    state: int
    step: int | None
    first_at: float
    last_at: float
    last: int
    hold: float
    reviews: float = 1.0
    right: float = 0.0
    long: int = 0
    long_right: int = 0
    gap: float = 0.0
    place: int = 1
    lean: float = 0.0

    def days(self, at: float) -> float:
        """Days since the last review."""
        return max(at - self.last_at, 0.0) / DAY

    def kept(self) -> list[float | int | None]:
        """As a list for JSON."""
        return [getattr(self, name) for name in self.__slots__]


def first(rating: Rating, at: float) -> Card:
    """The card of what is met for the first time.

    >>> card = first(Rating.GOOD, 0.0)
    >>> round(card.stability, 2), round(card.hold, 2)
    (2.31, 0.96)
    """
    return _reviewed(None, rating, at)


def place(card: Card, at: float) -> int:
    """The place in its sitting of an answer that comes next."""
    return card.place + 1 if at - card.last_at < SITTING else 1


def after(card: Card, rating: Rating, at: float, *, tested: bool = True) -> Card:
    """The card after another review; one that seems to come before the last counts as made with it. What was not
    `tested`, for the solution was on view, leaves `hold` as it was."""
    at, recalled = max(at, card.last_at), rating > Rating.AGAIN
    nth, days = place(card, at), card.days(at)
    part, long, new = 1.0 / nth, days >= 1.0, _reviewed(card, rating, at)
    grown = (new.stability / card.stability) ** part
    return replace(
        new,
        stability=card.stability * (max(grown, 1.0) if recalled else grown),
        difficulty=card.difficulty + part * (new.difficulty - card.difficulty),
        hold=_hold(card.hold, rating, part, retrievability(card, at)) if tested else card.hold,
        first_at=card.first_at,
        reviews=card.reviews + part,
        right=card.right + part * recalled,
        long=card.long + long,
        long_right=card.long_right + (long and recalled),
        gap=days if nth == 1 else card.gap,
        place=nth,
    )


def retrievability(card: Card, at: float) -> float:
    """FSRS's chance of recall, with the forgetting within the day that whole days leave out.

    >>> card = first(Rating.GOOD, 0.0)
    >>> round(retrievability(card, card.stability * DAY), 3), round(retrievability(card, DAY / 2), 3)
    (0.9, 0.971)
    """
    return curve(card.days(at), card.stability)


def known(card: Card, at: float) -> float:
    """The chance of recall from the card alone.

    >>> round(known(first(Rating.GOOD, 0.0), 0.0), 2), round(known(first(Rating.AGAIN, 0.0), 0.0), 2)
    (0.96, 0.4)
    """
    return card.hold * retrievability(card, at)


def curve(days: float, stability: float) -> float:
    """FSRS-6's power law of forgetting: 1 at once, 0.9 after `stability` days."""
    decay, factor = _shape()
    chance: float = (1.0 + factor * days / stability) ** decay
    return chance


@cache
def _shape() -> tuple[float, float]:
    """The exponent of the power law and what it takes to be at `RETENTION` after `stability` days."""
    decay: float = -_scheduler().parameters[20]
    return decay, RETENTION ** (1.0 / decay) - 1.0


def log_odds(chance: float) -> float:
    """Log odds, within `CERTAIN`."""
    chance = min(max(chance, 1e-4), 1.0 - 1e-4)
    return log(chance / (1.0 - chance))


def _hold(hold: float, rating: Rating, part: float, retrieved: float) -> float:
    if rating is Rating.AGAIN:
        return hold * retrieved * (1.0 - part * _TAKES)
    counts = part * (_HINTED if rating is Rating.HARD else 1.0)
    return hold + (1.0 - hold) * counts * _GIVES


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
    hold, recalled = _hold(_USUAL, rating, 1.0, 1.0), float(rating > Rating.AGAIN)
    return Card(done.stability, done.difficulty, int(done.state), done.step, at, at, int(rating), hold, right=recalled)


@cache
def _scheduler() -> "Scheduler":
    """Without its chance: what was learned can be learned again, bit for bit."""
    from fsrs import Scheduler

    return Scheduler(desired_retention=RETENTION, enable_fuzzing=False)
