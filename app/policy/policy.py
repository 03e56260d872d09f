"""The one versioned document of all that is tunable. A turn reads one version and records which."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, model_validator

from app.errors import SettingsError
from app.policy.answering import AnswerPolicy, BudgetPolicy, ResponsesPolicy, RoutingPolicy, WorkspacePolicy
from app.policy.choices import STANDARD, ChoicesPolicy
from app.policy.context import ContextPolicy, RecallPolicy
from app.policy.learners import PathPolicy, SafetyPolicy
from app.policy.part import Part
from app.vocabulary import Choice, Task

_OF_AGE = 18


class Strategy(Part):
    """One way to teach, as the model is told it; `variants` are what it may be told in addition, by name."""

    text: str
    variants: dict[
        Annotated[str, StringConstraints(pattern=r"^[^/]+$")],
        Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)],
    ] = Field(default_factory=dict)


class Policy(Part):
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
    choices: ChoicesPolicy = ChoicesPolicy()
    safety: SafetyPolicy = SafetyPolicy()
    workspaces: dict[str, WorkspacePolicy] = Field(default_factory=dict)
    strategies: dict[str, Strategy]
    tasks: dict[Task, str]

    def forbidden(self, workspace: str) -> frozenset[str]:
        """The providers that a workspace forbids; one that is not mentioned forbids none."""
        return self.workspaces.get(workspace, WorkspacePolicy()).forbid

    def offered(self, choice: Choice, task: Task) -> tuple[tuple[str, ...], ...]:
        """What turns of a task choose from, the safe fallback first: one set of arms, or of variants one for each
        strategy. Models are not of the policy."""
        safe, tried = self.tasks[task], self.choices
        strategies = (safe, *[name for name in tried.strategies.get(task, ()) if name != safe])
        match choice:
            case Choice.STRATEGY:
                return (strategies,)
            case Choice.VARIANT:
                return tuple([tried.variants_of(name) for name in strategies])
            case Choice.PROFILE:
                return (tried.profiles_of(task),)
            case Choice.MODEL:
                return ()

    def shares(self, workspace: str) -> bool:
        """Whether a workspace tells others which arms did well in it, and begins with what they tell."""
        own = self.workspaces.get(workspace, WorkspacePolicy()).sharing
        return self.choices.sharing if own is None else own

    def reads_affect(self, workspace: str, preferences: Mapping[str, Any]) -> bool:
        """Whether it is read out of a learner's words how they feel: only where their workspace wants it, and of minors
        only where it says so."""
        own = self.workspaces.get(workspace, WorkspacePolicy())
        return own.affect and (own.affect_minors or not minor(preferences))

    def tells_teachers_affect(self, workspace: str) -> bool:
        """Whether a teacher may be told how a learner, by name, seems to feel."""
        return self.workspaces.get(workspace, WorkspacePolicy()).affect_to_teachers

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
    def _what_may_be_tried_exists_and_has_a_safe_fallback(self) -> "Policy":
        for task, names in self.choices.strategies.items():
            if unknown := [name for name in names if name not in self.strategies]:
                raise ValueError(f"choices.strategies.{task}: there is no strategy {', '.join(unknown)}")
            if self.tasks[task] not in names or len({*names}) < len(names):
                raise ValueError(
                    f"choices.strategies.{task}: must name {self.tasks[task]!r}, the safe fallback that `tasks` "
                    "names, and each strategy once"
                )
        if STANDARD in self.context.profiles:
            raise ValueError(f"context.profiles.{STANDARD}: it changes nothing and cannot be set")
        if lost := [name for name in self.choices.profiles if name not in {STANDARD, *self.context.profiles}]:
            raise ValueError(f"choices.profiles: there is no context.profiles.{', '.join(lost)}")
        return self

    @model_validator(mode="after")
    def _variants_that_may_be_tried_exist_and_have_a_safe_fallback(self) -> "Policy":
        for name, strategy in self.strategies.items():
            if STANDARD in strategy.variants:
                raise ValueError(f"strategies.{name}.variants.{STANDARD}: it adds nothing and cannot be set")
        for name, tried in self.choices.variants.items():
            if (known := self.strategies.get(name)) is None:
                raise ValueError(f"choices.variants.{name}: there is no such strategy")
            if lost := [one for one in tried if one not in {STANDARD, *known.variants}]:
                raise ValueError(f"choices.variants.{name}: there is no strategies.{name}.variants.{', '.join(lost)}")
            if STANDARD not in tried or len({*tried}) < len(tried):
                raise ValueError(
                    f'choices.variants.{name}: must name "{STANDARD}", the safe fallback, and each variant once'
                )
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
