"""A fact with where it comes from and how long it held; a newer one of the same key ends it."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from itertools import groupby

MOST = 200
"""Facts that are kept of a learner; the oldest go first, those that were superseded before those that hold."""


@dataclass(frozen=True)
class Fact:
    """Something a learner said of themselves.

    `key` is what it is about (`name`, `home`, `exam:biology`, `taste:fractions`), `value` what they said, `None` that
    it is no longer so; `text` their sentence, in the turn `turn_id`, said `at` (ISO 8601 UTC). From `valid_until` on it
    does not hold: a later turn, `superseded_by`, said otherwise, or its day is past.
    """

    key: str
    value: str | None
    text: str
    turn_id: str
    at: str
    valid_until: str | None = None
    superseded_by: str | None = None


def merged(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts of one learner, each one ended where a newer one of its key says otherwise, by key and time.

    In whatever order and however often they come, the result is the same. What is said again is the same fact.
    """
    told = sorted(set(facts), key=_place)
    found: list[Fact] = []
    for _, chain in groupby(told, key=lambda fact: fact.key):
        found += _chain(list(chain))
    if len(found) <= MOST:
        return tuple(found)
    newest = sorted(found, key=lambda fact: (fact.superseded_by is None, fact.at))[-MOST:]
    return tuple(sorted(newest, key=lambda fact: (fact.key, fact.at, fact.turn_id)))


def _place(fact: Fact) -> tuple[str, ...]:
    """Its place among all, of which no two have the same: ties would be in the order in which they came."""
    return tuple(part or "" for part in (fact.key, fact.at, fact.turn_id, *astuple(fact)[1:]))


def _chain(chain: list[Fact]) -> list[Fact]:
    """Facts of one key, oldest first, without those that say again what held."""
    kept: list[Fact] = []
    for fact in chain:
        if kept and kept[-1].value == fact.value and not _over(kept[-1], fact.at):
            continue
        if kept and kept[-1].superseded_by is None:
            until = min(filter(None, (kept[-1].valid_until, fact.at)))
            kept[-1] = replace(kept[-1], valid_until=until, superseded_by=fact.turn_id)
        kept.append(fact)
    return kept


def _over(fact: Fact, at: str) -> bool:
    return fact.valid_until is not None and fact.valid_until <= at


def current(facts: Iterable[Fact], now: str) -> tuple[Fact, ...]:
    """What of merged facts holds `now` (ISO 8601 UTC): of each key one at most, none that was taken back or is past."""
    return tuple(
        fact for fact in facts if fact.superseded_by is None and fact.value is not None and not _over(fact, now)
    )


_HEALTH = frozenset({"allergy", "condition"})
"""Kinds of facts about a learner's health."""

_SHOWN = {
    "allergy": "is allergic to {about}",
    "condition": "has told of: {about}",
    "exam": "has an exam: {about} {value}",
    "favourite": "favourite {about}: {value}",
    "from": "comes from {value}",
    "goal": "wants to {value}",
    "home": "lives in {value}",
    "language": "mother tongue: {value}",
    "name": "is called {value}",
    "prefers": "prefers {value}",
    "taste": "{value} {about}",
}


def tellable(fact: Fact) -> bool:
    """Whether a model may be told a fact: never one about a learner's health, which is nobody's business elsewhere."""
    return fact.key.partition(":")[0] not in _HEALTH


def shown(fact: Fact) -> str:
    """A fact as a model reads it, with the day on which it was said. Not the sentence: what else stands in that may
    hold no longer.

    >>> shown(Fact("taste:fractions", "dislikes", "I hate fractions.", "t", "2026-11-21T10:00:00Z"))
    'dislikes fractions (2026-11-21)'
    """
    kind, _, about = fact.key.partition(":")
    said = _SHOWN.get(kind, "{kind}: {value}").format(kind=kind, about=about, value=fact.value)
    return f"{' '.join(said.split())} ({fact.at[:10]})"
