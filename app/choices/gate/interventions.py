"""What the gate did, as a record for people to read."""

from dataclasses import dataclass
from enum import StrEnum

from app.vocabulary import Choice


class What(StrEnum):
    """What was done."""

    SUSPENDED = "suspended"
    """Its rewards fell under the bar."""

    HARM = "harm"
    """It hurt somebody."""

    COOLED = "cooled"
    """It passed its probation."""

    BUDGET = "budget"
    """A learner's trials of this hour are spent."""

    CRITICAL = "critical"
    """Only approved arms were allowed."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing that the gate did at a time: to an arm, or (`None`) to all that were not allowed; `until` says how long
    where it is known. Times are in seconds since the epoch."""

    choice: Choice
    context: str
    arm: str | None
    what: What
    reason: str
    at: float
    until: float | None = None
