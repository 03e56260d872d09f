"""Likely causes of an alert, ranked by evidence: who explains the change, what changed just before, what parts say of
themselves.

Each candidate has a weight from 0 to 1. A provider, a model, a task or a workspace: its share of the change, as far
as it differs from its like (`shares.py`). A change (policy, experiment, deploy): how soon before it came, as far as
nothing else explains it. The service's own parts: their share of the time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.analytics.alerts.advice import BY_CAUSE
from app.analytics.alerts.changes import Change
from app.analytics.alerts.providers import sick
from app.analytics.alerts.shares import Part, Stretch, of_ratio, of_sum
from app.analytics.anomalies.minute import ALL, Label
from app.vocabulary import Cause

KEPT = 5
"""Causes that an alert names at most."""

_LEAST = 0.15
"""A candidate of less weight is none."""

_FADES = 10.0
"""Minutes before the beginning after which a change explains half as much."""

_LONGEST_AGO = 45.0
_LATE = 10.0
"""Minutes by which a beginning may be found too early: where little comes, it is not known better."""

_LONGER = 1.3
"""Factor by which prompts grow that is told."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be explained: the rule, what it counts (`over`, a turn where `of` says so), what calls add to that,
    and about whom it is; since when, in minutes since the epoch."""

    rule: str
    over: str
    of: str | None
    calls: str | None
    label: Label
    since: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sums since it began and of the hour before, and the changes of that time."""

    now: Stretch
    base: Stretch
    changes: Sequence[Change] = ()


_MAY: dict[str, dict[str, float]] = {
    "policy": {
        "quality": 0.9,
        "cost": 0.9,
        "latency": 0.8,
        "failures": 0.8,
        "task_failures": 0.8,
        "degraded": 0.7,
        "slo": 0.8,
    },
    "experiment": {"quality": 0.8, "cost": 0.8, "latency": 0.7, "failures": 0.6, "slo": 0.6},
    "arm": {"quality": 0.5, "cost": 0.6, "latency": 0.6},
    "deploy": {
        "failures": 0.8,
        "task_failures": 0.8,
        "quiet": 0.7,
        "overhead": 0.8,
        "degraded": 0.7,
        "latency": 0.7,
        "slo": 0.8,
    }
    | {"store": 0.6, "quality": 0.7, "cost": 0.7, "queue": 0.6},
}
"""How well a change of a kind, just before, would explain an alert of a rule."""


def causes(question: Question, evidence: Evidence) -> tuple[Cause, ...]:
    """The likely causes, the likeliest first."""
    measured = [*_providers(question, evidence), *_own(question, evidence), *_values(question, evidence)]
    best = max((cause.weight for cause in measured), default=0.0)
    changed = [_changed(question, change, best, evidence) for change in _recent(question, evidence.changes)]
    found = sorted((c for c in (*measured, *changed) if c.weight >= _LEAST), key=lambda cause: -cause.weight)
    return tuple(_once(found))[:KEPT] or _unknown(question, evidence.changes)


def _providers(question: Question, evidence: Evidence) -> list[Cause]:
    found = []
    for one in sick(question.label, question.calls, evidence.now, evidence.base):
        broke = [c.what for c in evidence.changes if c.kind == "breaker" and c.subject.startswith(one.name)]
        heard = (*one.evidence, *(f"its breaker: {what}" for what in broke[-1:]))
        found.append(
            Cause(
                f"{one.name} {one.how}",
                *(round(min(one.share, 1.0), 2), "; ".join(heard), BY_CAUSE[one.kind], "provider", one.provider),
                weight=min(one.share, 1.0) * one.distinct,
            )
        )
    return found


def _own(question: Question, evidence: Evidence) -> list[Cause]:
    """The store, and what else a turn waits for besides its provider."""
    now, base = evidence.now, evidence.base
    store, usual = now.ratio("store.ms", "store.checks"), base.ratio("store.ms", "store.checks")
    slow = store is not None and usual is not None and store > max(3 * usual, usual + 20)
    told = f"a round trip to it takes {store:.0f} ms, {usual:.0f} ms before" if store and usual else "it is slow"
    if question.rule == "store":
        return [Cause("the store", 1.0, told if slow else "it does not answer in time", *_store(), weight=1.0)]
    if question.rule not in ("latency", "overhead", "slo"):
        return []
    own, before = now.ratio("turns.overhead_ms", "turns"), base.ratio("turns.overhead_ms", "turns")
    total, was = now.ratio("turns.ms", "turns"), base.ratio("turns.ms", "turns")
    if own is None or before is None or total is None or was is None or own <= before or total <= was:
        return []
    share = 1.0 if question.rule == "overhead" else min((own - before) / (total - was), 1.0)
    spent = f"{own:.0f} ms of a turn are not its provider's, {before:.0f} ms before"
    if slow:
        return [Cause("the store", round(share, 2), f"{told}; {spent}", *_store(), weight=share)]
    return [Cause("this service itself", round(share, 2), spent, BY_CAUSE["own"], "own", "", weight=0.7 * share)]


