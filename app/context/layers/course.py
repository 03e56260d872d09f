"""The course: what it is about.

It is there so that the model keeps to its words and its order.
"""

from app.context.brief import Brief
from app.context.layers.layer import Layer, Supply, lines


def _supply(brief: Brief) -> Supply | None:
    return Supply((brief.course,), lines("The course:", lambda: brief.course)) if brief.course else None


LAYER = Layer("course", "system", _supply, of="learner")
