"""What an experiment shows: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from app.stats.counts import chi_square_p, ratio_evidence
from app.stats.sequential import Compared, Plan, Units, Vector, compared
from app.vocabulary import Experiment, Participant

ALPHA = 0.05

UNEVEN = 100.0
"""Evidence from which arms do not have the shares of learners that were drawn: at most one sound experiment in 100 ever
reaches it."""

UNKNOWN = "unknown"
_BANDS: Mapping[str | None, float] = {"weak": 0.0, "growing": 0.5, "strong": 1.0}


@dataclass(frozen=True)
class ArmResult:
    """An arm: how many `learners` were given it, how many of them are `measured` and how many are still to be; `silent`
    were not told of in their time. `fallen` is the share of turns that somebody else answered, `mean` the outcome,
    `ms` and `cost_usd` are means of first answers."""

    arm: str
    share: float
    learners: int
    measured: int
    waiting: int
    silent: int
    harmed: int
    fallen: float | None
    mean: float | None
    ms: float | None
    cost_usd: float | None


@dataclass(frozen=True)
class Contrast:
    """An arm beside control; `None` while too few are measured. `segment` is a band of mastery, or all."""

    arm: str
    segment: str | None
    measured: tuple[int, int]
    compared: Compared | None


@dataclass(frozen=True)
class Dealt:
    """Whether arms have the shares of learners that were drawn: the evidence that they do not, at any look, and the
    p-value of a look at a time that nothing else had chosen."""

    evidence: float
    p: float | None

    @property
    def even(self) -> bool:
        """Whether nothing speaks against it."""
        return self.evidence < UNEVEN


@dataclass(frozen=True)
class Results:
    """What is known by now: whole arms, each beside control, the same by segment (for the eye: of many segments some
    look different by chance), and whether lots were dealt as drawn."""

    arms: tuple[ArmResult, ...]
    contrasts: tuple[Contrast, ...]
    segments: tuple[Contrast, ...]
    dealt: Dealt


def results(experiment: Experiment, participants: Sequence[Participant], now: str) -> Results:
    """What the participants show at a time (ISO 8601)."""
    found = tuple(_arm(experiment, share.arm, participants, now) for share in experiment.arms)
    units = measured(experiment, participants, now)
    bands = sorted({one.mastery or UNKNOWN for one in units})
    of_bands = {band: [one for one in units if (one.mastery or UNKNOWN) == band] for band in bands}
    tried = [share.arm for share in experiment.arms if share.arm != experiment.control]
    return Results(
        arms=found,
        contrasts=tuple(_contrast(experiment, arm, None, units) for arm in tried),
        segments=tuple(_contrast(experiment, arm, band, of_bands[band]) for arm in tried for band in bands),
        dealt=_dealt(experiment, participants),
    )


def measured(experiment: Experiment, participants: Iterable[Participant], now: str) -> list[Participant]:
    """Units whose time is over and of whom something was told, in the order in which it was over."""
    told = [one for one in participants if one.closes_at <= now and one.value is not None]
    if experiment.unit == "class":
        told = [one for one in map(_class, _by_unit(told).values()) if one.closes_at <= now]
    return sorted(told, key=lambda one: (one.closes_at, one.id))


def _by_unit(participants: Iterable[Participant]) -> dict[str, list[Participant]]:
    units: dict[str, list[Participant]] = {}
    for one in sorted(participants, key=lambda one: one.first_at):
        units.setdefault(one.unit, []).append(one)
    return units


def _class(learners: list[Participant]) -> Participant:
    """A class as one unit: the learners whose first turn was in the time of the first one's."""
    inside = [one for one in learners if one.first_at < learners[0].closes_at]
    priors = [one.prior for one in inside if one.prior is not None]
    kept = dict(vars(inside[0]))
    kept["closes_at"] = max(one.closes_at for one in inside)
    kept["value"] = fmean(one.value for one in inside if one.value is not None)
    kept["prior"] = fmean(priors) if priors else None
    kept["mastery"] = None
    return Participant(**kept)


def _arm(experiment: Experiment, arm: str, participants: Iterable[Participant], now: str) -> ArmResult:
    mine = [one for one in participants if one.arm == arm]
    closed = [one for one in mine if one.closes_at <= now]
    told = [one.value for one in closed if one.value is not None]
    turns, fallen = sum(one.turns + one.fallen for one in mine), sum(one.fallen for one in mine)
    return ArmResult(
        arm=arm,
        share=next(share.share for share in experiment.arms if share.arm == arm),
        learners=len(mine),
        measured=len(told),
        waiting=len(mine) - len(closed),
        silent=len(closed) - len(told),
        harmed=sum(one.harmed for one in mine),
        fallen=fallen / turns if turns else None,
        mean=fmean(told) if told else None,
        ms=_mean(one.ms for one in mine),
        cost_usd=_mean(one.cost_usd for one in mine),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _contrast(experiment: Experiment, arm: str, segment: str | None, units: Sequence[Participant]) -> Contrast:
    both = [one for one in units if one.arm in (arm, experiment.control)]
    mine = sum(one.arm == arm for one in both)
    outcome = np.array([one.value for one in both], dtype=float)
    treated = np.array([one.arm == arm for one in both], dtype=bool)
    found = compared(Units(outcome, treated, known(both)), plan(experiment))
    return Contrast(arm, segment, (mine, len(both) - mine), found)


def plan(experiment: Experiment) -> Plan:
    """How arms are compared: all with control share one error (Bonferroni)."""
    return Plan(experiment.design.learners, ALPHA / (len(experiment.arms) - 1))


def known(units: Sequence[Participant]) -> Vector:
    """What stood before of each unit: the outcome of their earlier turns and their band of mastery, with a mark each
    where it is not known."""
    priors = [one.prior for one in units]
    bands = [_BANDS.get(one.mastery) for one in units]
    return np.column_stack([*_filled(priors), *_filled(bands)])


def _filled(values: Sequence[float | None]) -> tuple[Vector, Vector]:
    there = [value for value in values if value is not None]
    mean = fmean(there) if there else 0.0
    filled = np.array([mean if value is None else value for value in values], dtype=float)
    return filled, np.array([value is None for value in values], dtype=float)


def _dealt(experiment: Experiment, participants: Iterable[Participant]) -> Dealt:
    """By unit: of a class only the first counts."""
    arms = [one[0].arm for one in _by_unit(participants).values()]
    counts = [arms.count(share.arm) for share in experiment.arms]
    shares = [share.share for share in experiment.arms]
    return Dealt(ratio_evidence(counts, shares), chi_square_p(counts, shares))
