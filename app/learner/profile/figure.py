"""A running figure that knows how sure it is, which way it moves and what it rests on; bounded, pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

EVIDENCE = 5
"""Newest ids that stand as evidence."""

_RECENT = 0.1
"""What the newest value counts in the recent mean."""

_Z = 1.96


@dataclass(frozen=True, slots=True)
class Figure:
    """Mean and spread of the values so far (Welford 1962, doi 10.2307/1266577), and a recent mean beside them."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    recent: float = 0.0
    evidence: tuple[str, ...] = ()

    def after(self, value: float, event_id: str) -> "Figure":
        """With one more value.

        >>> Figure().after(1.0, "a").after(3.0, "b").mean
        2.0
        """
        n, gap = self.n + 1, value - self.mean
        mean = self.mean + gap / n
        recent = value if not self.n else self.recent + max(_RECENT, 1 / n) * (value - self.recent)
        kept = (*self.evidence, event_id)[-EVIDENCE:]
        return Figure(n, mean, self.squares + gap * (value - mean), recent, kept)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true mean is, with 95 %."""
        reach = _Z * sqrt(self.squares / max(1, self.n - 1) / max(1, self.n))
        return self.mean - reach, self.mean + reach

    @property
    def share(self) -> tuple[float, float]:
        """The same of values that are 0 or 1 (Wilson 1927, doi 10.1080/01621459.1927.10502953).

        >>> low, high = Figure(n=10, mean=1.0).share
        >>> round(low, 2), high
        (0.72, 1.0)
        """
        n, square = max(1, self.n), _Z**2
        middle = (self.mean + square / (2 * n)) / (1 + square / n)
        reach = _Z * sqrt(self.mean * (1 - self.mean) / n + square / (4 * n * n)) / (1 + square / n)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    @property
    def trend(self) -> float | None:
        """The recent mean less the whole one; `None` before there is a recent one to tell apart."""
        return self.recent - self.mean if self.n >= 2 / _RECENT else None

    def kept(self) -> list[Any]:
        """As JSON."""
        return [self.n, self.mean, self.squares, self.recent, [*self.evidence]]

    @classmethod
    def of(cls, kept: list[Any]) -> "Figure":
        """From such JSON."""
        n, mean, squares, recent, evidence = kept
        return cls(n, mean, squares, recent, tuple(evidence))


def together(figures: Iterable[Figure]) -> Figure:
    """One figure of the values of several; the spread is not known of it, so only its mean and share mean anything.

    >>> together([Figure().after(1.0, "a"), Figure().after(0.0, "b")]).mean
    0.5
    """
    known = [figure for figure in figures if figure.n]
    n = sum(figure.n for figure in known)
    mean = sum(figure.n * figure.mean for figure in known) / max(1, n)
    return Figure(n, mean, evidence=tuple(one for figure in known for one in figure.evidence)[-EVIDENCE:])


def counted(figures: Mapping[str, Figure], name: str, value: tuple[float, str], most: int) -> dict[str, Figure]:
    """A value and its event's id added under a name, in the last place; of more than `most` names the oldest goes."""
    rest = {other: figure for other, figure in figures.items() if other != name}
    found = {**rest, name: figures.get(name, Figure()).after(*value)}
    if len(found) > most:
        del found[next(iter(found))]
    return found


def kept(figures: Mapping[str, Figure]) -> list[list[Any]]:
    """Figures by name as JSON, in their order, which says which one goes first."""
    return [[name, figure.kept()] for name, figure in figures.items()]


def of(written: Iterable[list[Any]]) -> dict[str, Figure]:
    """From such JSON."""
    return {name: Figure.of(figure) for name, figure in written}
