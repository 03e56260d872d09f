"""What is read out of a learner's message before any model is called."""

from dataclasses import dataclass, replace
from enum import StrEnum


@dataclass(frozen=True)
class Span:
    """Words of a message: its characters from `start` to before `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Affect:
    """How the learner seems to feel; every field unknown until a reader of affect is sure.

    `confidence` is the chance that the label is right; `valence` how pleasant it is, -1 to 1; `frustration`, 0 to 1,
    is smoothed over the session; `because` are the words that speak most for the label.
    """

    label: str | None = None
    confidence: float | None = None
    valence: float | None = None
    frustration: float | None = None
    because: tuple[Span, ...] = ()

    def strained(self, strain: float) -> "Affect":
        """The same under a strain, 0 to 1, that adds to frustration as an independent reason for it."""
        if not strain:
            return self
        return replace(self, frustration=round(1 - (1 - (self.frustration or 0.0)) * (1 - strain), 3))


class Danger(StrEnum):
    """What a learner said of their own safety."""

    SELF_HARM = "self_harm"
    DANGER = "danger"


@dataclass(frozen=True)
class Alarm:
    """A message whose writer may be in danger, and the language it was said in (`en`, `de`, `fr`, `es`)."""

    kind: Danger
    language: str


@dataclass(frozen=True)
class Reading:
    """What was read out of the message before any model was called; `mastery` is the band of what was believed of its
    writer then (`weak`, `growing`, `strong`)."""

    affect: Affect = Affect()
    bloom: str | None = None
    skills: tuple[str, ...] = ()
    mastery: str | None = None
