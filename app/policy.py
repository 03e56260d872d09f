"""The one versioned document of all that is tunable. A turn reads one version and records which."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import SettingsError
from app.vocabulary import Mode, Task

_SHAREABLE = frozenset({Task.EXPLANATION, Task.QUICK_ANSWER, Task.GENERAL})
"""Tasks whose answer may be the same for two learners."""


_OF_AGE = 18


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Tunable = Literal[
    "course",
    "profile",
    "facts",
    "memory",
    "history",
    "mastery",
    "affect",
    "summary",
    "material",
    "retrieved",
]
"""The layers of context that share a budget."""

AlwaysThere = Literal["instructions", "front_end", "strategy", "message"]
AffectBand = Literal["low", "even", "high"]
MasteryBand = Literal["weak", "growing", "strong"]
_Share = Annotated[float, Field(ge=0, le=1)]
_Factors = dict[Tunable, Annotated[float, Field(ge=0, le=4)]]


class ExplorePolicy(_Part):
    """For which share of turns one optional layer of the context is left out or halved, to learn what it is worth."""

    share: Annotated[float, Field(ge=0, le=0.2)] = 0.0


class WeightFactors(_Part):
    """What weights of layers are multiplied by for a task, for how the learner seems to feel, and for how well they do
    in the skills they are weakest in; 1 where it is not said."""

    task: dict[Task, _Factors] = Field(default_factory=dict)
    affect: dict[AffectBand, _Factors] = Field(default_factory=dict)
    mastery: dict[MasteryBand, _Factors] = Field(default_factory=dict)


_CEILINGS: dict[Tunable, float] = {
    "course": 0.08,
    "profile": 0.15,
    "facts": 0.10,
    "memory": 0.06,
    "history": 0.50,
    "summary": 0.12,
    "mastery": 0.08,
    "affect": 0.04,
    "material": 0.25,
    "retrieved": 0.35,
}
"""Shares of the budget where a policy says none."""


class CompressionPolicy(_Part):
    """How much of what was found may be left out so that more of it fits: levels of `app/context/compress`."""

    retrieved: Annotated[int, Field(ge=0, le=3)] = 0
    material: Annotated[int, Field(ge=0, le=3)] = 0


class ContextPolicy(_Part):
    """How much the model gets to read, in o200k tokens, and how layers share it: what the first token of each is worth
    beside those of others (0 to 1), and the least and the most of the budget that it may have."""

    budget: Annotated[int, Field(ge=256, le=200_000)] = 2_048
    weights: dict[Tunable | AlwaysThere, _Share] = Field(default_factory=dict)
    floors: dict[Tunable, _Share] = Field(default_factory=dict)
    ceilings: dict[Tunable, _Share] = Field(default_factory=dict)
    factors: WeightFactors = WeightFactors()
    compression: CompressionPolicy = CompressionPolicy()
    explore: ExplorePolicy = ExplorePolicy()
    summaries: Literal["extractive", "model"] = "extractive"

    def ceiling(self, name: Tunable) -> float:
        """The largest share of the budget that a layer may have."""
        return self.ceilings.get(name, _CEILINGS[name])

    @model_validator(mode="after")
    def _floors_fit(self) -> "ContextPolicy":
        for name, floor in self.floors.items():
            if floor > (ceiling := self.ceiling(name)):
                raise ValueError(f"the floor of {name}, {floor:g}, is above its ceiling, {ceiling:g}")
        if sum(self.floors.values()) > 1:
            raise ValueError("the floors of all layers are more than the budget together")
        return self


class RecallPolicy(_Part):
    """How much of what was said is remembered, and how long a turn waits for it."""

    patience: Annotated[float, Field(ge=0, le=5)] = 0.15
    passages: Annotated[int, Field(ge=1_000, le=1_000_000)] = 100_000
    megabytes: Annotated[int, Field(ge=1, le=65_536)] = 256


class AnswerPolicy(_Part):
    """What is asked of a provider."""

    max_tokens: Annotated[int, Field(ge=16, le=32_768)] = 1_024
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.4


class HedgePolicy(_Part):
    """For which share of turns of these tasks a second model may be asked beside one that is slow to speak."""

    share: Annotated[float, Field(ge=0, le=0.05)] = 0.0
    tasks: tuple[Task, ...] = (Task.QUICK_ANSWER,)


class RoutingPolicy(_Part):
    """How long one turn may look for an answer, in seconds, what counts most when a model is chosen for it, and
    whether the offline tutor may give it."""

    mode: Mode = Mode.ADAPTIVE
    deadline: Annotated[float, Field(gt=0, le=600)] = 60.0
    degraded: bool = True
    continued: Annotated[str, Field(max_length=500)] = ""
    hedge: HedgePolicy = HedgePolicy()


class ResponsesPolicy(_Part):
    """For how many seconds an answer is kept for whoever asks the very same (0: not at all), and for which tasks."""

    ttl: Annotated[float, Field(ge=0, le=86_400)] = 0
    tasks: frozenset[Task] = _SHAREABLE

    @model_validator(mode="after")
    def _only_what_is_nobodys_own(self) -> "ResponsesPolicy":
        if own := sorted(self.tasks - _SHAREABLE):
            raise ValueError(f"tasks that are personal or graded are never answered from the cache: {', '.join(own)}")
        return self


_Dollars = Annotated[float, Field(ge=0, le=1_000_000)]


class BudgetPolicy(_Part):
    """US dollars that may be spent in a UTC day, without a limit where `None`, and what happens when they are spent."""

    workspace_usd: _Dollars | None = None
    learner_usd: _Dollars | None = None
    when_spent: Literal["refuse", "cheaper", "offline"] = "refuse"
    unpriced: Literal["refuse", "allow"] = "refuse"


class WorkspacePolicy(_Part):
    """What holds for one workspace: limits in the place of those for all, and the providers that its learners' words
    may not be sent to."""

    workspace_usd: _Dollars | None = None
    learner_usd: _Dollars | None = None
    forbid: frozenset[str] = frozenset()
    affect: bool = False
    affect_minors: bool = False
    accessibility_minors: bool = False


_HELP = """
I am glad you told me. You do not have to carry this alone. I am a program and cannot keep you safe, but people can:

