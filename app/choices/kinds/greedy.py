"""The best arm, and now and then another: the less is known in a context, the more often (adaptive epsilon-greedy)."""

from app.choices.beliefs import Beliefs
from app.choices.kinds.counted import Counted, best
from app.choices.port import Options, Situation
from app.choices.table import Floats


class Greedy(Counted):
    """Explores a share of `doubt` / (`doubt` + rewards that are known in the context) of its choices, at least `least`:
    epsilon_n-greedy (Auer, Cesa-Bianchi & Fischer 2002, doi 10.1023/A:1013689704352) with a rate by context.

    >>> from numpy.random import default_rng
    >>> from app.choices.port import Outcome
    >>> here, options = Situation("a", "d", (), "", False, 1.8e9), Options(("x", "y"), "x", frozenset("x"), {})
    >>> greedy = Greedy()
    >>> for _ in range(500):
    ...     greedy.learn(here, Outcome("y", 1.0))
    >>> chosen = greedy.decide(here, options, default_rng(1))
    >>> chosen.arm, round(chosen.propensity, 3)
    ('y', 0.988)
    """

    why = "the best known, or any: the less is known, the more often"

    def __init__(self, beliefs: Beliefs | None = None, doubt: float = 12.0, least: float = 0.01) -> None:
        super().__init__(beliefs)
        self._doubt, self._least = doubt, least

    def chances(self, situation: Situation, options: Options) -> Floats:
        """Those of the best arm, and of any."""
        belief = self._beliefs.of(situation, options)
        share = max(self._least, self._doubt / (self._doubt + float(belief.seen.sum())))
        return (1.0 - share) * best(belief.means) + share / len(options.arms)
