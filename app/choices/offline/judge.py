"""What a candidate would have earned, or why that cannot be told: pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.choices.offline.entries import Entry
from app.choices.offline.expected import Expected
from app.stats.offpolicy import Estimate, Logged, doubly_robust, gain, ips, logged, snips

LEAST = 100.0
"""Effective choices below which nothing is said."""

LEAST_LEARNERS = 30
"""Learners below which nothing is said: variances are sums over them."""

SUPPORT = 0.95
"""The share of what the candidate would choose that must have had a chance."""

_SURE = 2.58
"""Standard errors that make 99 %."""

Choose = Callable[[Entry], str]
"""The arm that a candidate chooses in the place of a decision."""


@dataclass(frozen=True)
class Estimates:
    """Mean rewards: of the policy that made the choices, of the candidate by each of three ways, and how much more the
    candidate earns."""

    logged: Estimate
    ips: Estimate
    snips: Estimate
    robust: Estimate
    gain: Estimate


@dataclass(frozen=True)
class Judged:
    """A candidate beside the log: as how many choices of its own the log counts (`effective`), what share of its
    choices had a chance (`support`), and either estimates or why there are none."""

    decisions: int
    learners: int
    effective: float
    support: float | None
    refused: str | None = None
    estimates: Estimates | None = None


def judged(entries: Sequence[Entry], choose: Choose, expected: Expected) -> Judged:
    """What the candidate would have earned; `refused` says why that cannot be told."""
    if not entries:
        return Judged(0, 0, 0.0, None, "there is no decision in the log that can be judged")
    arms = [choose(entry) for entry in entries]
    log = _log(entries, arms, expected)
    learners = int(log.learner.max()) + 1
    refused = next(_refusals(entries, arms, log), None)
    found = None if refused else Estimates(logged(log), ips(log), snips(log), doubly_robust(log), gain(log))
    return Judged(len(entries), learners, log.effective, float(log.weight.mean()), refused, found)


def greedy(expected: Expected, allowed: Callable[[Entry], Sequence[str]]) -> Choose:
    """The candidate that chooses what is expected to earn most of what is allowed, by what was learned of other
    learners."""

    def choose(entry: Entry) -> str:
        return max(allowed(entry), key=lambda arm: expected.of(entry, arm))

    return choose


def _log(entries: Sequence[Entry], arms: Sequence[str], expected: Expected) -> Logged:
    numbers: dict[str, int] = {}
    learner = [numbers.setdefault(entry.learner, len(numbers)) for entry in entries]
    weight = [(arm == entry.arm) / entry.propensity for entry, arm in zip(entries, arms, strict=True)]
    return Logged(
        reward=np.array([entry.reward for entry in entries]),
        weight=np.array(weight, dtype=float),
        modelled=np.array([expected.of(entry, entry.arm) for entry in entries]),
        expected=np.array([expected.of(entry, arm) for entry, arm in zip(entries, arms, strict=True)]),
        learner=np.array(learner, dtype=np.int64),
    )


def _refusals(entries: Sequence[Entry], arms: Sequence[str], log: Logged) -> Iterator[str]:
    tried = {entry.arm for entry in entries}
    if never := sorted({*arms} - tried):
        share = sum(arm in never for arm in arms) / len(arms)
        yield f"never tried: {', '.join(never)}, which it would choose in {share:.0%} of the turns"
    error = float(log.weight.std()) / np.sqrt(len(arms))
    if log.weight.mean() + _SURE * error < SUPPORT:
        lost = 1 - log.weight.mean()
        yield f"{lost:.0%} of what it would choose was never left to chance (propensities of 1, or arms not offered)"
    if (learners := int(log.learner.max()) + 1) < LEAST_LEARNERS:
        yield f"only {learners} learners; at least {LEAST_LEARNERS} are needed"
    if log.effective < LEAST:
        yield f"the log counts as {log.effective:.0f} choices of the candidate's own; at least {LEAST:.0f} are needed"
