"""The decision log as judging reads it: decisions with what came of them, and what is missing: pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.choices.experiments.outcome import answered_by, outcome
from app.vocabulary import Choice, Decision, Reward, Source, State, Turn

GAPS = {
    "open": "turns that are not over",
    "fallback": "decisions whose turn somebody else answered, or that broke off",
    "safe": "decisions of the gate, which no policy changes",
    "propensity": "decisions without a propensity",
    "reward": "decisions of turns of which nothing was told",
}
"""Why a decision cannot be judged, in words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision that was left to chance, or could have been, and the reward of its turn, 0 to 1."""

    learner: str
    task: str
    context: str
    arms: tuple[str, ...]
    arm: str
    propensity: float
    reward: float


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of one kind of choice: entries that can be judged, and why others cannot."""

    entries: list[Entry]
    gaps: Counter[str]


def read(
    turn: Turn, rewards: Sequence[Reward], weights: Mapping[Source, float]
) -> Iterator[tuple[Choice, Entry | str]]:
    """Each decision of a turn as an entry, or as the name of the gap that it is (`GAPS`)."""
    for made in turn.decisions:
        told = [one for one in rewards if any(credit.choice is made.choice for credit in one.credits)]
        reward = outcome(told, weights)
        yield made.choice, _gap(turn, made, reward) or _entry(turn, made, reward or 0.0)


def _gap(turn: Turn, made: Decision, reward: float | None) -> str | None:
    if turn.state is State.OPEN:
        return "open"
    if reward is None and not answered_by(turn, made):
        return "fallback"
    if made.how == "safe" or made.critical:
        return "safe"
    if made.propensity is None or not 0 < made.propensity <= 1:
        return "propensity"
    return "reward" if reward is None else None


def _entry(turn: Turn, made: Decision, reward: float) -> Entry:
    learner = f"{turn.workspace}/{turn.learner_id}"
    return Entry(learner, turn.task, made.context, made.arms, made.arm, made.propensity or 1.0, reward)
