"""One learner's memory: a card for each skill, and what this learner's recall depends on besides FSRS.

FSRS knows a card by two numbers. What it leaves out tells more: how this card's reviews went, how this learner does of
late, how much time has passed in fact. A small logistic model weighs these with the card's own chance (`cards.known`):
it starts at that chance exactly and moves only as this learner's reviews show otherwise, at most by one in log odds
with each. What is asked again in the same sitting teaches it by as little as it counts. Within the day it has weights
of its own. What it says (`app.learner.memory.view`) falls from one review to the next.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from app.learner.memory.cards import CERTAIN, Card, Rating, after, first, log_odds, place
from app.learner.memory.online import Weights
from app.learner.memory.platt import IDENTITY, Line
from app.learner.memory.view import PRIOR, View, features

CARDS = 512
"""Cards of a learner; the one reviewed longest ago goes."""

_VARIANCE = 0.1
"""Of each weight at the start: a weight of a third either way is no surprise."""

_OF_LATE = 0.05
"""Weight of the newest review in how a learner does of late: about the last twenty count."""

_HOUR = 3_600.0


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
        self._long, self._short = Weights(PRIOR, _VARIANCE), Weights(PRIOR, _VARIANCE)
        self.cards: dict[str, Card] = {}
        self.late = 0.0
        """How far recall was above what was foretold, of late."""

    def view(self, by: Line = IDENTITY) -> View:
        """What is foretold from what was learned so far, calibrated by a line."""
        return View(tuple(self._short.means), tuple(self._long.means), self.late, by)

    def review(self, review: Review, *, learn: bool = True) -> float | None:
        """Takes a review in; gives the chance of recall before it, `None` where there was no card. Without `learn` it
        changes the card alone."""
        card = self.cards.pop(review.card, None)
        if card is None:
            self.cards[review.card] = first(review.rating, review.at)
            if len(self.cards) > self._most:
                del self.cards[next(iter(self.cards))]
            return None
        review, before = review._replace(at=max(review.at, card.last_at)), self.view()
        said = before.recall(card, review.at)
        if review.evidence and learn:
            self._learn(card, review, said)
        new = after(card, review.rating, review.at, tested=review.evidence)
        if review.evidence:
            new = self._leant(new, before.recall(card, review.at + _HOUR))
        self.cards[review.card] = new
        return said

    def _learn(self, card: Card, review: Review, said: float) -> None:
        part, recalled = 1.0 / place(card, review.at), review.rating > Rating.AGAIN
        weights = self._long if card.days(review.at) >= 1.0 else self._short
        weights.learn(features(card, review.at, self.late), right=recalled, part=part, lean=card.lean)
        self.late += part * _OF_LATE * (recalled - said - self.late)

    def _leant(self, card: Card, was: float) -> Card:
        """The card with what it takes that, an hour on, a right answer has not lowered the chance, nor a wrong one
        raised it: what was learned of all cards may say so of one."""
        off = log_odds(was) - log_odds(self.view().recall(card, card.last_at + _HOUR))
        lean = max(off, 0.0) if card.last > Rating.AGAIN else min(off, 0.0)
        return replace(card, lean=min(max(lean, -CERTAIN), CERTAIN)) if lean else card

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
