"""What a passage is by itself, whatever is asked: whether it tells something, of oneself, of a time."""

import re
from dataclasses import dataclass

_OF_ONESELF = re.compile(r"\b(?:i|i['’]\w+|my|me|mine|we|we['’]\w+|us|our|ours|ich|je|yo|eu|io|я|我)\b", re.IGNORECASE)
_OF_TIME = re.compile(
    r"\b(?:yesterday|today|tonight|last|next|ago|week|weekend|month|year|spring|summer|autumn|winter|recently|since|just"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|\d+)\b",
)
_NAME = re.compile(r"(?<![.!?\n] )(?<!^)\b[A-Z][a-z]+")
_MOST_TIMES = 3
_MOST_NAMES = 5
_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Nature:
    """`told`: what a passage is likely to tell, in the units of a ranking's score: less if all it does is ask, more
    with times and names; `times`: words of time and numbers, from 0 to 1.5; `own`: whether it speaks of its speaker;
    `asks`: whether it asks anything."""

    told: float
    times: float
    own: bool
    asks: bool


def nature(text: str) -> Nature:
    """The nature of a passage.

    >>> nature("I went to Paris last week.").own, nature("What about you?").told
    (True, -2.0)
    """
    text = text[:_LOOKED_AT]
    times = min(_MOST_TIMES, len(_OF_TIME.findall(text.lower()))) / 2  # twice as fast as to ignore case
    names = min(_MOST_NAMES, len(_NAME.findall(text))) / 6
    told = times + names - 2 * text.rstrip().endswith(("?", "？", "؟"))
    return Nature(told, times, _OF_ONESELF.search(text) is not None, any(mark in text for mark in "?？؟"))
