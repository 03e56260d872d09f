"""What is an alert, as plain rules over plain values."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from app.analytics.alerts.finding import Finding
from app.analytics.alerts.settings import AlertSettings, Burn, Objective
from app.analytics.anomalies.anomalies import Anomaly
from app.analytics.anomalies.minute import Label, Minute

_DAY = 1440
_FEW_BAD = 5
"""Bad things in the short window that an alert needs at least: one failed turn of a night is none."""

_TITLES = {
    "quiet": "Far fewer turns than at this time of day",
    "load": "Far more turns than at this time of day",
    "failures": "More turns end without an answer",
    "task_failures": "More turns of the task {} end without an answer",
    "degraded": "More turns are answered by the offline tutor",
    "latency": "Turns take longer",
    "overhead": "The service takes longer for a turn",
    "cost": "A turn costs more",
    "quality": "Answers are found helpful less often",
    "provider_errors": "More calls of {} fail",
    "provider_latency": "{} speaks later",
}


def of_anomaly(anomaly: Anomaly, settings: AlertSettings) -> Finding | None:
    """An anomaly as a finding; `None` where its figure is switched off."""
    name, subject = anomaly.watched.name, anomaly.label[1]
    rule = settings.rule(name)
    if not rule.on:
        return None
    return Finding(
        *(name, subject, _TITLES[name].format(subject), rule.severity, anomaly.since * 60.0),
        observed=anomaly.observed,
        expected=(anomaly.low, anomaly.high),
        unit=anomaly.watched.unit,
        label=anomaly.label,
    )


class _Kept(NamedTuple):
    """A minute (since the epoch), and all that was bad and all there was up to its end."""

    at: int
    bad: float
    of: float


class Burning:
    """How fast the error budgets of objectives burn: a day of one-minute counts of each."""

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self._kept = {name: [_Kept(0, 0.0, 0.0)] for name in settings.slo}
        self.found: list[Finding] = []
        """The most urgent finding of each objective, as of the last minute."""

    def feed(self, minute: Minute) -> None:
        """Takes a minute that is over."""
        for name, slo in self._settings.slo.items():
            kept = self._kept[name]
            kept.append(_Kept(minute.at, kept[-1].bad + minute.of(slo.bad), kept[-1].of + minute.of(slo.of)))
            if len(kept) > 2 * _DAY:
                del kept[:-_DAY]
        burns = (next(filter(None, self._burning(name)), None) for name in self._settings.slo)
        self.found = [one for one in burns if one]

    def _burning(self, name: str) -> Iterator[Finding | None]:
        return (_burning(name, self._settings.slo[name], burn, self._kept[name]) for burn in self._settings.burn)


def _burning(name: str, slo: Objective, burn: Burn, kept: Sequence[_Kept]) -> Finding | None:
    """Both windows must be over the rate: the long one so that it matters, the short one so that it is still so."""
    allowed = 1 - slo.objective
    bad, total = _sums(kept, burn.short)
    if total < slo.few or bad < _FEW_BAD or bad / total < burn.rate * allowed:
        return None
    bad, total = _sums(kept, burn.long)
    if bad / total < burn.rate * allowed:
        return None
    return Finding(
        *("slo", name, f"{name}: the error budget burns {bad / total / allowed:.0f} times too fast", burn.severity),
        since=_began(kept, burn, allowed) * 60.0,
        observed=bad / total,
        expected=(0.0, allowed),
        unit="share",
    )


def _sums(kept: Sequence[_Kept], minutes: int) -> tuple[float, float]:
    """What was bad and all there was in the last minutes, as far as they are known."""
    last = kept[-1]
    before = kept[max(bisect_right(kept, last.at - minutes, key=lambda one: one.at) - 1, 0)]
    return last.bad - before.bad, last.of - before.of


def _began(kept: Sequence[_Kept], burn: Burn, allowed: float) -> int:
    """The first minute of the run, up to now, of those that were over the rate; at most five good ones in between."""
    began, good = kept[-1].at, 0
    for before, one in pairwise(reversed(kept)):
        good = 0 if before.bad - one.bad > burn.rate * allowed * (before.of - one.of) else good + 1
        if good > _FEW_BAD:
            break
        began = before.at if good == 0 else began
    return began


@dataclass(frozen=True, slots=True)
class Breaker:
    """A model's breaker that lets nobody through, and since when (seconds since the epoch)."""

    provider: str
    model: str
    since: float


def breakers(there: Iterable[Breaker], settings: AlertSettings, now: float) -> list[Finding]:
    """Those that have been open for long enough."""
    rule, found = settings.breaker, []
    for one in there:
        if now - one.since >= 60 * rule.minutes:
            name = f"{one.provider}/{one.model}"
            title = f"{name} is left alone by its breaker"
            label: Label = ("provider", one.provider)
            found.append(Finding("breaker", name, title, rule.severity, one.since, label=label))
    return found


@dataclass(frozen=True, slots=True)
class Budget:
    """What a workspace has taken of its day's limit, in dollars."""

    workspace: str
    taken: float
    limit: float


def budgets(there: Iterable[Budget], settings: AlertSettings, now: float) -> list[Finding]:
    """Those that are nearly spent."""
    rule = settings.budget
    return [
        Finding(
            *("budget", one.workspace, f"{one.workspace} has spent {one.taken / one.limit:.0%} of today's budget"),
            rule.severity,
            now,
            observed=one.taken,
            expected=(0.0, rule.share * one.limit),
            unit="USD",
            workspace=one.workspace,
        )
        for one in there
        if one.limit > 0 and one.taken >= rule.share * one.limit
    ]


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """How the store is: whether it answers, the median milliseconds of its last round trips, and since when either is
    as it is (seconds since the epoch)."""

    answers: bool
    ms: float | None
    since: float


def store(seen: StoreSeen, settings: AlertSettings, now: float) -> list[Finding]:
    """A store that is away, or slow for long enough."""
    rule = settings.store
    if not seen.answers:
        return [Finding("store", "store", "The store is away: turns are refused", rule.severity, seen.since)]
    if seen.ms is None or seen.ms < rule.ms or now - seen.since < 60 * rule.minutes:
        return []
    slow = (seen.ms, (0.0, rule.ms), "ms")
    return [Finding("store", "store", "The store is slow: turns wait for it", rule.severity, seen.since, *slow)]


def queue(waiting: int, settings: AlertSettings, now: float) -> list[Finding]:
    """Too many questions that wait for a model."""
    rule = settings.queue
    if waiting < rule.waiting:
        return []
    title = f"{waiting} questions wait for a model"
    return [Finding("queue", "questions", title, rule.severity, now, float(waiting), (0.0, rule.waiting), "questions")]


def least(settings: AlertSettings) -> Mapping[str, float]:
    """The changes worth attention that the file gives, by figure."""
    return {name: rule.least for name, rule in settings.watch.items() if rule.least is not None}
