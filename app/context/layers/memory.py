"""Earlier sessions: a line for each, newest first.

It is there so that the model knows that this is not their first meeting, and what the others were about.
"""

from app.context.brief import Brief, Item
from app.context.layers.layer import Layer, Supply, lines


def _supply(brief: Brief) -> Supply | None:
    memory = brief.snapshot.memory
    if not memory:
        return None
    items = lambda: (Item(f"session {n}", line.removeprefix("- ")) for n, line in enumerate(memory, 1))  # noqa: E731
    return Supply((memory,), lines("Earlier sessions of this learner:", items))


LAYER = Layer("memory", "system", _supply, of="learner")
