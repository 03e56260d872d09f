"""What concerns learners themselves: their safety, and their path."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.policy.part import Part

_HELP = """
I am glad you told me. You do not have to carry this alone. I am a program and cannot keep you safe, but people can:

- **In danger now, or afraid that you will hurt yourself:** call your emergency number (112 in Europe, 911 in the US).
- **Someone to talk to, today:** findahelpline.com lists free and confidential help lines of your country.
- Tell a person you trust where you are and what you told me.
"""
"""What is said where a policy has no words of its own: right everywhere, and so less help than the lines of a place."""


class SafetyPolicy(Part):
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


class PathPolicy(Part):
    """What counts as mastered, how long skills take of which nobody says it (minutes), in how many days half of what
    was learned is lost without practice, and below which chance of mastery a learner is at risk."""

    mastery: Annotated[float, Field(ge=0.55, le=0.99)] = 0.8
    minutes: Annotated[float, Field(gt=0, le=10_000)] = 20.0
    review_minutes: Annotated[float, Field(gt=0, le=120)] = 3.0
    half_life: Annotated[float, Field(gt=0, le=3_650)] = 30.0
    at_risk: Annotated[float, Field(gt=0, lt=1)] = 0.5
