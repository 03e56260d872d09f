"""What was fetched ahead of a question: how much of it was asked for, and how much for nothing."""

from collections import OrderedDict

from app.storage.segments import Owner

_WASTED_AFTER = 600.0
"""Seconds after which what nobody asked for counts as wasted."""


class Ahead:
    """Counts memories that were fetched ahead until they are asked, or are not."""

    def __init__(self) -> None:
        self._since: OrderedDict[Owner, float] = OrderedDict()
        self.counts = {"made": 0, "used": 0, "wasted": 0}

    def made(self, owner: Owner, now: float) -> None:
        """Notes that a memory was fetched ahead; `now` by the monotonic clock."""
        self.tidy(now)
        self.counts["made"] += 1
        if self._since.pop(owner, None) is not None:  # the fetch before it was of no use
            self.counts["wasted"] += 1
        self._since[owner] = now

    def used(self, owner: Owner) -> None:
        """Notes that a memory was asked."""
        if self._since.pop(owner, None) is not None:
            self.counts["used"] += 1

    def lost(self, owner: Owner) -> None:
        """Notes that a memory is gone."""
        if self._since.pop(owner, None) is not None:
            self.counts["wasted"] += 1

    def tidy(self, now: float) -> None:
        """Gives up what was not asked for in 10 minutes."""
        while self._since and now - next(iter(self._since.values())) > _WASTED_AFTER:
            self._since.popitem(last=False)
            self.counts["wasted"] += 1
