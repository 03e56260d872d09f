"""One reason for an alert, as a rule sees it now."""

from dataclasses import dataclass

from app.analytics.alerts.causes import Question
from app.analytics.anomalies.minute import ALL, Label
from app.vocabulary import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found about a subject: since when (seconds since the epoch), what is seen and what was expected, in
    `unit`; unknown is `None`. `label` is whom the figures are about, `workspace` whose it is (`None`: everybody's)."""

    rule: str
    subject: str
    title: str
    severity: Severity
    since: float
    observed: float | None = None
    expected: tuple[float | None, float | None] | None = None
    unit: str | None = None
    workspace: str | None = None
    label: Label = ALL


_COUNTS: dict[str, tuple[str, str | None, str | None]] = {
    "quiet": ("turns", None, None),
    "load": ("turns", None, None),
    "failures": ("turns.failed", "turns", "calls.failed"),
    "task_failures": ("turns.failed", "turns", "calls.failed"),
    "slo": ("turns.failed", "turns", "calls.failed"),
    "degraded": ("turns.degraded", "turns", "calls.failed"),
    "latency": ("turns.ms", "turns", "calls.ms"),
    "overhead": ("turns.overhead_ms", "turns", None),
    "cost": ("cost", "turns", "cost"),
    "quality": ("feedback.helpful", "feedback", None),
    "provider_errors": ("calls.failed", "calls", "calls.failed"),
    "provider_latency": ("calls.ms", "calls", "calls.ms"),
    "breaker": ("calls.failed", "calls", "calls.failed"),
}
"""What each rule counts, of what, and what calls add to that."""


def question(finding: Finding) -> Question:
    """What is to be explained: about a task, by comparing it with the others."""
    over, of, calls = _COUNTS.get(finding.rule, ("turns", None, None))
    label = finding.label if finding.label[0] == "provider" else ALL
    return Question(finding.rule, over, of, calls, label, int(finding.since // 60))
