"""Where an arm did harm it is not tried again for a while: neither there nor in the contexts around."""

from collections.abc import Mapping
from typing import Any

_FIRST, _LONGEST = 86_400.0, 30 * 86_400.0
"""Seconds of a first suspension, which doubles with each harm, and of the longest."""

_DOMAINS = 10_000
"""Domains that are remembered; the one where harm was done first is forgotten first."""


class Harms:
    """What was suspended where; `until` is in seconds since the epoch.

    >>> harms = Harms()
    >>> harms.add("practice/algebra", "quiz", 0.0)
    >>> harms.free("practice/algebra", ("quiz", "hint"), 3600.0), harms.free("practice/algebra", ("quiz",), 90_000.0)
    (('hint',), ('quiz',))
    """

    def __init__(self) -> None:
        self.until: dict[str, dict[str, tuple[int, float]]] = {}

    def add(self, domain: str, arm: str, at: float) -> None:
        """An arm did harm in a context of the domain."""
        arms = self.until.setdefault(domain, {})
        count = arms.get(arm, (0, 0.0))[0] + 1
        arms[arm] = count, at + min(_FIRST * 2.0 ** min(count - 1, 10), _LONGEST)
        if len(self.until) > _DOMAINS:
            del self.until[next(iter(self.until))]

    def free(self, domain: str, arms: tuple[str, ...], at: float) -> tuple[str, ...]:
        """Those of the arms that are not suspended."""
        here = self.until.get(domain)
        if here is None:
            return arms
        return tuple(arm for arm in arms if here.get(arm, (0, at))[1] <= at)

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {domain: {arm: list(one) for arm, one in arms.items()} for domain, arms in self.until.items()}

    def restore(self, *kept: Mapping[str, Any]) -> None:
        """Takes all of what was kept, the longest suspension of each."""
        self.until = {}
        for domain, arms in (item for each in kept for item in each.items()):
            here = self.until.setdefault(domain, {})
            for arm, (count, until) in arms.items():
                known = here.get(arm, (0, 0.0))
                here[arm] = max(known[0], count), max(known[1], until)
