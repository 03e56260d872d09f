"""Quantiles of a stream of positive numbers in little memory, each within 1 % of the exact one; sketches add up.

Source: C. Masson, J. Rim, H. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
guarantees", VLDB 2019. There old buckets are merged when there are too many; here values end at bounds instead, so
that it does not matter in which order sketches are added.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil, log

ERROR = 0.01
"""The most by which a quantile differs from the exact one, as a share of it."""

LEAST, MOST = 1e-6, 1e10
"""What is smaller counts as zero, what is larger as the largest."""

_GAMMA = (1 + ERROR) / (1 - ERROR)
_PER_LOG = 1 / log(_GAMMA)
_MIDDLE = 2 / (1 + _GAMMA)
_ZERO = ceil(log(LEAST) * _PER_LOG) - 1
_LAST = ceil(log(MOST) * _PER_LOG)

BUCKETS = _LAST - _ZERO + 1
"""Buckets that a sketch has at most; 1 ms to 100 s take 576 of them."""


class Sketch:
    """Counts of values in buckets whose ends grow by 2 %.

    >>> sketch = Sketch()
    >>> for ms in range(1, 1_001):
    ...     sketch.add(ms)
    >>> [round(sketch.quantile(q)) for q in (0.5, 0.9, 0.99)]
    [498, 907, 983]
    """

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, value: float) -> None:
        """Counts a value; 0.4 µs."""
        # Not min() and max(): two calls cost as much as all the rest.
        if value <= LEAST:
            bucket = _ZERO
        elif value >= MOST:
            bucket = _LAST
        else:
            bucket = ceil(log(value) * _PER_LOG)
        counts = self._counts
        counts[bucket] = counts.get(bucket, 0) + 1

    def merge(self, other: "Sketch") -> None:
        """Adds what another sketch has seen: as if this one had seen it."""
        mine = self._counts
        for bucket, count in other._counts.items():
            mine[bucket] = mine.get(bucket, 0) + count

    def quantile(self, share: float) -> float | None:
        """The value below which this share (0 to 1) of the values are; `None` while there are none."""
        return self.quantiles((share,))[0]

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        """The same for several shares, in rising order."""
        total, found, seen = self.count, list[float | None](), 0
        if not total:
            return [None for _ in shares]
        buckets = iter(sorted(self._counts.items()))
        bucket = _ZERO
        for share in shares:
            rank = int(share * (total - 1))
            while seen <= rank:
                bucket, count = next(buckets)
                seen += count
            found.append(_value(bucket))
        return found

    @property
    def count(self) -> int:
        """Values counted."""
        return sum(self._counts.values())

    @property
    def total(self) -> float:
        """The sum of the values, within 1 %."""
        return sum(_value(bucket) * count for bucket, count in self._counts.items())

    def __bool__(self) -> bool:
        return bool(self._counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]

    def packed(self) -> list[int]:
        """As whole numbers for JSON: of each bucket how far it is past the one before, and its count.

        >>> sketch = Sketch()
        >>> for ms in (100, 100, 102.5):
        ...     sketch.add(ms)
        >>> sketch.packed(), Sketch.unpacked(sketch.packed()) == sketch
        ([231, 2, 1, 1], True)
        """
        flat, before = list[int](), 0
        for bucket, count in sorted(self._counts.items()):
            flat += (bucket - before, count)
            before = bucket
        return flat

    @classmethod
    def unpacked(cls, flat: Sequence[int]) -> "Sketch":
        """The sketch that was packed so; raises `ValueError` for anything that was not."""
        made = cls()
        buckets = [*accumulate(flat[::2])]
        if len(flat) % 2 or (buckets and not _ZERO <= buckets[0] <= buckets[-1] <= _LAST):
            raise ValueError("no packed sketch")
        made._counts = dict(zip(buckets, flat[1::2], strict=True))
        return made

    def copy(self) -> "Sketch":
        """One of its own that has seen the same."""
        made = Sketch()
        made._counts = self._counts.copy()
        return made


def _value(bucket: int) -> float:
    """The value that differs least, as a share, from both ends of its bucket."""
    return 0.0 if bucket == _ZERO else _GAMMA**bucket * _MIDDLE
