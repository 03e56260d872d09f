"""How it is chosen who answers, how is taught and what is read: by fixed tables, or by what was seen to work."""

from typing import Annotated, Literal

from pydantic import Field

from app.policy.part import Part


class RewardWeights(Part):
    """What each kind of reward counts, 0 to 1: a right answer without help at the next review and within a day, what
    the learner said, whether the answer was read to its end, its wait and its cost."""

    review: Annotated[float, Field(ge=0, le=1)] = 0.3
    independent: Annotated[float, Field(ge=0, le=1)] = 0.3
    feedback: Annotated[float, Field(ge=0, le=1)] = 0.2
    finished: Annotated[float, Field(ge=0, le=1)] = 0.1
    latency: Annotated[float, Field(ge=0, le=1)] = 0.05
    cost: Annotated[float, Field(ge=0, le=1)] = 0.05


class ChoicesPolicy(Part):
    """Whether choices follow fixed tables or what was learned, and what counts as success."""

    mode: Literal["fixed", "learned"] = "learned"
    rewards: RewardWeights = RewardWeights()
