"""Facts that the learner told us and that still hold.

They are there so that nobody has to say twice what they have said once: what they learn for, what they can't do.
"""

from app.context.brief import Brief
from app.context.layers.layer import Layer, Supply, lines


def _supply(brief: Brief) -> Supply | None:
    if not brief.facts:
        return None
    return Supply((brief.facts,), lines("What this learner has told us:", lambda: brief.facts))


LAYER = Layer("facts", "system", _supply, of="learner")
