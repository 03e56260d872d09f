"""Which providers are unwell, how, and how much of a change that explains."""

from dataclasses import dataclass
from math import log
from statistics import median
from typing import NamedTuple

from app.analytics.alerts.shares import Stretch, of_calls, of_failures
from app.analytics.anomalies.minute import ALL, Label, labels

_UNWELL = 0.25
"""Sickness from which on a provider is one: a quarter of a doubling of what calls take, or 5 points more failures."""

_POINTS = 0.2
"""So many points more of failures weigh as much as calls that take twice as long."""

_FEW = 3
"""Calls that show something."""

_HOWS = {
    "busy": "turns calls down (429)",
    "down": "is down (5xx, or no connection)",
    "timeout": "keeps silent",
    "credential": "refuses its key",
}


class _Unwell(NamedTuple):
    """A provider, its share of the change, and how far others differ from it."""

    label: Label
    share: float
    distinct: float


@dataclass(frozen=True, slots=True)
class Sick:
    """A provider, or one model of it, as `name`: what is wrong in words and as `advice.BY_CAUSE` has it, what part of
    the change it explains, and how far the others differ from it (1: nobody else is unwell)."""

    name: str
    provider: str
    how: str
    kind: str
    share: float
    distinct: float
    evidence: tuple[str, ...]


def sick(label: Label, calls: str | None, now: Stretch, base: Stretch) -> list[Sick]:
    """The unwell ones; `calls` is what calls add to the change, of everything or of one provider (`label`)."""
    took = "cost" if calls == "cost" else "calls.ms"
    ill = {one: _sickness(one, now, base, took) for one in labels(now.sums, "calls", "provider")}
    shares = _shares(label, calls, now, base)
    found = []
    for one, much in ill.items():
        share = shares.get(one, 0.0)
        if much >= _UNWELL and share > 0:
            others = [max(m, 0.0) for other, m in ill.items() if other != one]
            distinct = max(1 - (median(others) if others else 0.0) / much, 0.0)
            found.append(_told(_Unwell(one, share, distinct), took, now, base))
    return found


def _shares(label: Label, calls: str | None, now: Stretch, base: Stretch) -> dict[Label, float]:
    """What part of the change each explains: the one that it is about, all of it; of failures, by how many more there
    are; of time and money, what calls of it take more, and those that turns fall over to because of it."""
    if label[0] == "provider":
        return {label: 1.0}
    if label != ALL or calls is None:
        return {}
    failures = {part.label: part.share for part in of_failures(now, base, "provider")}
    if calls == "calls.failed":
        return failures
    return {part.label: part.share for part in of_calls(now, base, calls, "provider")}


def _sickness(label: Label, now: Stretch, base: Stretch, took: str = "calls.ms") -> float:
    """How much worse than before: doublings of what its calls take, or failures more."""
    if now.of("calls", label) < _FEW:
        return 0.0
    each, usual = now.ratio(took, "calls", label), base.ratio(took, "calls", label)
    fails, failed = now.ratio("calls.failed", "calls", label), base.ratio("calls.failed", "calls", label)
    more = log(each / usual, 2) if each and usual else 0.0
    return max(more, ((fails or 0.0) - (failed or 0.0)) / _POINTS)


def _told(part: _Unwell, took: str, now: Stretch, base: Stretch) -> Sick:
    kind, how, evidence = _how(part.label, took, now, base)
    each, usual = (stretch.ratio(took, "calls", part.label) for stretch in (now, base))
    if each and usual and each > usual:
        evidence.append(f"a call takes {_amount(each, took)}, {_amount(usual, took)} before")
    name = _model_of(part.label, now, base) or part.label[1]
    return Sick(name, part.label[1], how, kind, part.share, part.distinct, tuple(evidence))


def _how(label: Label, took: str, now: Stretch, base: Stretch) -> tuple[str, str, list[str]]:
    """What is wrong, as a kind and in words, and what shows it: its own answers before its slowness."""
    fails, failed = (stretch.ratio("calls.failed", "calls", label) or 0.0 for stretch in (now, base))
    if fails <= failed + _POINTS / 4:
        return ("dear", "costs more", []) if took == "cost" else ("slow", "is slow", [])
    told = [f"{fails:.0%} of its calls fail, {failed:.0%} before"]
    kind, much = max(((k, now.of(f"calls.{k}", label)) for k in _HOWS), key=lambda one: one[1])
    if not much:
        return "down", "fails", told
    return kind, _HOWS[kind], [*told, f"{much / now.of('calls.failed', label):.0%} of them: {kind}"]


def _amount(value: float, took: str) -> str:
    return f"${value:.5f}" if took == "cost" else f"{value:,.0f} ms"


def _model_of(label: Label, now: Stretch, base: Stretch) -> str | None:
    """The one model that is unwell, where the provider has others that are not."""
    own = [one for one in labels(now.sums, "calls", "model") if one[1].startswith(f"{label[1]}/")]
    unwell = [one for one in own if _sickness(one, now, base) >= _UNWELL]
    return unwell[0][1] if len(own) > 1 and len(unwell) == 1 else None
