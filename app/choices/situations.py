"""Situations in numbers: what a context's key says, as features of a fixed length, and the wider group it is in."""

from functools import lru_cache
from hashlib import blake2b
from math import sqrt

from app.choices.segments import wishes
from app.vocabulary import Task

_HASHED = 6
"""Signs that stand for the subject, and for how the learner wants to be taught: of both there may be any number."""

_BANDS = (("low", "high"), ("weak", "strong"))
"""Of affect and of mastery, beside the ones in the middle, which are zeros as what is not known."""

WIDTH = 1 + len(Task) + 2 * _HASHED + sum(len(bands) for bands in _BANDS)
"""How many features there are."""


def domain(context: str) -> str:
    """The wider group of a context: its task and subject.

    >>> domain("practice/algebra/low/weak")
    'practice/algebra'
    """
    return "/".join(context.split("/")[:2])


def features(context: str, segment: str = "") -> tuple[float, ...]:
    """What a linear model sees of a context and of whom its learner is like (`segments`): a one, the task, the signs of
    the subject, the bands of affect and mastery, and the signs of how the learner wants to be taught, `WIDTH` numbers
    whatever these are. So a new learner is met as those are that want to be taught alike.

    A name becomes a vector of signs of length one, by hash (Weinberger et al. 2009): any two are nearly at right
    angles, so that they share little but by chance and need no table; what is not known is zeros.

    >>> features("practice/algebra/low/weak")[:8]
    (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    >>> len(features("practice/algebra/low/weak", "pace=slow")) == len(features("")) == WIDTH
    True
    """
    return (*_of_context(context), *_signs(wishes(segment)))


@lru_cache(maxsize=4096)
def _of_context(context: str) -> tuple[float, ...]:
    task, subject, affect, mastery = ([*context.split("/"), "", "", "", ""])[:4]
    bands = zip((affect, mastery), _BANDS, strict=True)
    return (
        1.0,
        *(float(task == each) for each in Task),
        *_signs(subject),
        *(float(seen == band) for seen, known in bands for band in known),
    )


@lru_cache(maxsize=4096)
def _signs(name: str) -> tuple[float, ...]:
    if name in ("", "unknown"):
        return (0.0,) * _HASHED
    bits = blake2b(name.encode(), digest_size=1).digest()[0]
    length = 1.0 / sqrt(_HASHED)
    return tuple(length if bits >> n & 1 else -length for n in range(_HASHED))
