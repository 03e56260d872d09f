"""The arm that may be the best: its mean and what it may be better by (UCB1)."""

import numpy as np
from numpy.random import Generator

from app.choices.beliefs import Beliefs
from app.choices.kinds.counted import Counted, best
from app.choices.kinds.drawing import draw
from app.choices.port import Chosen, Options, Situation


class Ucb(Counted):
    """The greatest mean + sqrt(`width` ln N / n) of `n` rewards of an arm and `N` of all in the context (Auer,
    Cesa-Bianchi & Fischer 2002, doi 10.1023/A:1013689704352; UCB1 has `width` 2, half that of a quarter does for
    rewards of 0 and 1); discounted as D-UCB (Garivier & Moulines 2011, arXiv 0805.3415).

    Only ties are left to chance, so that hardly anything can be judged by its log.

    >>> from app.choices.port import Outcome
    >>> here, options = Situation("a", "d", (), "", False, 1.8e9), Options(("x", "y"), "x", frozenset("x"), {})
    >>> ucb = Ucb()
    >>> ucb.learn(here, Outcome("y", 1.0))
    >>> ucb.decide(here, options, np.random.default_rng(1))[:2]
    ('y', 1.0)
    """

    def __init__(self, beliefs: Beliefs | None = None, width: float = 0.1) -> None:
        super().__init__(beliefs)
        self._width = width

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """The arm with the greatest bound; one of them by lot where several have it."""
        belief = self.believed(situation, options)
        weights = belief.weights
        bounds = belief.means + np.sqrt(self._width * np.log(weights.sum() + 1.0) / weights)
        return draw(options.arms, best(bounds), rng, "the greatest it may be worth")
