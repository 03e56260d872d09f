"""Situations in numbers: what a context's key says, as features of a fixed length, and the wider group it is in."""

from functools import lru_cache
from hashlib import blake2b
from math import sqrt

from app.vocabulary import Task

_HASHED = 6
"""Signs that stand for the subject, of which there may be any number."""

_BANDS = (("low", "high"), ("weak", "strong"))
"""Of affect and of mastery, beside the ones in the middle, which are zeros as what is not known."""

WIDTH = 1 + len(Task) + _HASHED + sum(len(bands) for bands in _BANDS)
"""How many features there are."""


def domain(context: str) -> str:
    """The wider group of a context: its task and subject.

    >>> domain("practice/algebra/low/weak")
    'practice/algebra'
    """
    return "/".join(context.split("/")[:2])


@lru_cache(maxsize=4096)
def features(context: str) -> tuple[float, ...]:
    """What a linear model sees of a context: a one, the task, the signs of the subject, and the bands of affect and
    mastery, `WIDTH` numbers whatever the context.

    A subject becomes a vector of signs of length one, by hash (Weinberger et al. 2009): any two are nearly at right
    angles, so that subjects share little but by chance and need no table.

    >>> features("practice/algebra/low/weak")[:8]
    (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    >>> len(features("practice/algebra/low/weak")) == len(features("")) == WIDTH
    True
    """
    task, subject, affect, mastery = ([*context.split("/"), "", "", "", ""])[:4]
    bands = zip((affect, mastery), _BANDS, strict=True)
    return (
        1.0,
        *(float(task == each) for each in Task),
        *_signs(subject),
        *(float(seen == band) for seen, known in bands for band in known),
    )


def _signs(subject: str) -> tuple[float, ...]:
    if subject in ("", "unknown"):
        return (0.0,) * _HASHED
    bits = blake2b(subject.encode(), digest_size=1).digest()[0]
    length = 1.0 / sqrt(_HASHED)
    return tuple(length if bits >> n & 1 else -length for n in range(_HASHED))
