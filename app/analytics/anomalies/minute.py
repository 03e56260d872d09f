"""One minute of the service in sums: by series and label, so that minutes and replicas add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Label = tuple[str, str]
"""A dimension and its value, such as `("provider", "groq")`."""

ALL: Label = ("", "")
"""Of everything."""

Sums = Mapping[tuple[str, Label], float]
"""By name of the series and label; what is not there was not seen, which to a sum is zero."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What was counted in one minute; `at` are minutes since the epoch.

    >>> Minute(1, {("turns", ALL): 3.0}).of("turns")
    3.0
    """

    at: int
    sums: Sums = field(default_factory=dict)

    def of(self, name: str, label: Label = ALL) -> float:
        """A sum of it."""
        return self.sums.get((name, label), 0.0)


def added(minutes: Iterable[Minute]) -> Sums:
    """The sums of some minutes.

    >>> added([Minute(1, {("turns", ALL): 3.0}), Minute(2, {("turns", ALL): 1.0})])
    {('turns', ('', '')): 4.0}
    """
    total: dict[tuple[str, Label], float] = {}
    for minute in minutes:
        for key, value in minute.sums.items():
            total[key] = total.get(key, 0.0) + value
    return total


def labels(sums: Sums, name: str, dimension: str) -> list[Label]:
    """The labels of a dimension that a series has.

    >>> labels({("calls", ("provider", "a")): 1.0, ("calls", ALL): 1.0}, "calls", "provider")
    [('provider', 'a')]
    """
    return sorted(label for series, label in sums if series == name and label[0] == dimension)
