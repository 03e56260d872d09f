"""What a learner's answers say of how they work: how fast, how persistent, with how much help, when, and what goes
wrong again and again. Pure, bounded, in constant time for each answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import log
from typing import Any

from app.learner.doings import Tried
from app.learner.profile import figure
from app.learner.profile.figure import Figure, counted

_SKILLS = 64
_HOURS = 24
_HOUR = 3_600.0
_LEFT = 1_800.0
"""Seconds after which a skill that went wrong counts as left."""

_NONE = Figure()


@dataclass(frozen=True, slots=True)
class Worked:
    """Running figures. `pace` is of the logarithm of seconds; `hours` of success by the hour of the day in UTC, for a
    learner's own clock may be set otherwise at any time; `wrong` the newest error that may yet be made good, as skill
    and time."""

    pace: Figure = _NONE
    persistence: Figure = _NONE
    help: Figure = _NONE
    hours: Mapping[str, Figure] = field(default_factory=dict)
    errors: Mapping[str, Figure] = field(default_factory=dict)
    wrong: tuple[str, float | None] | None = None

    def after(self, tried: Tried) -> "Worked":
        """With one more answer."""
        helped = self.help.after(float(tried.hints > 0 or tried.shown), tried.id)
        if tried.shown:
            return replace(self, help=helped)
        right, wrong, timed = float(tried.correct), float(not tried.correct), tried.seconds
        hours = self.hours
        if tried.at is not None:
            hours = counted(hours, str(int(tried.at // _HOUR) % _HOURS), (right, tried.id), _HOURS)
        return Worked(
            pace=self.pace.after(log(timed), tried.id) if timed and timed > 0 else self.pace,
            persistence=self._again(tried),
            help=helped,
            hours=hours,
            errors=counted(self.errors, tried.skill, (wrong, tried.id), _SKILLS),
            wrong=None if tried.correct else (tried.skill, tried.at),
        )

    def _again(self, tried: Tried) -> Figure:
        """Whether the skill that just went wrong is tried again, now that there is a next answer."""
        if self.wrong is None:
            return self.persistence
        skill, at = self.wrong
        late = at is not None and tried.at is not None and tried.at - at > _LEFT
        return self.persistence.after(float(tried.skill == skill and not late), tried.id)

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        one = {"pace": self.pace.kept(), "persistence": self.persistence.kept(), "help": self.help.kept()}
        many = {"hours": figure.kept(self.hours), "errors": figure.kept(self.errors)}
        return {**one, **many, "wrong": self.wrong and [*self.wrong]}

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "Worked":
        """From such JSON."""
        wrong = written["wrong"]
        return cls(
            pace=Figure.of(written["pace"]),
            persistence=Figure.of(written["persistence"]),
            help=Figure.of(written["help"]),
            hours=figure.of(written["hours"]),
            errors=figure.of(written["errors"]),
            wrong=wrong and (wrong[0], wrong[1]),
        )
