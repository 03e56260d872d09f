"""How much may be lost, by level: the one table that says so."""

from dataclasses import dataclass
from typing import Literal

Why = Literal["pleasantry", "repeated", "quoted", "less to the point"]
"""Why a piece was left out."""


@dataclass(frozen=True, slots=True)
class Level:
    """What a level may leave out. `share`: of the characters of prose, those that may stay (`None`: all); `least`: how
    many sentences of each text stay at least."""

    leaves_out: frozenset[Why]
    share: float | None = None
    least: int = 1


_IDLE: frozenset[Why] = frozenset({"pleasantry", "repeated", "quoted"})

LEVELS = (
    Level(frozenset()),
    # White space; what is polite, quoted or said before and bears nothing (`prose.bearing`); word for word repetitions.
    Level(_IDLE),
    # Also whole sentences that are less to the point, up to 40 % of the text.
    Level(_IDLE | {"less to the point"}, share=0.6),
    # The same, up to 70 %; of a text in a list nothing may be left.
    Level(_IDLE | {"less to the point"}, share=0.3, least=0),
)
"""Whatever the level: tables, code, formulas that stand alone and items of a list with a number stay as they are, and
a sentence stays whole or goes whole."""
