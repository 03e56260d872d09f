"""A profile in traits: value, interval, evidence, trend; a trait is unknown until there is enough to tell it from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp
from textwrap import shorten
from typing import Any

from app.learner.profile.figure import EVIDENCE, Figure, together
from app.learner.profile.profile import Profile
from app.vocabulary import Trait

NAMES = (
    *("pace", "persistence", "help_seeking", "explanation_form", "time_of_day", "error_patterns", "interests"),
    "reading_level",
)
_ENOUGH = 10
_FEW = 3
_MOST = 3
_WORDS = 120
"""Characters that a model is told of a trait: a person may have put in more."""

_TIMES = ("night", "morning", "afternoon", "evening")

Value = float | str | tuple[str, ...]
_FORMS = {
    "example": "worked examples",
    "steps": "step by step",
    "picture": "pictures and diagrams",
    "comparison": "comparisons with everyday things",
    "short": "short answers",
    "formal": "definitions and proofs",
}


@dataclass(frozen=True)
class Known:
    """What is known of one trait. `interval` holds the true value with 95 %; `trend` is how far the recent value is
    above the whole one; `corrected`: a person has said so, and no evidence changes it."""

    name: str
    value: Value | None = None
    interval: tuple[float, float] | None = None
    evidence: tuple[str, ...] = ()
    trend: float | None = None
    n: int = 0
    corrected: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Correction:
    """What a person said of a trait: its true value, or that it is to be hidden."""

    value: Value | None = None
    hidden: bool = False


def known(
    profile: Profile, corrections: Mapping[str, Correction] | None = None, ahead: float = 0.0
) -> tuple[Known, ...]:
    """Every trait, in a fixed order; a correction holds against all evidence, and a hidden one shows nothing. The
    learner's clock is so many hours `ahead` of UTC."""
    said = corrections or {}
    return tuple(_corrected(trait, said.get(trait.name)) for trait in _traits(profile, ahead))


def time_of(hour: float) -> str:
    """The quarter of the day of an hour.

    >>> time_of(9.5), time_of(-1.0)
    ('morning', 'evening')
    """
    return _TIMES[int(hour // 6) % 4]


def portrayed(traits: tuple[Known, ...]) -> tuple[Trait, ...]:
    """The traits that are sure enough to act on, in words."""
    return tuple(
        Trait(one.name, shorten(words, _WORDS, placeholder=" …"))
        for one in traits
        if not one.hidden and (words := _words(one))
    )


def _corrected(trait: Known, said: Correction | None) -> Known:
    if said is None:
        return trait
    if said.hidden:
        return Known(trait.name, hidden=True)
    return Known(trait.name, said.value, corrected=True)


def _traits(profile: Profile, ahead: float) -> Iterator[Known]:
    voiced, worked = profile
    pace = worked.pace
    seconds = (round(exp(pace.interval[0]), 1), round(exp(pace.interval[1]), 1))
    yield _known("pace", pace, round(exp(pace.mean), 1), seconds)
    yield _known("persistence", worked.persistence, round(worked.persistence.mean, 3), worked.persistence.share)
    yield _known("help_seeking", worked.help, round(worked.help.mean, 3), worked.help.share)
    yield _most("explanation_form", voiced.asked)
    yield _best_time(_quarters(worked.hours, ahead))
    yield _list("error_patterns", {s: f for s, f in worked.errors.items() if f.n >= _FEW and f.share[0] > 0.3})
    yield _list("interests", {s: f for s, f in voiced.liked.items() if f.n >= 2})
    level = voiced.reading
    yield _known("reading_level", level, round(level.mean, 1), level.interval, enough=_FEW)


def _quarters(hours: Mapping[str, Figure], ahead: float) -> dict[str, Figure]:
    """Figures by the quarter of the learner's day that the middle of each hour lies in."""
    quarters: dict[str, list[Figure]] = {}
    for hour, figure in hours.items():
        quarters.setdefault(time_of(int(hour) + 0.5 + ahead), []).append(figure)
    return {name: together(figures) for name, figures in quarters.items()}


def _known(name: str, figure: Figure, value: float, interval: tuple[float, float], enough: int = _ENOUGH) -> Known:
    if figure.n < enough:
        return Known(name, n=figure.n)
    trend = None if figure.trend is None else round(figure.trend, 3)
    low, high = interval
    return Known(name, value, (round(low, 3), round(high, 3)), figure.evidence, trend, figure.n)


def _most(name: str, figures: Mapping[str, Figure]) -> Known:
    """The name that is counted most, where more than half of at least three counts are its."""
    total = sum(figure.n for figure in figures.values())
    if not total:
        return Known(name)
    best = max(figures, key=lambda one: figures[one].n)
    share = Figure(n=total, mean=figures[best].n / total)
    if figures[best].n < _FEW or share.mean <= 0.5:
        return Known(name, n=total)
    low, high = share.share
    return Known(name, best, (round(low, 3), round(high, 3)), figures[best].evidence, None, total)


def _best_time(times: Mapping[str, Figure]) -> Known:
    """The time of day with the best success, where it is sure to be better than that of the others together."""
    total = sum(figure.n for figure in times.values())
    full = {name: figure for name, figure in times.items() if figure.n >= _ENOUGH}
    if len(full) < 2:
        return Known("time_of_day", n=total)
    best = max(full, key=lambda name: full[name].share[0])
    rest = [figure for name, figure in full.items() if name != best]
    low, high = full[best].share
    if low <= together(rest).mean:
        return Known("time_of_day", n=total)
    return Known("time_of_day", best, (round(low, 3), round(high, 3)), full[best].evidence, None, total)


def _list(name: str, figures: Mapping[str, Figure]) -> Known:
    order = sorted(figures, key=lambda one: (-figures[one].n * figures[one].mean, one))[:_MOST]
    n = sum(figures[one].n for one in order)
    if not order:
        return Known(name)
    evidence = tuple(dict.fromkeys(i for one in order for i in figures[one].evidence))[-EVIDENCE:]
    return Known(name, tuple(order), None, evidence, None, n)


def _words(trait: Known) -> str | None:
    """A trait as a model is told it; `None` for one that is unknown or in the middle."""
    value = trait.value
    if value is None:
        return None
    if isinstance(value, tuple):
        return ", ".join(value) or None
    if isinstance(value, str):
        return _FORMS.get(value, value)
    return _number(trait.name, value, trait.interval or (value, value))


def _number(name: str, value: float, interval: tuple[float, float]) -> str | None:
    low, high = interval
    told: dict[str, Any] = {
        "pace": f"takes about {value:.0f} s an answer",
        "persistence": "tries again after an error"
        if low > 0.6
        else "leaves a skill after an error"
        if high < 0.4
        else None,
        "help_seeking": "asks for hints often" if low > 0.4 else "hardly ever takes a hint" if high < 0.15 else None,
        "reading_level": "writes simply" if high < 30 else "writes at a high level" if low > 50 else None,
    }
    found: str | None = told[name]
    return found
