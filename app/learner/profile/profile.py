"""The profile of a learner as events change it: pure, bounded, the same from the log as it was event by event.

An event is known again by its id among the newest 256.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import log
from typing import Any

from app.learner.doings import Spoke, Tried
from app.learner.profile.figure import Figure, counted
from app.learner.profile.said import difficulty, forms, interests

_SKILLS, _LIKED, _KNOWN = 64, 32, 256
_LEFT = 1_800.0
"""Seconds after which a skill that went wrong counts as left."""

_ONE, _MANY = ("pace", "persistence", "help", "reading"), ("asked", "liked", "times", "errors")
_NONE = Figure()
_TIMES = ("night", "morning", "afternoon", "evening")


@dataclass(frozen=True, slots=True)
class Profile:
    """Running figures. `pace` is of the logarithm of seconds; `wrong` the newest error that may yet be made good, as
    skill and time."""

    pace: Figure = _NONE
    persistence: Figure = _NONE
    help: Figure = _NONE
    reading: Figure = _NONE
    asked: Mapping[str, Figure] = field(default_factory=dict)
    liked: Mapping[str, Figure] = field(default_factory=dict)
    times: Mapping[str, Figure] = field(default_factory=dict)
    errors: Mapping[str, Figure] = field(default_factory=dict)
    wrong: tuple[str, float | None] | None = None
    known: tuple[str, ...] = ()


def after(profile: Profile, event: Spoke | Tried) -> Profile:
    """The profile with one more event; the same profile for one that it knows."""
    if event.id in profile.known:
        return profile
    moved = _heard(profile, event) if isinstance(event, Spoke) else _graded(profile, event)
    return replace(moved, known=(*profile.known, event.id)[-_KNOWN:])


def time_of(at: float) -> str:
    """The quarter of the day of a moment, in UTC: the learner's own clock is not known.

    >>> time_of(9 * 3600.0)
    'morning'
    """
    return _TIMES[datetime.fromtimestamp(at, UTC).hour // 6]


def kept(profile: Profile) -> dict[str, Any]:
    """As JSON."""
    many = {name: _each(getattr(profile, name)) for name in _MANY}
    one = {name: getattr(profile, name).kept() for name in _ONE}
    return {**one, **many, "wrong": profile.wrong, "known": [*profile.known]}


def of(written: Mapping[str, Any]) -> Profile:
    """From such JSON."""
    one: dict[str, Any] = {name: Figure.of(written[name]) for name in _ONE}
    many: dict[str, Any] = {name: {key: Figure.of(figure) for key, figure in written[name]} for name in _MANY}
    wrong = written["wrong"]
    return Profile(**one, **many, wrong=wrong and (wrong[0], wrong[1]), known=tuple(written["known"]))


def _each(figures: Mapping[str, Figure]) -> list[list[Any]]:
    """In their order, which says which one goes first."""
    return [[name, figure.kept()] for name, figure in figures.items()]


def _heard(profile: Profile, event: Spoke) -> Profile:
    asked, liked, level = profile.asked, profile.liked, difficulty(event.message)
    for form in forms(event.message):
        asked = counted(asked, form, (1.0, event.id), _SKILLS)
    for thing in interests(event.message):
        liked = counted(liked, thing, (1.0, event.id), _LIKED)
    reading = profile.reading if level is None else profile.reading.after(level, event.id)
    return replace(profile, asked=asked, liked=liked, reading=reading)


def _graded(profile: Profile, event: Tried) -> Profile:
    right, wrong = float(event.correct), float(not event.correct)
    pace = profile.pace.after(log(event.seconds), event.id) if event.seconds and event.seconds > 0 else profile.pace
    day = profile.times
    return replace(
        profile,
        pace=pace,
        persistence=_again(profile, event),
        help=profile.help.after(float(event.hints > 0), event.id),
        times=day if event.at is None else counted(day, time_of(event.at), (right, event.id), len(_TIMES)),
        errors=counted(profile.errors, event.skill, (wrong, event.id), _SKILLS),
        wrong=None if event.correct else (event.skill, event.at),
    )


def _again(profile: Profile, event: Tried) -> Figure:
    """Whether the skill that just went wrong is tried again, now that there is a next answer."""
    if profile.wrong is None:
        return profile.persistence
    skill, at = profile.wrong
    late = at is not None and event.at is not None and event.at - at > _LEFT
    return profile.persistence.after(float(event.skill == skill and not late), event.id)
