"""Classes, read from the log of answers: all at first, then what has come since.

A replica that never heard of an answer finds it in the log, so that nothing needs to be told between replicas. Whoever
asks for a class reads on for a second or two at the most and is told how far that got; who asks next goes on there.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.clock import Clock, before
from app.policy import PathPolicy
from app.storage.answers import Sheets
from app.storage.courses import Courses
from app.storage.sessions import Sessions
from app.teaching.cards import DAY, WEEK, Card
from app.teaching.overview import Missed, Overview, Tally
from app.teaching.rows import Row, row
from app.teaching.signs import Look
from app.vocabulary import Sheet, Skill

HORIZON = 182 * DAY
"""How far back the log is read: a school half-year."""

LEARNERS = 50_000
"""Learners of a workspace that are taken in; more are left out."""

_CLASSES = 8
_VIEWS = 16
_PATIENCE = 1.5
"""Seconds that one call reads on."""

_FRESH = 3.0
"""Seconds that a view is shown again as it is."""

_RENEWED = 3_600.0
"""Seconds after which a class is read anew: courses that sessions changed to, erasures that nobody told of."""

_OVERLAP = 60.0
"""Seconds that are read again: clocks of replicas differ, and what has an earlier id may be written later."""

_FEW, _MANY = 8, 32
_LIGHT = 500
"""Answers in a page of sheets from which the next page is a small one: a sheet may have 10,000."""

_ITEMS = 20_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What classes are derived from."""

    sheets: Sheets
    sessions: Sessions
    courses: Courses
    clock: Clock
    policy: PathPolicy


@dataclass(frozen=True, slots=True)
class Asked:
    """Which class: of a workspace, or of a course in it; `days` until the date of what is expected."""

    workspace: str
    course_id: str | None = None
    days: float = 28.0


@dataclass(frozen=True, slots=True)
class View:
    """A class at a time; `complete` says whether all of the log is in it, `read` how many sheets were."""

    rows: Sequence[Row]
    overview: Overview
    titles: dict[str, str]
    at: float
    complete: bool
    read: int