def _store() -> tuple[str, str, str]:
    return BY_CAUSE["store"], "store", ""


def _values(question: Question, evidence: Evidence) -> list[Cause]:
    """Workspaces and tasks that explain more than their part."""
    if question.label != ALL:
        return []
    found: list[Cause] = []
    for dimension in ("workspace", "task"):
        parts = _parts(question, evidence, dimension)
        found += [_value(evidence, part) for part in parts if part.lift > 0]
    return found


def _parts(question: Question, evidence: Evidence, dimension: str) -> list[Part]:
    if question.of is None:
        return of_sum(evidence.now, evidence.base, question.over, dimension)
    return of_ratio(evidence.now, evidence.base, (question.over, question.of), dimension)


def _value(evidence: Evidence, part: Part) -> Cause:
    dimension, name = part.label
    told = [f"{_share(part.share)} of the change, {_share(part.before)} of the turns before"]
    longer = _longer(evidence, part.label)
    if longer:
        told.append(f"its prompts are {longer:.1f} times as long")
    return Cause(
        f"{dimension} {name}",
        *(round(min(part.share, 1.0), 2), "; ".join(told), BY_CAUSE[dimension], dimension, name),
        weight=min(part.share, 1.0) * part.lift,
        workspace=name if dimension == "workspace" else None,
    )


def _longer(evidence: Evidence, label: Label) -> float | None:
    """By what factor prompts have grown, if that is worth a word."""
    now, before = (one.ratio("tokens.input", "turns", label) for one in (evidence.now, evidence.base))
    return now / before if now and before and now > _LONGER * before else None


def _recent(question: Question, changes: Iterable[Change]) -> list[Change]:
    """Those that came shortly before, and may have to do with it; of the same subject only the last."""
    near = (c for c in changes if -_LATE <= question.since - c.at / 60 <= _LONGEST_AGO)
    return list({(c.kind, c.subject): c for c in near if question.rule in _MAY.get(c.kind, {})}.values())


def _changed(question: Question, change: Change, best: float, evidence: Evidence) -> Cause:
    """A change explains what nothing else does. One of a workspace explains what happens there."""
    ago = question.since - change.at / 60
    near = _MAY[change.kind][question.rule] * 0.5 ** (abs(ago) / _FADES)
    if change.workspace is not None:
        parts = _parts(question, evidence, "workspace") if question.label == ALL else []
        there = max((p.share for p in parts if p.label[1] == change.workspace), default=0.0)
        weight = near * min(max(there, 0.0), 1.0)
    else:
        weight = near * (1 - best)
    told = [f"{ago:.0f} min before it began" if ago >= 1 else "just as it began"]
    longer = _longer(evidence, ALL)
    if longer and change.kind in ("policy", "experiment"):
        told.append(f"prompts are {longer:.1f} times as long since")
    what = f"{change.kind} {change.subject}: {change.what}"
    advice = BY_CAUSE[change.kind]
    return Cause(what, None, "; ".join(told), advice, change.kind, change.subject, weight, change.workspace)


def _unknown(question: Question, changes: Sequence[Change]) -> tuple[Cause, ...]:
    """Where figures explain nothing: whom it is about, and what people outside the service do."""
    if question.label[0] == "provider":
        name = question.label[1]
        broke = [f"its breaker: {c.what}" for c in changes if c.kind == "breaker" and c.subject.startswith(name)]
        told = broke[-1] if broke else "too few calls to say more"
        return (Cause(f"{name} fails", None, told, BY_CAUSE["down"], "provider", name, 0.2),)
    if question.rule not in ("quiet", "load"):
        return ()
    less = "fewer" if question.rule == "quiet" else "more"
    evidence = f"all workspaces and tasks have {less} turns alike, and nothing was changed"
    return (Cause("outside the service", None, evidence, BY_CAUSE["front"], "front", "", 0.0),)


def _once(found: Iterable[Cause]) -> Iterable[Cause]:
    """The first of each subject."""
    return {(cause.kind, cause.subject): cause for cause in reversed(list(found))}.values().__reversed__()


def _share(part: float) -> str:
    return f"{min(max(part, 0.0), 1.0):.0%}"
