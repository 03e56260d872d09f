"""The arm that may be the best: its mean and what it may be better by (UCB1)."""

import numpy as np

from app.choices.beliefs import Beliefs
from app.choices.kinds.counted import Counted, best
from app.choices.port import Options, Situation
from app.choices.table import Floats


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

    why = "the greatest that it may be worth"

    def __init__(self, beliefs: Beliefs | None = None, width: float = 0.1) -> None:
        super().__init__(beliefs)
        self._width = width

    def chances(self, situation: Situation, options: Options) -> Floats:
        """1 for the arm with the greatest bound; where several have it, the same for each."""
        belief = self._beliefs.of(situation, options)
        weights = belief.weights
        return best(belief.means + np.sqrt(self._width * np.log(weights.sum() + 1.0) / weights))
