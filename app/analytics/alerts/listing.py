"""Alerts as operators read them."""

from collections.abc import Iterable
from typing import Any

from app.analytics.alerts.advice import BY_RULE
from app.clock import iso
from app.vocabulary import Alert, Cause

_URGENCY = {"page": 0, "ticket": 1, "info": 2}


Place = tuple[float, float, float, str]
"""Where an alert stands in the list."""


def placed(
    alerts: Iterable[Alert], workspace: str | None, state: str | None = None
) -> list[tuple[Place, dict[str, Any]]]:
    """The alerts of everybody and of a workspace (`None`: of all), each with its place: the alive ones first, the
    urgent ones first, the newest first."""
    there = [alert for alert in alerts if workspace is None or alert.workspace in ("", workspace)]
    parts: dict[str, list[str]] = {}
    for alert in there:
        if alert.part_of and alert.alive:
            parts.setdefault(alert.part_of, []).append(alert.id)
    wanted = sorted((alert for alert in there if state in (None, alert.state)), key=_place)
    return [(_place(alert), told(alert, workspace, parts.get(alert.id, ()))) for alert in wanted]


def told(alert: Alert, workspace: str | None, parts: Iterable[str] = ()) -> dict[str, Any]:
    """One alert; causes of other workspaces are told without their names. `None`: to who sees all of them."""
    return {
        "id": alert.id,
        "rule": alert.rule,
        "title": alert.title,
        "severity": alert.severity,
        "state": alert.state,
        "opened_at": iso(alert.opened_at),
        "since": iso(alert.since),
        "closed_at": None if alert.closed_at is None else iso(alert.closed_at),
        "quiet_until": None if alert.quiet_until is None else iso(alert.quiet_until),
        "workspace": alert.workspace or None,
        "subject": alert.subject,
        "observed": alert.observed,
        "expected": alert.expected,
        "unit": alert.unit,
        "count": alert.count,
        "causes": [_cause(cause, workspace) for cause in alert.causes],
        "advice": BY_RULE.get(alert.rule),
        "grouped": sorted(parts),
        "part_of": alert.part_of,
    }


def _cause(cause: Cause, workspace: str | None) -> dict[str, Any]:
    hidden = workspace is not None and cause.workspace not in (None, workspace)
    what = "another workspace" if hidden else cause.what
    return {"what": what, "share": cause.share, "evidence": cause.evidence, "advice": cause.advice}


def _place(alert: Alert) -> Place:
    urgency = _URGENCY[alert.severity] if alert.alive else 0
    return not alert.alive, urgency, -(alert.closed_at or alert.opened_at), alert.id
