"""What a class keeps of each learner: small enough that ten thousand fit into memory. Changed in place."""

from array import array
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from app.learner.habit import WINDOW
from app.vocabulary import Answer, Estimate, Session, Sheet, Standing

DAY = 86_400.0
WEEK = 7 * DAY

SKILLS = 256
"""Skills of a learner that are kept; the one practised longest ago goes."""

HELPED = 8
"""Newest tries of a skill of which it is known whether help was taken."""

_TIMES = 500
"""Newest answers on a skill whose times are kept, within the days that a habit is told from."""

_WRONG = 100
_COURSES = 20


class Wrong(NamedTuple):
    """An answer that was wrong."""

    at: float
    skill: str
    item: str | None


class Cell:
    """A learner on one skill. `wrong` answers in a row were the last ones, the first of them at `wrong_since`; bit n of
    `help` says whether help was taken before the n-th newest; `times` are those of the newest answers, in seconds."""

    __slots__ = ("attempts", "help", "last_at", "mastery", "times", "uncertainty", "wrong", "wrong_item", "wrong_since")

    def __init__(self) -> None:
        self.mastery = self.uncertainty = self.last_at = self.wrong_since = 0.0
        self.attempts = self.help = self.wrong = 0
        self.wrong_item: str | None = None
        self.times = array("I")

    @property
    def helped(self) -> int:
        """Of how many of the newest `HELPED` tries help was taken."""
        return self.help.bit_count()

    def take(self, answer: Answer, told: Estimate, at: float) -> None:
        """Takes in one answer. With the solution on view it is no try, and neither right nor wrong."""
        self.mastery, self.uncertainty, self.last_at = told.mastery, told.uncertainty, at
        self.attempts += 1
        self.help = (self.help << 1 | (answer.hints > 0 or answer.shown)) & ((1 << HELPED) - 1)
        self._time(at)
        if answer.shown:
            return
        if answer.correct:
            self.wrong, self.wrong_item = 0, None
            return
        self.wrong_since = self.wrong_since if self.wrong else at
        self.wrong, self.wrong_item = self.wrong + 1, answer.item

    def _time(self, at: float) -> None:
        self.times.append(max(int(at), 0))
        if len(self.times) > _TIMES or self.times[0] < at - WINDOW * DAY:
            self.times = array("I", [t for t in self.times[-_TIMES:] if t >= at - WINDOW * DAY])

    def standing(self, skill: str) -> Standing:
        """What was believed of the skill after its last answer."""
        return Standing(skill, self.mastery, self.uncertainty, self.attempts)


class Card:
    """A learner up to the sheet with the number `seq` and the id `sheet`, their newest session, and in `row` what was
    told of them last, with what it was told from."""

    __slots__ = ("cells", "courses", "last_session", "row", "seq", "sheet", "wrong")

    def __init__(self) -> None:
        self.seq, self.sheet = 0, ""
        self.last_session: str | None = None
        self.courses = dict[str, None]()
        self.cells = dict[str, Cell]()
        self.wrong = list[Wrong]()
        self.row: tuple[object, Any] | None = None

    def take(self, sheet: Sheet, name: Callable[[str], str]) -> None:
        """Takes in a learner's next sheet; `name` gives the one text for texts that are the same."""
        made = datetime.fromisoformat(sheet.created_at).timestamp()
        for answer, told in zip(sheet.answers, sheet.told, strict=True):
            at = made if answer.at is None else answer.at
            skill, item = name(answer.skill), name(answer.item) if answer.item is not None else None
            cell = self.cells.pop(skill, None) or Cell()
            self.cells[skill] = cell
            cell.take(answer._replace(item=item), told, at)
            if not answer.correct and not answer.shown:
                self.wrong.append(Wrong(at, skill, item))
            if len(self.cells) > SKILLS:
                del self.cells[next(iter(self.cells))]
        self.wrong = [one for one in self.wrong[-_WRONG:] if one.at > made - WEEK]
        self.seq, self.sheet = sheet.seq, sheet.id

    def meet(self, session: Session, name: Callable[[str], str]) -> None:
        """Notes a session."""
        self.last_session = max(self.last_session or "", session.created_at)
        if session.course_id is not None and len(self.courses) < _COURSES:
            self.courses[name(session.course_id)] = None
