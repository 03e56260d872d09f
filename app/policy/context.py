"""How the context is made: the budget, how layers share it, what is remembered."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.policy.part import Part
from app.vocabulary import Task

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


class ExplorePolicy(Part):
    """For which share of turns one optional layer of the context is left out or halved, to learn what it is worth."""

    share: Annotated[float, Field(ge=0, le=0.2)] = 0.0


class WeightFactors(Part):
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


class CompressionPolicy(Part):
    """How much of what was found may be left out so that more of it fits: levels of `app/context/compress`."""

    retrieved: Annotated[int, Field(ge=0, le=3)] = 0
    material: Annotated[int, Field(ge=0, le=3)] = 0


class ContextPolicy(Part):
    """How much the model gets to read, in o200k tokens, and how layers share it: what the first token of each is worth
    beside those of others (0 to 1), and the least and the most of the budget that it may have. `profiles` are ways to
    share that may be tried: what weights are multiplied by."""

    budget: Annotated[int, Field(ge=256, le=200_000)] = 2_048
    weights: dict[Tunable | AlwaysThere, _Share] = Field(default_factory=dict)
    floors: dict[Tunable, _Share] = Field(default_factory=dict)
    ceilings: dict[Tunable, _Share] = Field(default_factory=dict)
    factors: WeightFactors = WeightFactors()
    profiles: dict[str, _Factors] = Field(default_factory=dict)
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


class RecallPolicy(Part):
    """How much of what was said is remembered, and how long a turn waits for it."""

    patience: Annotated[float, Field(ge=0, le=5)] = 0.15
    passages: Annotated[int, Field(ge=1_000, le=1_000_000)] = 100_000
    megabytes: Annotated[int, Field(ge=1, le=65_536)] = 256
