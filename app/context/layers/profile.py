"""The learner's profile: what session and learner say of themselves, and traits that are sure enough to act on.

It is there so that the model speaks to this learner: their language, level, pace and interests.
"""

from collections.abc import Iterator

from app.context.brief import Brief, Item
from app.context.layers.layer import Layer, Supply, lines

_UNTOLD = frozenset({"daily_reviews", "days_off", "timezone", "minor", "age"})
"""Preferences that a model has no use for: by which reviews are planned, and whose affect may be read."""


_NAMES = {"accessibility": "Teach so that it suits"}


def _supply(brief: Brief) -> Supply | None:
    snapshot = brief.snapshot
    traits = snapshot.portrait.traits if snapshot.portrait else ()
    session = snapshot.session
    told = _told(brief)
    version = (session.subject, session.goal, told, traits)
    if not any(version):
        return None
    return Supply(version, lines("About the learner:", lambda: _items(brief)))


def _items(brief: Brief) -> Iterator[Item]:
    session, portrait = brief.snapshot.session, brief.snapshot.portrait
    for name, value in (("Subject", session.subject), ("Goal of this session", session.goal)):
        if value:
            yield Item(name, f"{name}: {value}")
    for key, told in _told(brief).items():
        yield Item(key, f"{_NAMES.get(key, key.replace('_', ' ').capitalize())}: {_shown(told)}")
    for trait in portrait.traits if portrait else ():
        yield Item(trait.name, f"{trait.name.capitalize()}: {trait.value}")


def _told(brief: Brief) -> dict[str, object]:
    """The preferences that a model is told."""
    snapshot = brief.snapshot
    preferences = snapshot.learner.preferences
    needs = brief.policy.tells_accessibility(snapshot.session.workspace, preferences)
    return {
        key: value
        for key, value in preferences.items()
        if value and key not in _UNTOLD and (needs or key != "accessibility")
    }


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


LAYER = Layer("profile", "system", _supply, of="learner")
