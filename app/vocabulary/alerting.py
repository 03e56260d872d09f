"""Alerts and what they come from: the nouns of what operators are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.vocabulary.keeping import SCHEMA

Severity = Literal["page", "ticket", "info"]
"""Wake somebody; somebody's work of tomorrow; good to know."""


@dataclass(frozen=True)
class Cause:
    """A likely cause; `weight` ranks it, `share` is its part of the change where that can be measured. `kind` and
    `subject` are what alerts are grouped by; one of a `workspace` is told to nobody else."""

    what: str
    share: float | None
    evidence: str
    advice: str
    kind: str
    subject: str
    weight: float
    workspace: str | None = None


@dataclass(frozen=True)
class Alert:
    """One alert as it is kept. Times are seconds since the epoch. `workspace` is empty for what is everybody's.

    `version` counts its changes; `news` counts those that are told (opened, more urgent, closed), `told` how many of
    them each webhook has heard (0 where that was there when it opened and has heard none); `pending` is there while one
    has not heard all. `part_of` is the alert that it is grouped under: only that one is told.
    """

    id: str
    workspace: str
    rule: str
    subject: str
    title: str
    severity: Severity
    state: str
    opened_at: float
    since: float
    seen_at: float
    closed_at: float | None = None
    quiet_until: float | None = None
    observed: float | None = None
    expected: tuple[float | None, float | None] | None = None
    unit: str | None = None
    count: int = 1
    causes: tuple[Cause, ...] = ()
    part_of: str | None = None
    version: int = 1
    news: int = 1
    told: Mapping[str, int] = field(default_factory=dict)
    pending: str | None = "yes"
    schema: int = SCHEMA

    @property
    def alive(self) -> bool:
        """Whether its reason is there, told or not."""
        return self.state != "closed"

    @property
    def episode(self) -> str:
        """Its name as one that began then: an id is used again when the same thing happens later."""
        return f"{self.id}.{int(self.opened_at)}"
