"""Alerts of one cause under one heading: who is told hears of one thing, not of all that follows from it."""

from collections.abc import Iterable

from app.vocabulary import Alert

TOGETHER = 900.0
"""Seconds within which two alerts of the same cause began together."""

_URGENCY = {"page": 0, "ticket": 1, "info": 2}


def grouped(alerts: Iterable[Alert]) -> dict[str, str | None]:
    """For each alert that is alive, by id, the one that it is a part of, `None` where it stands for itself.

    Alerts with the same first cause that began together are one group; so are those about a provider and those that a
    provider causes. The most urgent leads, of these the oldest; one that leads goes on leading while it is alive.
    """
    leaders: list[Alert] = []
    found: dict[str, str | None] = {}
    for alert in sorted(filter(lambda one: one.alive, alerts), key=_order):
        leader = next((one for one in leaders if _together(one, alert)), None)
        found[alert.id] = leader.id if leader else None
        if leader is None:
            leaders.append(alert)
    return found


def _order(alert: Alert) -> tuple[bool, int, float, str]:
    return alert.part_of is not None, _URGENCY[alert.severity], alert.opened_at, alert.id


def _together(leader: Alert, alert: Alert) -> bool:
    if leader.workspace not in ("", alert.workspace):
        return False
    about = _about(leader)
    return about is not None and about == _about(alert) and abs(leader.since - alert.since) <= TOGETHER


def _about(alert: Alert) -> tuple[str, str] | None:
    """The cause that alerts are grouped by: the first one, or the provider that an alert is about itself."""
    if alert.rule in ("breaker", "provider_errors", "provider_latency"):
        return "provider", alert.subject.partition("/")[0]
    return (alert.causes[0].kind, alert.causes[0].subject) if alert.causes and alert.causes[0].weight else None
