"""What is tried on a share of learners beside what is in use, and what came of it: the nouns of experiments."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from app.vocabulary.asking import Task
from app.vocabulary.choosing import Choice, Source
from app.vocabulary.keeping import SCHEMA

Unit = Literal["learner", "class"]
"""Who is given an arm: each learner, or all who learn in a session of the same course."""

Ended = Literal["operator", "guardrail", "decided", "time"]
"""Who stopped an experiment: a person, a guardrail, its result, or its last day."""


@dataclass(frozen=True)
class Share:
    """An arm and the share of an experiment's learners that it gets."""

    arm: str
    share: float


@dataclass(frozen=True)
class Eligible:
    """Which turns are in an experiment, all where a field is empty: by task, subject of the session, and band of
    mastery that the learner is in (`weak`, `growing`, `strong`)."""

    tasks: tuple[Task, ...] = ()
    subjects: tuple[str, ...] = ()
    mastery: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guardrails:
    """What an arm may not do, each `None` where it does not count. `harm`: harm more learners than control does.
    `reward`: earn less than this share of the reward of control. `latency`, `cost`: take more than so many times the
    time, or money, of control."""

    harm: bool = True
    reward: float | None = 0.95
    latency: float | None = 1.5
    cost: float | None = 2.0


@dataclass(frozen=True)
class Design:
    """How an experiment is measured. What came of a learner is the mean `outcome` of their turns in the `hours` after
    the first one; intervals are narrowest when so many `learners` an arm were measured; less than `worthwhile` is as
    good as nothing; it ends after so many `days`, and with the first sure result where `stops` says so."""

    outcome: Literal["reward"] | Source = "reward"
    hours: float = 168.0
    learners: int = 1_200
    worthwhile: float = 0.02
    days: float = 28.0
    stops: bool = True


@dataclass(frozen=True)
class Experiment:
    """Arms of one choice, tried beside each other. `traffic` is the share of eligible learners that are in it, those
    whose lot among all experiments on this choice falls into `slots`; `control` is the arm that others are compared
    with. While it runs all its `ended_*` are unknown; `version` counts its changes."""

    id: str
    workspace: str
    name: str
    choice: Choice
    arms: tuple[Share, ...]
    control: str
    traffic: float
    slots: tuple[tuple[float, float], ...]
    created_at: str
    ends_at: str
    unit: Unit = "learner"
    eligible: Eligible = Eligible()
    design: Design = Design()
    guardrails: Guardrails = Guardrails()
    state: Literal["running", "stopped"] = "running"
    ended_at: str | None = None
    ended_by: Ended | None = None
    ended_why: str | None = None
    version: int = 0
    schema: int = SCHEMA

    @property
    def running(self) -> bool:
        """Whether learners are still given arms."""
        return self.state == "running"


class Assigned(NamedTuple):
    """The experiment that a turn is in, the arm of its learner there, and how likely that arm was."""

    experiment: str
    arm: str
    propensity: float


@dataclass(frozen=True)
class Participant:
    """What came of one learner in an experiment, derived from their turns and rewards.

    `unit` is whom the lot was drawn for; `first_at` their first turn in it, `closes_at` when no more of their turns
    counts. `turns` are those that count, `fallen` those that somebody else answered than the arm. `value` is the mean
    outcome, `ms` and `cost_usd` are those of the first answer; `prior` the mean outcome of their turns before,
    `mastery` the band that they were in and `task` what they wanted at first: known before any arm could change it.
    `sealed` says that it was derived when all of that was over; `version` counts changes.
    """

    id: str
    workspace: str
    experiment: str
    learner_id: str
    unit: str
    arm: str
    first_at: str
    closes_at: str
    turns: int = 0
    fallen: int = 0
    value: float | None = None
    harmed: bool = False
    ms: float | None = None
    cost_usd: float | None = None
    prior: float | None = None
    mastery: str | None = None
    task: Task | None = None
    sealed: bool = False
    version: int = 0
    schema: int = SCHEMA
