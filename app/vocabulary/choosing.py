"""What was chosen in a turn, out of what, how likely, and what came of it: the nouns of the decision log.

A decision is kept with its turn, durable before anything is asked; it is named by the turn's id and what was chosen.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Choice(StrEnum):
    """What is chosen."""

    MODEL = "model"
    STRATEGY = "strategy"
    VARIANT = "variant"
    """What the strategy is told with. An arm is named with the strategy that was decided before it, as in
    "guided/shorter": variants of two strategies are different arms, and a turn chooses among those of its own."""
    PROFILE = "profile"
    """How the context is shared: a named set of factors of the policy."""


How = Literal["fixed", "learned", "experiment", "safe"]
"""Who chose: the policy's table, what was learned, an experiment's lot, or the gate that lets approved arms through
only."""


@dataclass(frozen=True)
class Decision:
    """One choice of a turn.

    `context` is the situation it was made in, its parts from the most general to the most special and joined by "/"
    (task, subject, band of affect, band of mastery; `unknown` where one is not known). `arms` are the candidates, the
    safe fallback first where it is one of them; `arm` is one of them, chosen with probability `propensity` (`None`
    where it is not known; 1 where nothing was left to chance). `critical`: only approved arms were allowed.
    `experiment` is the id of the experiment whose lot it was. `under` names the pace of exploration that was in force,
    where there are several. `baseline` is the safe fallback, also where it could not be chosen at this moment;
    `segment` says whom the learner is like, empty where nothing is known of them.
    """

    choice: Choice
    context: str
    arms: tuple[str, ...]
    arm: str
    propensity: float | None
    how: How
    reason: str
    critical: bool = False
    experiment: str | None = None
    under: str | None = None
    baseline: str | None = None
    segment: str = ""


@dataclass(frozen=True)
class Credit:
    """An arm that a reward says something of: what was chosen in which context, as in its `Decision`; `baseline` was
    the safe fallback."""

    choice: Choice
    context: str
    arm: str
    how: How
    baseline: str
    critical: bool = False
    experiment: str | None = None
    under: str | None = None
    segment: str = ""


class Source(StrEnum):
    """Where a reward comes from, as `policy.choices.rewards` weighs them."""

    FEEDBACK = "feedback"
    FINISHED = "finished"
    LATENCY = "latency"
    COST = "cost"
    INDEPENDENT = "independent"
    REVIEW = "review"
    HARM = "harm"
    """Not weighed: the learner gave up, complained, was given the solution, or may be in danger."""