- **In danger now, or afraid that you will hurt yourself:** call your emergency number (112 in Europe, 911 in the US).
- **Someone to talk to, today:** findahelpline.com lists free and confidential help lines of your country.
- Tell a person you trust where you are and what you told me.
"""
"""What is said where a policy has no words of its own: right everywhere, and so less help than the lines of a place."""


class SafetyPolicy(_Part):
    """What a learner is told who says that they want to hurt themselves or are in danger, by language, and whether a
    model answers after it: by a strategy of its own, or by that of its task (`None`). The next `turns` messages
    of the session are answered by it, too, for as many `minutes` at most."""

    answer: Literal["first", "alone"] = "first"
    strategy: str | None = None
    turns: Annotated[int, Field(ge=0, le=50)] = 3
    minutes: Annotated[float, Field(ge=0, le=10_080)] = 120.0
    messages: dict[
        Annotated[str, Field(pattern="^[a-z]{2}$")], Annotated[str, Field(min_length=1, max_length=2_000)]
    ] = Field(default_factory=lambda: {"en": _HELP})

    @model_validator(mode="after")
    def _there_is_always_one(self) -> "SafetyPolicy":
        if "en" not in self.messages:
            raise ValueError("messages.en is for all whose language has no message of its own")
        return self


class PathPolicy(_Part):
    """What counts as mastered, how long skills take of which nobody says it (minutes), in how many days half of what
    was learned is lost without practice, and below which chance of mastery a learner is at risk."""

    mastery: Annotated[float, Field(ge=0.55, le=0.99)] = 0.8
    minutes: Annotated[float, Field(gt=0, le=10_000)] = 20.0
    review_minutes: Annotated[float, Field(gt=0, le=120)] = 3.0
    half_life: Annotated[float, Field(gt=0, le=3_650)] = 30.0
    at_risk: Annotated[float, Field(gt=0, lt=1)] = 0.5


class Strategy(_Part):
    """One way to teach, as the model is told it."""

    text: str


class Policy(_Part):
    """One version of everything tunable."""

    version: str
    instructions: str
    context: ContextPolicy = ContextPolicy()
    recall: RecallPolicy = RecallPolicy()
    answer: AnswerPolicy = AnswerPolicy()
    routing: RoutingPolicy = RoutingPolicy()
    responses: ResponsesPolicy = ResponsesPolicy()
    budgets: BudgetPolicy = BudgetPolicy()
    path: PathPolicy = PathPolicy()
    safety: SafetyPolicy = SafetyPolicy()
    workspaces: dict[str, WorkspacePolicy] = Field(default_factory=dict)
    strategies: dict[str, Strategy]
    tasks: dict[Task, str]

    def forbidden(self, workspace: str) -> frozenset[str]:
        """The providers that a workspace forbids; one that is not mentioned forbids none."""
        return self.workspaces.get(workspace, WorkspacePolicy()).forbid

    def reads_affect(self, workspace: str, preferences: Mapping[str, Any]) -> bool:
        """Whether it is read out of a learner's words how they feel: only where their workspace wants it, and of minors
        only where it says so."""
        own = self.workspaces.get(workspace, WorkspacePolicy())
        return own.affect and (own.affect_minors or not minor(preferences))

    def tells_accessibility(self, workspace: str, preferences: Mapping[str, Any]) -> bool:
        """Whether a model is told how a learner needs to be taught (`accessibility`): of minors only where their
        workspace says so."""
        own = self.workspaces.get(workspace, WorkspacePolicy())
        return own.accessibility_minors or not minor(preferences)

    @model_validator(mode="after")
    def _every_task_has_a_strategy(self) -> "Policy":
        missing = [task.value for task in Task if self.tasks.get(task) not in self.strategies]
        if missing:
            raise ValueError(f"tasks without a strategy that exists: {', '.join(missing)}")
        if self.safety.strategy is not None and self.safety.strategy not in self.strategies:
            raise ValueError(f"safety.strategy = {self.safety.strategy!r}: there is no such strategy")
        return self

    @model_validator(mode="after")
    def _the_offline_tutor_may_step_in(self) -> "Policy":
        if self.budgets.when_spent == "offline" and not self.routing.degraded:
            raise ValueError('budgets.when_spent = "offline" needs routing.degraded = true')
        return self


def minor(preferences: Mapping[str, Any]) -> bool:
    """Whether a learner is known to be under eighteen.

    >>> minor({"age": 12}), minor({"minor": True}), minor({"age": 30}), minor({})
    (True, True, False, False)
    """
    age = preferences.get("age")
    return bool(preferences.get("minor")) or (age is not None and age < _OF_AGE)


def load(path: Path) -> Policy:
    """The policy in a TOML file; `SettingsError` with one line for the first thing that is wrong."""
    try:
        return Policy.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise SettingsError(f"MASTERX_POLICY: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"MASTERX_POLICY: {path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "policy"
        raise SettingsError(f"MASTERX_POLICY: {path}: {where}: {first['msg']}") from error
