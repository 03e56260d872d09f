"""What came of one learner in an experiment, derived from their log, so that deriving it again changes nothing: pure.

A learner is measured over a stretch of time after their first turn in it, and counts when that is over: what is
compared is final then, and the same whenever somebody looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.clock import iso
from app.vocabulary import Choice, Decision, Experiment, Participant, Reward, Source, State, Turn

MOST_TURNS = 500
"""Turns of a learner that are read."""


@dataclass(frozen=True, slots=True)
class Log:
    """A learner's turns, oldest first, and rewards; `course` is that of their first turn's session, if they draw their
    lots by it; `weights` are what kinds of rewards count."""

    turns: Sequence[Turn]
    rewards: Sequence[Reward]
    weights: Mapping[Source, float]
    course: str | None = None


def participant(experiment: Experiment, log: Log) -> Participant | None:
    """What came of the learner; `None` while they have no turn in the experiment."""
    mine = [(turn, made) for turn in log.turns if (made := decision(experiment, turn))]
    if not mine:
        return None
    first, chosen = mine[0]
    closes = iso(_seconds(first.created_at) + 3_600 * experiment.design.hours)
    within = [(turn, made) for turn, made in mine if turn.created_at < closes and made.arm == chosen.arm]
    counted = [turn for turn, made in within if answered_by(turn, made)]
    told = _of({turn.id for turn, _ in within}, experiment, [one for one in log.rewards if one.at < closes])
    before = [one for one in log.rewards if one.at < first.created_at]
    return Participant(
        *(f"{experiment.id}/{first.learner_id}", experiment.workspace, experiment.id, first.learner_id),
        unit=log.course or first.learner_id,
        arm=chosen.arm,
        first_at=first.created_at,
        closes_at=closes,
        turns=len(counted),
        fallen=len(within) - len(counted),
        value=outcome(told, _counting(experiment, log)),
        harmed=any(one.source is Source.HARM for one in told),
        ms=counted[0].timing.total_ms if counted else None,
        cost_usd=counted[0].usage.cost_usd if counted else None,
        prior=outcome(before, _counting(experiment, log)),
        mastery=first.reading.mastery,
        task=first.task,
    )


def decision(experiment: Experiment, turn: Turn) -> Decision | None:
    """The decision of a turn that was the experiment's lot."""
    return next((one for one in turn.decisions if one.experiment == experiment.id), None)


def answered_by(turn: Turn, made: Decision) -> bool:
    """Whether what was chosen is what the learner got, as far as they cared to read it: no fallback answered in its
    place."""
    whole = replace(turn, state=State.COMPLETE) if turn.state is State.CANCELLED else turn
    return whole.evidence and (made.choice is not Choice.MODEL or made.arm == f"{turn.provider}/{turn.model}")


def outcome(rewards: Iterable[Reward], weights: Mapping[Source, float]) -> float | None:
    """The mean of each kind of reward, weighed; `None` where none of them was told.

    A kind counts once, however often it was told, so that what comes with every turn does not drown what is rare.
    """
    kinds: dict[Source, list[float]] = {}
    for reward in rewards:
        for source, value in told(reward):
            if weights.get(source):
                kinds.setdefault(source, []).append(value)
    if not kinds:
        return None
    total = sum(weights[source] for source in kinds)
    return sum(weights[source] * sum(values) / len(values) for source, values in kinds.items()) / total


def told(reward: Reward) -> Iterable[tuple[Source, float]]:
    """What a reward says, by kind."""
    return ((reward.source, reward.value), *((Source(name), value) for name, value in reward.also.items()))


def _of(turns: set[str], experiment: Experiment, rewards: Iterable[Reward]) -> list[Reward]:
    """Rewards of these turns that credit what the experiment dealt."""
    return [
        one
        for one in rewards
        if one.turn_id in turns and any(credit.experiment == experiment.id for credit in one.credits)
    ]


def _counting(experiment: Experiment, log: Log) -> Mapping[Source, float]:
    wanted = experiment.design.outcome
    return log.weights if wanted == "reward" else {Source(wanted): 1.0}


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
