"""The life of an alert: opened, seen again, quietened, closed. One a rule and subject, whoever sees it.

    (nobody saw it) ──► open ◄──────► quiet (until a time, by hand)
                          ▲              │
                          │   not seen for a while
                       seen again        ▼
                          └────────── closed

An alert is kept alive by being seen, by any replica: it closes when nobody has seen its reason for a while, and that a
replica dies closes nothing. Seen again soon after, it is the same one (`count` rises); later, a new one.
"""

from dataclasses import replace
from hashlib import sha256

from app.analytics.alerts.finding import Finding
from app.vocabulary import Alert, Cause

AGAIN = 1_800.0
"""Seconds after its end in which an alert that is seen again is the same one."""

_URGENCY = ("info", "ticket", "page")


def name(finding: Finding) -> str:
    """The id of an alert: the same whichever replica opens it.

    >>> name(Finding("breaker", "groq/llama", "", "ticket", 0.0))
    'breaker-53fa2ee39a5e2614'
    """
    told = "\x00".join((finding.rule, finding.subject, finding.workspace or ""))
    return f"{finding.rule}-{sha256(told.encode()).hexdigest()[:16]}"


def opened(finding: Finding, causes: tuple[Cause, ...], now: float) -> Alert:
    """A new alert."""
    return Alert(
        id=name(finding),
        workspace=finding.workspace or "",
        rule=finding.rule,
        subject=finding.subject,
        title=finding.title,
        severity=finding.severity,
        state="open",
        opened_at=now,
        since=min(finding.since, now),
        seen_at=now,
        observed=finding.observed,
        expected=finding.expected,
        unit=finding.unit,
        causes=causes,
    )


def seen(alert: Alert, finding: Finding, causes: tuple[Cause, ...], now: float) -> Alert:
    """An alert whose reason is there (again). One that is more urgent than before is told again; causes are those of
    when it began, until some are found."""
    if not alert.alive and now - (alert.closed_at or 0.0) > AGAIN:
        return replace(opened(finding, causes, now), version=alert.version + 1)
    worse = _URGENCY.index(finding.severity) > _URGENCY.index(alert.severity)
    again = not alert.alive
    changed = replace(
        alert,
        title=finding.title,
        severity=finding.severity if worse else alert.severity,
        seen_at=now,
        observed=finding.observed,
        expected=finding.expected,
        causes=causes or alert.causes,
        count=alert.count + again,
        version=alert.version + 1,
    )
    if again:
        changed = replace(changed, state="open", closed_at=None)
    return _with_news(changed) if worse or again else changed


def aged(alert: Alert, now: float, close_after: float) -> Alert:
    """An alert after some time: nobody has seen its reason for so many seconds, or it was quiet for long enough."""
    if not alert.alive:
        return alert
    if now - alert.seen_at > close_after:
        return _with_news(replace(alert, state="closed", closed_at=now, quiet_until=None, version=alert.version + 1))
    if alert.state == "quiet" and now >= (alert.quiet_until or 0.0):
        return _with_news(replace(alert, state="open", quiet_until=None, version=alert.version + 1))
    return alert


def quietened(alert: Alert, until: float) -> Alert:
    """An alert that nobody is told of until then, except that it closed."""
    return replace(alert, state="quiet", quiet_until=until, version=alert.version + 1)


def under(alert: Alert, leader: Alert | None) -> Alert:
    """An alert as a part of another one, or of none."""
    part = leader.id if leader else None
    return alert if alert.part_of == part else replace(alert, part_of=part, version=alert.version + 1)


def heard(alert: Alert, hook: str, news: int, hooks: tuple[str, ...]) -> Alert:
    """An alert of which a webhook has heard so many news."""
    told = {**alert.told, hook: news}
    left = any(told.get(one, 0) < alert.news for one in hooks)
    return replace(alert, told=told, pending="yes" if left else None, version=alert.version + 1)


def _with_news(alert: Alert) -> Alert:
    return replace(alert, news=alert.news + 1, pending="yes")
