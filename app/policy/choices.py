"""How it is chosen who answers, how is taught and what is read: by fixed tables, or by what was seen to work."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.policy.part import Part
from app.vocabulary import Task

STANDARD = "standard"
"""The profile, and the variant of a strategy, that changes nothing."""

Tried = Annotated[tuple[str, ...], Field(min_length=1, max_length=16)]
"""Names of what may be tried."""


class RewardWeights(Part):
    """What each kind of reward counts, 0 to 1: a right answer without help at the next review and within a day, what
    the learner said, whether the answer was read to its end, its wait and its cost."""

    review: Annotated[float, Field(ge=0, le=1)] = 0.3
    independent: Annotated[float, Field(ge=0, le=1)] = 0.3
    feedback: Annotated[float, Field(ge=0, le=1)] = 0.2
    finished: Annotated[float, Field(ge=0, le=1)] = 0.1
    latency: Annotated[float, Field(ge=0, le=1)] = 0.05
    cost: Annotated[float, Field(ge=0, le=1)] = 0.05

    @model_validator(mode="after")
    def _success_comes_first(self) -> "RewardWeights":
        if self.feedback > min(self.review, self.independent):
            raise ValueError("feedback may not count more than a right answer without help (review, independent)")
        return self


class GatePolicy(Part):
    """When an arm is suspended: where its rewards fall under `floor` of the baseline's, for `cooling` days at first and
    `longest` at the most; and how many `trials` an hour a learner gets of arms that are hardly known."""

    floor: Annotated[float, Field(gt=0, le=1)] = 0.95
    cooling: Annotated[float, Field(gt=0, le=365)] = 1.0
    longest: Annotated[float, Field(gt=0, le=365)] = 30.0
    trials: Annotated[float, Field(ge=0, le=1_000)] = 12.0

    @model_validator(mode="after")
    def _the_longest_is_not_shorter(self) -> "GatePolicy":
        if self.longest < self.cooling:
            raise ValueError("longest: may not be shorter than cooling")
        return self


class Usual(Part):
    """The safe profile of a task and the safe variant of a strategy: what is used where nothing is learned or may be
    tried; "standard" for those that are not named."""

    profiles: dict[Task, str] = Field(default_factory=dict)
    variants: dict[str, str] = Field(default_factory=dict)


class ChoicesPolicy(Part):
    """Whether choices follow fixed tables or what was learned, by which policy of choice, from how many rewards on;
    which strategies may be tried for a task, which variants of a strategy and which profiles for a context, and which
    of them are `usual`; what may be chosen besides the safe one where nothing may be tried; and what counts as success:
    waits of `first_token` seconds and answers of `cost_usd` dollars are worth one half."""

    mode: Literal["fixed", "learned"] = "learned"
    by: Literal["hybrid", "thompson", "ucb", "greedy", "linear", "paced"] = "hybrid"
    least: Annotated[int, Field(ge=1, le=100_000)] = 20
    strategies: dict[Task, Tried] = Field(default_factory=dict)
    variants: dict[str, Tried] = Field(default_factory=dict)
    profiles: Tried = (STANDARD,)
    usual: Usual = Usual()
    approved: frozenset[str] = frozenset()
    rewards: RewardWeights = RewardWeights()
    gate: GatePolicy = GatePolicy()
    sharing: bool = False
    first_token: Annotated[float, Field(gt=0, le=60)] = 1.5
    cost_usd: Annotated[float, Field(gt=0, le=100)] = 0.002

    def variants_of(self, strategy: str) -> tuple[str, ...]:
        """The variants of a strategy that may be tried, as arms (`Choice.VARIANT`), the safe fallback first.

        >>> ChoicesPolicy(variants={"guided": ("shorter", "standard")}).variants_of("guided")
        ('guided/standard', 'guided/shorter')
        >>> ChoicesPolicy().variants_of("guided")
        ('guided/standard',)
        """
        names, safe = self.variants.get(strategy, ()), self.usual.variants.get(strategy, STANDARD)
        return (f"{strategy}/{safe}", *[f"{strategy}/{name}" for name in names if name != safe])

    def profiles_of(self, task: Task) -> tuple[str, ...]:
        """The profiles that may be tried for a task, the safe fallback first."""
        safe = self.usual.profiles.get(task, STANDARD)
        return (safe, *[name for name in self.profiles if name != safe])

    @model_validator(mode="after")
    def _there_is_a_safe_profile(self) -> "ChoicesPolicy":
        if STANDARD not in self.profiles:
            raise ValueError(f'profiles: "{STANDARD}" is the safe fallback and must be among them')
        if len({*self.profiles}) < len(self.profiles):
            raise ValueError("profiles: one is named twice")
        for task, name in self.usual.profiles.items():
            if name not in self.profiles:
                raise ValueError(f"usual.profiles.{task}: {name!r} is none of `profiles`")
        for strategy, name in self.usual.variants.items():
            if name not in self.variants.get(strategy, ()):
                raise ValueError(f"usual.variants.{strategy}: {name!r} is none of its `variants`")
        return self
