"""What the session was about before its newest exchanges.

It is there where history was cut, so that the thread is not lost with the words.
"""

from app.context.brief import Brief
from app.context.layers.layer import Layer, Supply, lines


def _supply(brief: Brief) -> Supply | None:
    if not brief.summary:
        return None
    return Supply((brief.summary,), lines("Earlier in this session:", lambda: brief.summary))


LAYER = Layer("summary", "notes", _supply)
