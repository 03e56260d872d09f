"""What a learner's messages say of how they want things explained, what they like, how they read: pure, bounded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.learner.doings import Spoke
from app.learner.profile import figure
from app.learner.profile.figure import Figure, counted
from app.learner.profile.said import difficulty, forms, interests

_FORMS, _LIKED = 64, 32
_NONE = Figure()


@dataclass(frozen=True, slots=True)
class Voiced:
    """Running figures: the forms that were asked for, what is liked, how hard the messages are to read."""

    asked: Mapping[str, Figure] = field(default_factory=dict)
    liked: Mapping[str, Figure] = field(default_factory=dict)
    reading: Figure = _NONE

    def after(self, spoke: Spoke) -> "Voiced":
        """With one more message.

        >>> [*Voiced().after(Spoke("t1", "An example, please")).asked]
        ['example']
        """
        asked, liked, level = self.asked, self.liked, difficulty(spoke.message)
        for form in forms(spoke.message):
            asked = counted(asked, form, (1.0, spoke.id), _FORMS)
        for thing in interests(spoke.message):
            liked = counted(liked, thing, (1.0, spoke.id), _LIKED)
        reading = self.reading if level is None else self.reading.after(level, spoke.id)
        return replace(self, asked=asked, liked=liked, reading=reading)

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {"asked": figure.kept(self.asked), "liked": figure.kept(self.liked), "reading": self.reading.kept()}

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "Voiced":
        """From such JSON."""
        return cls(figure.of(written["asked"]), figure.of(written["liked"]), Figure.of(written["reading"]))
