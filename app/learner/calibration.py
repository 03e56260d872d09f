"""How good predictions of this process have been: a running figure over the answers that came last."""

from collections import deque
from math import log

WINDOW = 2_000


class Calibration:
    """The last 2,000 predictions and what came of them.

    >>> calibration = Calibration()
    >>> for right in (True, True, False, True):
    ...     calibration.add(0.75, right=right)
    >>> round(calibration.log_loss() or 0, 3), round(calibration.rate_log_loss() or 0, 3)
    (0.562, 0.562)
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[float, bool]] = deque(maxlen=WINDOW)

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, predicted: float, *, right: bool) -> None:
        """Notes one prediction."""
        self._kept.append((min(max(predicted, 1e-6), 1 - 1e-6), right))

    def log_loss(self) -> float | None:
        """Mean of -log of the chance given to what came; `None` before the first answer."""
        if not self._kept:
            return None
        return -sum(log(p if right else 1 - p) for p, right in self._kept) / len(self._kept)

    def rate_log_loss(self) -> float | None:
        """The same of one who always says the share of right answers among these."""
        right = sum(r for _, r in self._kept)
        wrong = len(self._kept) - right
        if not self._kept:
            return None
        return -sum(n * log(n / len(self._kept)) for n in (right, wrong) if n) / len(self._kept)

    def bias(self) -> float | None:
        """Mean prediction less the share that was right."""
        return sum(p - right for p, right in self._kept) / len(self._kept) if self._kept else None