@dataclass(slots=True)
class _Class:
    """What is known of a workspace."""

    workspace: str
    begun: float
    last_sheet: str
    last_session: str
    cards: dict[str, Card] = field(default_factory=dict)
    tries: dict[int, Counter[Missed]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    odd: set[str] = field(default_factory=set)
    views: OrderedDict[Asked, View] = field(default_factory=OrderedDict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    read: int = 0

    def name(self, text: str) -> str:
        """The one text for texts that are the same."""
        return self.names.setdefault(text, text)

    def card(self, learner_id: str) -> Card | None:
        """A learner's card; a new one where there is room."""
        if learner_id not in self.cards and len(self.cards) >= LEARNERS:
            return None
        return self.cards.setdefault(learner_id, Card())

    def take(self, sheet: Sheet) -> None:
        """Takes in a sheet that was not seen before. One that does not follow on what is known (a learner was erased
        and came back, or a sheet was missed) has that learner read anew."""
        card = self.card(sheet.learner_id)
        if card is None or (sheet.seq <= card.seq and sheet.id <= card.sheet):
            return
        if card.seq and sheet.seq != card.seq + 1:
            self.odd.add(sheet.learner_id)
            return
        card.take(sheet, self.name)
        self.read += 1
        for answer in sheet.answers:
            day = self.tries.setdefault(int((answer.at or 0.0) // DAY), Counter())
            if not answer.shown and (len(day) < _ITEMS or (answer.skill, answer.item) in day):
                day[self.name(answer.skill), answer.item] += 1

    def week(self, now: float) -> Counter[Missed]:
        """The tries of the last seven days; older ones are forgotten."""
        first = int((now - WEEK) // DAY)
        self.tries = {day: tries for day, tries in self.tries.items() if day >= first}
        return sum(self.tries.values(), Counter())


class Classes:
    """Classes by workspace, those asked for last."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._held: OrderedDict[str, _Class] = OrderedDict()

    @property
    def sheets(self) -> Sheets:
        """The log of answers."""
        return self._p.sheets

    async def view(self, asked: Asked) -> View:
        """A class as it is now, or was seconds ago; `NotFound` for a course that is not there."""
        skills = await self._skills(asked)
        held = self._class(asked.workspace)
        async with held.lock:
            seen = held.views.get(asked)
            if seen and seen.complete and self._p.clock.now() - seen.at < _FRESH:
                return seen
            complete = await self._catch_up(held)
            if not complete:
                return self._unread(held)
            look = Look(skills, asked.days, self._p.clock.now(), self._p.policy)
            held.views[asked] = view = await self._look(held, asked, look)
            while len(held.views) > _VIEWS:
                held.views.popitem(last=False)
            return view

    def drop(self, workspace: str, learner_id: str) -> None:
        """Has a learner read anew, whose records were erased or changed."""
        if held := self._held.get(workspace):
            held.odd.add(learner_id)
            held.views.clear()

    def _row(self, learner_id: str, card: Card, asked: Asked, look: Look) -> Row:
        """What is told of a learner; as before, where nothing has come and it is the same day."""
        mark = asked, card.seq, card.last_session, look.skills and len(look.skills), int(look.now // DAY)
        if card.row is None or card.row[0] != mark:
            card.row = mark, row(learner_id, card, look)
        told: Row = card.row[1]
        return told

    async def standing(self, workspace: str, rows: Sequence[Row]) -> list[Row]:
        """Those of a class who are still there: an erasure elsewhere may not have been heard of."""
        held = self._class(workspace)
        there = await asyncio.gather(*(self._stands(held, row.learner_id) for row in rows))
        for one, stands in zip(rows, there, strict=True):
            if not stands:
                self.drop(workspace, one.learner_id)
        return [one for one, stands in zip(rows, there, strict=True) if stands]

    async def _stands(self, held: _Class, learner_id: str) -> bool:
        card = held.cards.get(learner_id)
        if card is None:
            return False
        if card.sheet:
            return await self._p.sheets.has(held.workspace, learner_id, card.sheet)
        return await self._p.sessions.has(held.workspace, learner_id)

    def _class(self, workspace: str) -> _Class:
        now, held = self._p.clock.now(), self._held.get(workspace)
        if held is None or now - held.begun > _RENEWED:
            start = before(now - HORIZON)
            held = self._held[workspace] = _Class(workspace, now, start, start)
        self._held.move_to_end(workspace)
        while len(self._held) > _CLASSES:
            self._held.popitem(last=False)
        return held

    async def _skills(self, asked: Asked) -> dict[str, Skill] | None:
        if asked.course_id is None:
            return None
        course = await self._p.courses.get(asked.workspace, asked.course_id)
        return {skill.id: skill for skill in course.skills}

    async def _catch_up(self, held: _Class) -> bool:
        """Reads on; says whether all was read."""
        until = self._p.clock.monotonic() + _PATIENCE
        complete = await self._sessions(held, until) and await self._sheets(held, until)
        while held.odd:
            await self._anew(held, held.odd.pop())
        return complete

    async def _sessions(self, held: _Class, until: float) -> bool:
        held.last_session = self._from(held.last_session)
        while found := await self._p.sessions.since(held.workspace, held.last_session, _MANY):
            for session in found:
                if card := held.card(held.name(session.learner_id)):
                    card.meet(session, held.name)
            held.last_session = found[-1].id
            if self._p.clock.monotonic() > until:
                return False
        return True

    async def _sheets(self, held: _Class, until: float) -> bool:
        held.last_sheet, limit = self._from(held.last_sheet), _FEW
        while found := await self._p.sheets.since(held.workspace, held.last_sheet, limit):
            for sheet in found:
                held.take(sheet)
                await asyncio.sleep(0)
            held.last_sheet = found[-1].id
            limit = _MANY if sum(len(sheet.answers) for sheet in found) < _LIGHT else _FEW
            if self._p.clock.monotonic() > until:
                return False
        return True

    def _from(self, last: str) -> str:
        """Where to read on: a little before what was read last, where that is new."""
        return min(last, before(self._p.clock.now() - _OVERLAP))

    async def _anew(self, held: _Class, learner_id: str) -> None:
        """Reads a learner again from the log; one who is not there any more is forgotten."""
        known, card = held.cards.pop(learner_id, None), Card()
        start = before(self._p.clock.now() - HORIZON)
        async for sheet in self._p.sheets.after(held.workspace, learner_id, 0):
            if sheet.id > start:
                card.take(sheet, held.name)
        here = await self._p.sessions.has(held.workspace, learner_id)
        if here and known:
            card.courses, card.last_session = known.courses, known.last_session
        if card.seq or here:
            held.cards[held.name(learner_id)] = card

    def _unread(self, held: _Class) -> View:
        """What can be told while there is more to read: how many learners were found so far."""
        now = self._p.clock.now()
        overview = Tally(Look(None, 1.0, now, self._p.policy)).overview((), {})
        return View((), replace(overview, learners=len(held.cards)), {}, now, complete=False, read=held.read)

    async def _look(self, held: _Class, asked: Asked, look: Look) -> View:
        """What is told of everybody; others are served now and then."""
        tally, rows, until = Tally(look), list[Row](), self._p.clock.monotonic() + _PATIENCE
        for learner_id, card in [*held.cards.items()]:
            if look.skills is None or asked.course_id in card.courses or not look.skills.keys().isdisjoint(card.cells):
                rows.append(self._row(learner_id, card, asked, look))
                tally.add(card, rows[-1])
                await asyncio.sleep(0)
            if self._p.clock.monotonic() > until:
                return self._unread(held)
        overview = tally.overview(rows, held.week(look.now))
        titles = {} if look.skills is None else {skill.id: skill.title for skill in look.skills.values()}
        return View(rows, overview, titles, look.now, complete=True, read=held.read)
