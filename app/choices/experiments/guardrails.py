"""Whether an arm must be stopped, at any look: pure."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from app.choices.experiments.results import known, measured, plan
from app.stats.counts import excess_evidence
from app.stats.sequential import Units, compared
from app.vocabulary import Experiment, Participant

HARM = 10.0
"""Evidence of more harm than in control from which an arm stops: one experiment in ten that harms nobody more is
stopped, too. Five learners harmed and none in control are enough where both arms are alike in size."""

_LONGEST_MS = 600_000.0

Scale = Callable[[float], float]


def breached(experiment: Experiment, participants: Sequence[Participant], now: str) -> str | None:
    """Why the experiment must stop, in words; `None` where nothing is sure."""
    return next(_breaches(experiment, participants, now), None)


def _breaches(experiment: Experiment, participants: Sequence[Participant], now: str) -> Iterator[str]:
    rails = experiment.guardrails
    firsts = sorted(participants, key=lambda one: (one.first_at, one.id))
    for share in experiment.arms:
        if (arm := share.arm) == experiment.control:
            continue
        pair = [one for one in firsts if one.arm in (arm, experiment.control)]
        if rails.harm and (why := _harms(experiment, arm, pair)):
            yield why
        if rails.reward is not None and _worse(experiment, arm, _rewards(experiment, participants, now)):
            yield f"{arm} earns less than {rails.reward:.0%} of the reward of {experiment.control}"
        if rails.latency is not None and _above(experiment, arm, [(one, one.ms) for one in pair], rails.latency):
            yield f"{arm} takes more than {rails.latency:g} times the time of {experiment.control}"
        if rails.cost is not None and _above(experiment, arm, [(one, one.cost_usd) for one in pair], rails.cost):
            yield f"{arm} costs more than {rails.cost:g} times what {experiment.control} does"


def _harms(experiment: Experiment, arm: str, pair: Sequence[Participant]) -> str | None:
    shares = {share.arm: share.share for share in experiment.arms}
    mine = sum(one.harmed for one in pair if one.arm == arm)
    others = sum(one.harmed for one in pair if one.arm != arm)
    usual = shares[arm] / (shares[arm] + shares[experiment.control])
    if excess_evidence(mine, others, usual) < HARM:
        return None
    return f"{arm} harmed {mine} learners, {experiment.control} {others}"


def _rewards(experiment: Experiment, participants: Sequence[Participant], now: str) -> list[Participant]:
    return measured(experiment, participants, now)


def _worse(experiment: Experiment, arm: str, units: Sequence[Participant]) -> bool:
    """Whether the arm surely earns less than its share of control's reward."""
    least = experiment.guardrails.reward or 0.0
    pair = [one for one in units if one.arm in (arm, experiment.control)]
    treated = np.array([one.arm == arm for one in pair], dtype=bool)
    values = np.array([one.value for one in pair], dtype=float) * np.where(treated, 1.0, least)
    found = compared(Units(values, treated, known(pair)), plan(experiment))
    return found is not None and found.high < 0


def _above(experiment: Experiment, arm: str, seen: Sequence[tuple[Participant, float | None]], most: float) -> bool:
    """Whether the arm surely takes more than so many times what control does: in logarithms, for a few answers take
    ten times what others do."""
    there = [(one, value) for one, value in seen if value is not None and value > 0]
    treated = np.array([one.arm == arm for one, _ in there], dtype=bool)
    logs = np.array([math.log(min(value, _LONGEST_MS)) for _, value in there], dtype=float)
    units = Units(logs - math.log(most) * treated, treated, np.empty((len(there), 0)))
    found = compared(units, plan(experiment))
    return found is not None and found.low > 0
