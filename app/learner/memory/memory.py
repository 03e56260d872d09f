"""One learner's memory: a card for each skill, and what this learner's recall depends on besides FSRS.

FSRS knows a card by two numbers. What it leaves out tells more: how this card's reviews went, how this learner does of
late, how much time has passed in fact. A small logistic model weighs these with FSRS's own chance; it starts where FSRS
is and learns from every review of this learner. Within the day, where FSRS is sure of everything, it has weights of its
own.
"""

from collections.abc import Mapping, Sequence
from math import log, log1p
from typing import Any, NamedTuple

from app.learner.memory.cards import DAY, Card, Rating, after, first, log_odds, retrievability
from app.learner.memory.online import Weights

CARDS = 512
"""Cards of a learner; the one reviewed longest ago goes."""

_USUAL = log(4.0)
"""Log odds of 80 %, what reviews come to with most learners: features are told as differences from it."""

_LONG = (_USUAL, 1.0, *[0.0] * 9)
"""Where the weights start for a day or more: at FSRS itself."""

_SHORT = (_USUAL, 0.25, *[0.0] * 9)
"""And within the day, where FSRS says hardly less than 1: near what is usual."""

_VARIANCE = 0.1
"""Of each weight at the start: a weight of a third either way is no surprise."""

_OF_LATE = 0.05
"""Weight of the newest review in how a learner does of late: about the last twenty count."""

_ANSWERS = 2.0
"""Reviews that a share starts with, at the usual one."""


class Review(NamedTuple):
    """A review of a card. What was shown the solution is reviewed, but says nothing of recall: it is no `evidence`."""

    card: str
    rating: Rating
    at: float
    evidence: bool = True


class Memory:
    """Changed in place, review by review, in constant time."""

    __slots__ = ("_long", "_most", "_short", "cards", "late")

    def __init__(self, most: int = CARDS) -> None:
        self._most = most
        self._long, self._short = Weights(_LONG, _VARIANCE), Weights(_SHORT, _VARIANCE)
        self.cards: dict[str, Card] = {}
        self.late = 0.0
        """How far recall was above what was foretold, of late."""

    def recall(self, card: Card, at: float) -> float:
        """The chance that a card is recalled."""
        return self._weights(card, at).predict(self._features(card, at))

    def review(self, review: Review) -> float | None:
        """Takes a review in; gives the chance of recall before it, `None` where there was no card."""
        card = self.cards.pop(review.card, None)
        if card is None:
            self.cards[review.card] = first(review.rating, review.at)
            if len(self.cards) > self._most:
                del self.cards[next(iter(self.cards))]
            return None
        at = max(review.at, card.last_at)
        features, weights, recalled = self._features(card, at), self._weights(card, at), review.rating > Rating.AGAIN
        chance = weights.predict(features)
        if review.evidence:
            weights.learn(features, right=recalled)
            self.late += _OF_LATE * (recalled - chance - self.late)
        self.cards[review.card] = after(card, review.rating, at)
        return chance

    def _weights(self, card: Card, at: float) -> Weights:
        return self._long if card.days(at) >= 1.0 else self._short

    def _features(self, card: Card, at: float) -> Sequence[float]:
        return (
            1.0,
            log_odds(retrievability(card, at)) - _USUAL,
            log(card.days(at) + 1.0 / 1_440.0),
            log1p(card.reviews),
            _share(card.right, card.reviews),
            self.late,
            _share(card.long_right, card.long),
            float(card.long == 0),
            float(card.last == Rating.AGAIN),
            log1p(max(at - card.first_at, 0.0) / DAY),
            log1p(card.gap),
        )

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cards": [[name, *card.kept()] for name, card in self.cards.items()],
            "late": self.late,
            "long": self._long.kept(),
            "short": self._short.kept(),
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Memory":
        """From such JSON."""
        memory = cls()
        memory.cards = {name: Card(*values) for name, *values in kept["cards"]}
        memory.late = kept["late"]
        memory._long, memory._short = Weights.of(kept["long"]), Weights.of(kept["short"])
        return memory


def _share(right: int, of: int) -> float:
    """Log odds of a share, drawn to the usual one, as a difference from it."""
    return log_odds((right + 0.8 * _ANSWERS) / (of + _ANSWERS)) - _USUAL
