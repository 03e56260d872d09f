"""Which entries of a log were learned from, known by their ids: all up to a horizon, and some past it.

Ids are UUIDv7: their order is that of time, but for the clocks of replicas and for what was long on its way to the
store. So what lies within `OVERLAP` of the newest one that was read in the log is remembered id by id and read again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.clock import before

OVERLAP = 120.0
"""Seconds by which an entry may come late, or a replica's clock be behind, and still be learned from at once; what is
later than that is learned by `masterx rebuild`."""


@dataclass(slots=True)
class Applied:
    """What was learned from; `horizon` sorts after all ids that are taken as learned without being remembered, and
    before all that were made less than `OVERLAP` before the log was read last."""

    horizon: str = ""
    recent: set[str] = field(default_factory=set)

    def has(self, entry: str) -> bool:
        """Whether an entry was learned from, or is too late to be."""
        return entry <= self.horizon or entry in self.recent

    def add(self, entry: str) -> None:
        """Notes that an entry is learned from."""
        self.recent.add(entry)

    def settle(self, horizon: str) -> None:
        """Notes that the log was read up to some time after a horizon: nothing before it is remembered any more."""
        if horizon > self.horizon:
            self.horizon = horizon
            self.recent = {entry for entry in self.recent if entry > horizon}

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {"horizon": self.horizon, "recent": sorted(self.recent)}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Applied":
        """From such JSON."""
        recent: Iterable[str] = kept["recent"]
        return cls(kept["horizon"], {*recent})


def earlier(entry: str) -> str:
    """What sorts before all ids made less than `OVERLAP` before this one.

    >>> earlier("01893b3e-0000-7000-8000-000000000000"), earlier("")
    ('01893b3c-2b40', '')
    """
    return before(int(entry[:8] + entry[9:13], 16) / 1000 - OVERLAP) if entry else ""
