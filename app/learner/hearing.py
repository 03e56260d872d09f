"""What a message says of its writer, before any model is called: whether they are in danger, and how they feel."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.learner.safety.danger import danger
from app.policy import Policy
from app.vocabulary import Affect, Alarm, Reading, Snapshot

if TYPE_CHECKING:  # it needs NumPy, which takes a quarter of a second
    from app.learner.affect.model import Felt, Model

_SURE = 0.5
"""The chance of being right from which a label is told."""

_NEWEST = 0.4
"""What the newest message counts in the frustration of a session; those before it count the rest, and so on."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that is read; of one with an `alarm` nothing else is."""

    reading: Reading
    alarm: Alarm | None = None

    @property
    def affect(self) -> Affect | None:
        """How the learner seems to feel; `None` where nothing was read."""
        return None if self.reading.affect == Affect() else self.reading.affect


class Hearing:
    """Hears messages; `model` loads the model of affect when a workspace that wants it has its first message, `skills`
    names those that a message is about."""

    def __init__(self, model: "Callable[[], Model]", skills: Callable[[Snapshot, str], tuple[str, ...]]) -> None:
        self._model, self._skills = model, skills

    def hear(self, message: str, snapshot: Snapshot, policy: Policy) -> Heard:
        """What a learner's next message says, in less than a millisecond."""
        if alarm := danger(message):
            return Heard(Reading(), alarm)
        wanted = policy.reads_affect(snapshot.session.workspace, snapshot.learner.preferences)
        affect = self._felt(message, snapshot.frustration) if wanted else Affect()
        return Heard(Reading(affect, skills=self._skills(snapshot, message)))

    def _felt(self, message: str, before: float | None) -> Affect:
        model = self._model()
        felt = model.read(message)
        if felt is None:
            return Affect(frustration=before)
        level = round(smoothed(before, frustration(felt)), 3)
        if felt.confidence < _SURE:
            return Affect(frustration=level)
        because = () if felt.label == "neutral" else model.causes(message)
        return Affect(felt.label, round(felt.confidence, 3), round(felt.valence, 3), level, because)


def frustration(felt: "Felt") -> float:
    """How frustrated one message sounds, 0 to 1: being discouraged and being confused are parts of it."""
    return felt.of("frustration") + 0.5 * felt.of("discouragement", "confusion")


def smoothed(before: float | None, now: float) -> float:
    """A level smoothed over the messages of a session: those before weigh 0.6, 0.36, … of what the newest does.

    >>> round(smoothed(0.5, 1.0), 3), smoothed(None, 0.3)
    (0.7, 0.3)
    """
    return now if before is None else before + _NEWEST * (now - before)
