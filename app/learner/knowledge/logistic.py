"""Log odds and chances."""

from math import exp

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LIMIT = 9.0
"""Log odds that are ever said, either way: one wrong answer in eight thousand."""


def chance(log_odds: float) -> float:
    """The probability at such log odds, of those that are ever said.

    >>> chance(0.0), chance(1e9) < 1.0
    (0.5, True)
    """
    return 1.0 / (1.0 + exp(-max(-LIMIT, min(LIMIT, log_odds))))
