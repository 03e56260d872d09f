"""How an answer is got: what is asked of whom, what may be told again, what it may cost."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.policy.part import Part
from app.vocabulary import Mode, Task

_SHAREABLE = frozenset({Task.EXPLANATION, Task.QUICK_ANSWER, Task.GENERAL})
"""Tasks whose answer may be the same for two learners."""


class AnswerPolicy(Part):
    """What is asked of a provider."""

    max_tokens: Annotated[int, Field(ge=16, le=32_768)] = 1_024
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.4


class HedgePolicy(Part):
    """For which share of turns of these tasks a second model may be asked beside one that is slow to speak."""

    share: Annotated[float, Field(ge=0, le=0.05)] = 0.0
    tasks: tuple[Task, ...] = (Task.QUICK_ANSWER,)


class RoutingPolicy(Part):
    """How long one turn may look for an answer, in seconds, what counts most when a model is chosen for it, whether the
    offline tutor may give it, and whether providers are told the trace that it is in."""

    mode: Mode = Mode.ADAPTIVE
    deadline: Annotated[float, Field(gt=0, le=600)] = 60.0
    degraded: bool = True
    continued: Annotated[str, Field(max_length=500)] = ""
    traced: bool = False
    hedge: HedgePolicy = HedgePolicy()


class ResponsesPolicy(Part):
    """For how many seconds an answer is kept for whoever asks the very same (0: not at all), and for which tasks."""

    ttl: Annotated[float, Field(ge=0, le=86_400)] = 0
    tasks: frozenset[Task] = _SHAREABLE

    @model_validator(mode="after")
    def _only_what_is_nobodys_own(self) -> "ResponsesPolicy":
        if own := sorted(self.tasks - _SHAREABLE):
            raise ValueError(f"tasks that are personal or graded are never answered from the cache: {', '.join(own)}")
        return self


_Dollars = Annotated[float, Field(ge=0, le=1_000_000)]


class BudgetPolicy(Part):
    """US dollars that may be spent in a UTC day, without a limit where `None`, and what happens when they are spent."""

    workspace_usd: _Dollars | None = None
    learner_usd: _Dollars | None = None
    when_spent: Literal["refuse", "cheaper", "offline"] = "refuse"
    unpriced: Literal["refuse", "allow"] = "refuse"


class WorkspacePolicy(Part):
    """What holds for one workspace: limits in the place of those for all, and the providers that its learners' words
    may not be sent to."""

    workspace_usd: _Dollars | None = None
    learner_usd: _Dollars | None = None
    forbid: frozenset[str] = frozenset()
    affect: bool = False
    affect_minors: bool = False
    affect_to_teachers: bool = False
    accessibility_minors: bool = False
    sharing: bool | None = None
