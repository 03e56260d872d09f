"""An experiment and learners for tests of it."""

from dataclasses import replace
from typing import Any

from app.choices.experiments.admit import Draft, Known
from app.choices.experiments.assign import Facts
from app.clock import iso
from app.vocabulary import (
    Choice,
    Credit,
    Decision,
    Design,
    Eligible,
    Experiment,
    Guardrails,
    Participant,
    Reward,
    Share,
    Source,
    State,
    Task,
    Turn,
)

NOW = 1_790_000_000.0
HOUR = 3_600.0
HALVES = (Share("guided", 0.5), Share("hints", 0.5))
KNOWN = Known(
    lambda choice, task: [{"guided", "hints", "brief"} - ({"hints"} if task is Task.PLANNING else set())],
    lambda choice, task: {"guided", "brief"},
)


def draft(**fields: Any) -> Draft:
    """Hints against guided, for everybody, unless `fields` say otherwise."""
    usual = Draft(
        "hints or guided", Choice.STRATEGY, HALVES, "guided", 1.0, "learner", Eligible(), Design(), Guardrails()
    )
    return replace(usual, **fields)


def experiment(**fields: Any) -> Experiment:
    """The same as it runs."""
    at = (iso(NOW), iso(NOW + 28 * 24 * HOUR))
    usual = Experiment(
        *("e1", "w", "hints or guided", Choice.STRATEGY, HALVES, "guided", 1.0),
        slots=((0.0, 1.0),),
        created_at=at[0],
        ends_at=at[1],
    )
    return replace(usual, **fields)


def facts(learner: str, **fields: Any) -> Facts:
    """A turn of a learner who practises."""
    return replace(Facts("w", learner, Choice.STRATEGY, Task.PRACTICE, critical=False), **fields)


def turn(n: int, at: float, *, arm: str = "hints", **fields: Any) -> Turn:
    """A turn of Ada's in the experiment, answered by a model."""
    made = Decision(Choice.STRATEGY, "practice", ("guided", "hints"), arm, 0.5, "experiment", "lot", experiment="e1")
    usual = Turn(
        *(f"t{n}", "w", "s1", "ada", n, "Why?", iso(at)),
        state=State.COMPLETE,
        provider="openai",
        model="m",
        decisions=(made,),
    )
    return replace(usual, **fields)


def reward(n: int, value: float, at: float, source: Source = Source.FEEDBACK) -> Reward:
    """What a source said of turn `n`."""
    credit = Credit(Choice.STRATEGY, "practice", "hints", "experiment", "guided", experiment="e1")
    return Reward(f"r{n}{source}{at}", "w", "ada", f"t{n}", source, value, iso(at), credits=(credit,))


def member(n: int, arm: str, value: float | None, **fields: Any) -> Participant:
    """A learner whose time is over, the `n`th."""
    at = iso(NOW + n), iso(NOW + n + HOUR)
    return replace(Participant(f"e1/{n}", "w", "e1", str(n), str(n), arm, *at, turns=1, value=value), **fields)
