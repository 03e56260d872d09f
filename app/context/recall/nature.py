"""What a passage is by itself, whatever is asked: whether it tells something, of oneself, of a time."""

import math
import re
from dataclasses import dataclass

_OF_ONESELF = re.compile(r"\b(?:i|i['’]\w+|my|me|mine|we|we['’]\w+|us|our|ours|ich|je|yo|eu|io|я|我)\b", re.IGNORECASE)
_OF_TIME = re.compile(
    r"\b(?:yesterday|today|tonight|last|next|ago|week|weekend|month|year|spring|summer|autumn|winter|recently|since|just"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|\d+)\b",
    re.IGNORECASE,
)
_MOST_TIMES = 3
_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Nature:
    """`told`: how much a passage may tell, in the units of a ranking's score: more with each different word, less if
    it asks; `times`: words of time and numbers, from 0 to 1.5; `own`: whether it speaks of its speaker."""

    told: float
    times: float
    own: bool


def nature(text: str, different: int) -> Nature:
    """The nature of a passage of so many different terms.

    >>> nature("I went to Paris last week.", 3).own, nature("What about you?", 0).told
    (True, -2.0)
    """
    text = text[:_LOOKED_AT]
    times = min(_MOST_TIMES, len(_OF_TIME.findall(text))) / 2
    asks = text.rstrip().endswith(("?", "？", "؟"))
    return Nature(2 * math.log1p(different) - 2 * asks + times, times, _OF_ONESELF.search(text) is not None)
