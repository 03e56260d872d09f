"""What was worked out lately and is used again for a while: scores with a lifetime."""

from collections import OrderedDict
from collections.abc import Callable

from app.choices.port import Options, Situation
from app.choices.table import Floats

_MOST = 10_000

_Key = tuple[str, str, tuple[str, ...]]


class Lately:
    """Scores by context, learner and arms, for `lifetime` seconds; the ten thousand used last."""

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._known: OrderedDict[_Key, tuple[float, Floats]] = OrderedDict()

    def get(self, situation: Situation, options: Options, work_out: Callable[[Situation, Options], Floats]) -> Floats:
        """The scores of a situation, worked out where they are unknown or too old."""
        if not self._lifetime:
            return work_out(situation, options)
        key = (situation.context, situation.learner, options.arms)
        known = self._known.get(key)
        if known is not None and 0.0 <= situation.at - known[0] < self._lifetime:
            self._known.move_to_end(key)
            return known[1]
        scores = work_out(situation, options)
        self._known[key] = (situation.at, scores)
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return scores
