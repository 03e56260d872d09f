"""Which series are watched, how each is measured, and what change in it is worth a person's attention."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from app.stats.scales import Count, Mean, Scale, Share

Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Watched:
    """One figure: `over`, of `of` where it is a share or a mean; by a dimension, or of everything.

    `least` is the smallest change that anybody would want to hear of: points of a share (0.05), else a factor (1.5).
    `unit` is what it is told in. `few` are the fewest things (turns, calls) of a minute that are judged; minutes with
    fewer are put together.
    """

    name: str
    scale: Scale
    over: str
    side: Side
    least: float
    unit: str
    of: str | None = None
    by: str = ""
    few: float = 1.0

    def bound(self, expected: float) -> float:
        """The value from which on a change is worth attention, as people read it."""
        if isinstance(self.scale, Share):
            return expected + self.least if self.side == "high" else expected - self.least
        return expected * self.least if self.side == "high" else expected / self.least


WATCHED: Mapping[str, Watched] = MappingProxyType(
    {
        one.name: one
        for one in (
            Watched("quiet", Count(), "turns", "low", 2.0, "turns/min"),
            Watched("load", Count(), "turns", "high", 2.5, "turns/min"),
            Watched("failures", Share(), "turns.failed", "high", 0.03, "share", of="turns"),
            Watched("task_failures", Share(), "turns.failed", "high", 0.1, "share", of="turns", by="task", few=3),
            Watched("degraded", Share(), "turns.degraded", "high", 0.05, "share", of="turns"),
            Watched("latency", Mean(), "turns.ms", "high", 1.5, "ms", of="turns", few=3),
            Watched("overhead", Mean(), "turns.overhead_ms", "high", 2.0, "ms", of="turns", few=3),
            Watched("cost", Mean(), "cost", "high", 1.5, "USD/turn", of="turns", few=3),
            Watched("quality", Share(), "feedback.helpful", "low", 0.05, "share", of="feedback", few=10),
            Watched("provider_errors", Share(), "calls.failed", "high", 0.1, "share", of="calls", by="provider"),
            Watched(
                "provider_latency", Mean(), "calls.first_ms", "high", 1.5, "ms", of="calls.first", by="provider", few=3
            ),
        )
    }
)
"""By name; each is a rule of `config/alerts.toml` that may be tuned or switched off."""
