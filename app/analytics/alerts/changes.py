"""What changed of late: kept for a while, because it may explain what happens next."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

KEPT = 200
"""Changes that are remembered."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed; `at` in seconds since the epoch, the rest as in `events.Changed`."""

    at: float
    kind: str
    subject: str
    what: str
    workspace: str | None = None


class Changes:
    """The newest changes."""

    def __init__(self) -> None:
        self._kept: deque[Change] = deque(maxlen=KEPT)

    def note(self, change: Change) -> None:
        """Remembers a change; the same one, heard of twice, once."""
        if change not in self._kept:
            self._kept.append(change)

    def between(self, since: float, until: float) -> Iterable[Change]:
        """Those of a stretch of time, oldest first."""
        return [change for change in sorted(self._kept, key=lambda one: one.at) if since <= change.at <= until]
