"""Whether counts are as lots were drawn, at any look: pure.

Both are e-values: under the hypothesis their mean is at most 1 whenever one stops to look, so that the share of
experiments in which one ever reaches 20 is at most 1/20 (Ville 1939; Ramdas et al. 2023, "Game-theoretic statistics and
safe anytime-valid inference", Statistical Science 38).
"""

import math
from collections.abc import Sequence

_GRID = 64


def ratio_evidence(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Evidence that units were not dealt to arms in these shares: the Dirichlet-multinomial test of Lindon & Malek
    (2022, "Anytime-valid inference for multinomial count data", NeurIPS 35), all shares alike beforehand.

    >>> ratio_evidence([510, 490], [0.5, 0.5]) < 1 < 1_000 < ratio_evidence([600, 400], [0.5, 0.5])
    True
    """
    total, arms = sum(counts), len(counts)
    mixed = math.lgamma(arms) - math.lgamma(total + arms) + sum(math.lgamma(n + 1) for n in counts)
    drawn = sum(n * math.log(share) for n, share in zip(counts, shares, strict=True) if n)
    return math.exp(min(mixed - drawn, 700.0))


def chi_square_p(counts: Sequence[int], shares: Sequence[float]) -> float | None:
    """The p-value of Pearson's chi-square test that units were dealt in these shares, for one look; `None` without
    units.

    >>> round(chi_square_p([600, 400], [0.5, 0.5]), 3), round(chi_square_p([510, 490], [0.5, 0.5]), 2)
    (0.0, 0.53)
    """
    total, freedom = sum(counts), len(counts) - 1
    if not total:
        return None
    half = sum((n - total * share) ** 2 / (total * share) for n, share in zip(counts, shares, strict=True)) / 2
    # Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1), Abramowitz & Stegun 6.5.21, from a = 1/2 or 1.
    a = 0.5 if freedom % 2 else 1.0
    found = math.erfc(math.sqrt(half)) if freedom % 2 else math.exp(-half)
    while a < freedom / 2:
        found += half**a * math.exp(-half) / math.gamma(a + 1)
        a += 1
    return found


def excess_evidence(mine: int, others: int, share: float) -> float:
    """Evidence that of rare events more are `mine` than the `share` (0 to 1) that chance deals me: a mixture of
    binomial likelihood ratios over larger shares, exact for any number of events.

    >>> excess_evidence(1, 0, 0.5) < 2, excess_evidence(5, 0, 0.5) > 10, excess_evidence(20, 20, 0.5) < 1
    (True, True, True)
    """
    grid = (share + (1 - share) * (n + 0.5) / _GRID for n in range(_GRID))
    logs = [mine * math.log(p / share) + others * math.log((1 - p) / (1 - share)) for p in grid]
    most = max(logs)
    return math.exp(min(most + math.log(sum(math.exp(one - most) for one in logs) / _GRID), 700.0))
