"""What a call about answers says, and what becomes of each of its rows. Pure.

| a row | what becomes of it |
|---|---|
| later than now | counts as made now; noted as `future` |
| earlier than the learner's newest answer | kept with its time, learned from in the order of arrival; `out-of-order` |
| of a skill that the learner has not met | begins that skill; `new-skill` |
| that was counted before | not counted again; `duplicate` |

The same answer is known by its `id`, or by `at`, skill and item: with an `at` as long as it is kept, by its `id` alone
among the learner's 500 newest answers that had one. Without either, each row is an attempt of its own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from app.clock import iso
from app.learner.mind import Mind
from app.vocabulary import Answer, Sheet

FUTURE, LATE, NEW, TWICE = "future", "out-of-order", "new-skill", "duplicate"

_SKEW = 5.0
"""Seconds that a front end's clock may be ahead without a note."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a call; `answer.at` is `None` where it said no time."""

    answer: Answer
    id: str | None = None


@dataclass(slots=True)
class Sorted:
    """The answers that rows become. `places` says which answer each row is, `None` for one that was counted before."""

    answers: list[Answer] = field(default_factory=list)
    places: list[int | None] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    noted: dict[str, list[str]] = field(default_factory=dict)

    @property
    def first_at(self) -> float:
        """When the oldest of them was made."""
        return min(answer.at or 0.0 for answer in self.answers)

    @property
    def last_at(self) -> float:
        """When the newest of them was made."""
        return max(answer.at or 0.0 for answer in self.answers)


Known = Callable[[Row], bool]
"""Whether a row was counted in an earlier call."""


def sort(rows: Iterable[Row], mind: Mind, now: float, known: Known) -> Sorted:
    """What becomes of each row, for a learner who is as `mind` says."""
    found, here, newest, skills = Sorted(), set[str](), mind.last_at, set[str]()
    for given in rows:
        row = _named(given, now)
        name = identity(row)
        if name is not None and (name in here or known(row)):
            found.places.append(None)
            continue
        if name is not None:
            here.add(name)
        answer, notes = _placed(row.answer, now, newest)
        newest = max(newest, answer.at or now)
        if answer.skill not in skills and not mind.knows(answer.skill):
            skills.add(answer.skill)
            notes.append(NEW)
        _add(found, answer, row.id, notes)
    return found


def identity(row: Row) -> str | None:
    """What tells a row from others; `None` where nothing does.

    >>> identity(Row(Answer("algebra", True))) is None
    True
    """
    if row.id is not None:
        return f"id\x1f{row.id}"
    answer = row.answer
    return None if answer.at is None else f"at\x1f{iso(answer.at)}\x1f{answer.skill}\x1f{answer.item or ''}"


def identities(sheet: Sheet) -> set[str]:
    """What tells the answers of a sheet from others."""
    return {name for n, answer in enumerate(sheet.answers) if (name := identity(Row(answer, sheet.ids.get(str(n)))))}


def _named(row: Row, now: float) -> Row:
    """A row whose time will not be kept is known by that time as its name."""
    if row.id is None and row.answer.at is not None and row.answer.at > now:
        return replace(row, id=identity(row))
    return row


def _placed(answer: Answer, now: float, newest: float) -> tuple[Answer, list[str]]:
    """An answer at the time that it counts for, and what was odd about that."""
    if answer.at is None:
        return answer._replace(at=now), []
    if answer.at > now:
        return answer._replace(at=now), [FUTURE] if answer.at > now + _SKEW else []
    return answer, [LATE] if answer.at < newest else []


def _add(found: Sorted, answer: Answer, name: str | None, notes: list[str]) -> None:
    place = len(found.answers)
    found.places.append(place)
    found.answers.append(answer)
    if name is not None:
        found.ids[str(place)] = name
    if notes:
        found.noted[str(place)] = notes
