"""Each arm as often as it is likely to be the best (Thompson sampling with domain priors)."""

import numpy as np

from app.choices.beliefs import Beliefs
from app.choices.kinds.counted import Counted
from app.choices.kinds.lately import Lately
from app.choices.port import Options, Situation
from app.choices.table import Floats
from app.stats.winner import chances


class Thompson(Counted):
    """A Beta of each context and arm, whose prior is what the domain knows (Thompson 1933, doi
    10.1093/biomet/25.3-4.285; Chapelle & Li 2011, NIPS).

    Instead of drawing a value of each arm, it draws the arm by its chance to be the best, which is the same and makes
    the propensity exact. The chances take each Beta as a normal of its mean and variance (`stats.winner`). `calm`
    divides the variance: 1 is Thompson's; Chapelle & Li found less of it to do better, and so does the simulator.
    Chances are used again for `lifetime` seconds.

    >>> from app.choices.port import Outcome
    >>> here, options = Situation("a", "d", (), "", False, 1.8e9), Options(("x", "y"), "x", frozenset("x"), {})
    >>> thompson = Thompson()
    >>> for _ in range(50):
    ...     thompson.learn(here, Outcome("y", 1.0))
    >>> arm, propensity, reason, _ = thompson.decide(here, options, np.random.default_rng(1))
    >>> arm, propensity > 0.98
    ('y', True)
    """

    why = "by its chance to be the best"

    def __init__(self, beliefs: Beliefs | None = None, calm: float = 4.0, lifetime: float = 0.0) -> None:
        super().__init__(beliefs)
        self._calm, self._lately = calm, Lately(lifetime)

    def chances(self, situation: Situation, options: Options) -> Floats:
        """The chance of each to be the best, as it was lately."""
        return self._lately.get(situation, options, self._chances)

    def _chances(self, situation: Situation, options: Options) -> Floats:
        belief = self._beliefs.of(situation, options)
        return chances(belief.means, np.sqrt(belief.variances / self._calm))
