"""Graded answers of one call: durable first, then learned from."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.clock import Clock, iso
from app.errors import KeyReused, StoreUnavailable
from app.events import Graded
from app.learner.calibration import Calibration
from app.learner.counting import Counting
from app.learner.counts import RECALL, difference, kept
from app.learner.knowledge.population import Population
from app.learner.mind import Mind, Taken, answer_id
from app.learner.minds import SLICE, Minds, Who
from app.learner.rows import NEW, TWICE, Row, Sorted, identities, identity, sort
from app.storage.answers import SeqTaken, SheetKeyTaken, Sheets, in_slices
from app.vocabulary import Answer, Estimate, Sheet

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Call:
    """One call: whose answers, the rows, and what makes a retry of it known."""

    who: Who
    rows: Sequence[Row]
    key: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one row; nothing is estimated for one that was counted before."""

    estimate: Estimate | None
    answer: str | None
    noted: Sequence[str]


@dataclass(slots=True)
class Grading:
    """Takes calls. `answers` counts rows by what became of them."""

    sheets: Sheets
    minds: Minds
    counting: Counting
    clock: Clock
    calibration: Calibration = field(default_factory=Calibration)
    learned: Callable[[str, str], None] = lambda workspace, learner_id: None
    """Told of whom something was learned."""

    graded: Callable[[Graded], None] = lambda event: None
    """Told of answers that are counted."""

    answers: dict[str, int] = field(default_factory=lambda: {"counted": 0, TWICE: 0})

    async def grade(self, call: Call) -> tuple[list[Told], bool]:
        """Keeps the answers and says what was predicted of each and is believed now; true where this very call, by
        its idempotency key, was answered before.

        Raises `KeyReused`, and `StoreUnavailable`: then they may or may not be kept, and the call can be repeated
        safely if it has a key, or its answers times or ids.
        """
        for _ in range(_TRIES):
            if before := await self._before(call):
                return before, True
            try:
                return await self._once(call)
            except SeqTaken:  # another replica added a sheet; it is read before the next try
                continue
            except SheetKeyTaken:
                continue
        raise StoreUnavailable("other calls for this learner were faster each time")

    async def _before(self, call: Call) -> list[Told] | None:
        sheet = await self.sheets.by_key(call.who[0], call.key) if call.key else None
        if sheet is None:
            return None
        if (sheet.learner_id, sheet.digest) != (call.who[1], call.digest):
            raise KeyReused("this idempotency key was used with another request")
        return await _told(sheet)

    async def _once(self, call: Call) -> tuple[list[Told], bool]:
        async with self.minds.at(call.who, current=False) as mind:
            now = self.clock.now()
            counted = await self._counted(call, mind)
            rows = sort(call.rows, mind, now, lambda row: identity(row) in counted or bool(row.id and mind.met(row.id)))
            if not rows.answers:
                sheet, gain = None, None
                if not await self.minds.stands(call.who, mind):  # they were counted before an erasure
                    raise SeqTaken
                if before := await self._before(call):  # this very call, which was under way
                    return before, True
            else:
                sheet, gain = await self._learn(call, mind, rows)
        self._note(rows, sheet)
        self.learned(*call.who)
        if sheet:
            self.graded(_event(sheet, gain))
        told = await _told(sheet) if sheet else [Told(None, None, (TWICE,)) for _ in call.rows]
        return told, False

    async def _learn(self, call: Call, mind: Mind, rows: Sorted) -> tuple[Sheet, float | None]:
        skills, items = {a.skill for a in rows.answers}, {a.item for a in rows.answers if a.item is not None}
        seen = await self.counting.of(call.who[0], skills, items)
        counts, sheet_id = Population(), self.clock.id()
        counts.merge(seen)
        learned = await _learn(mind, sheet_id, rows, counts)
        sheet = Sheet(
            id=sheet_id,
            workspace=call.who[0],
            learner_id=call.who[1],
            seq=mind.seq + 1,
            created_at=iso(self.clock.now()),
            first_at=iso(rows.first_at),
            until=f"{iso(rows.last_at)}#{mind.seq + 1:09}",
            answers=tuple(rows.answers),
            lessons=tuple(taken.lesson for taken in learned),
            told=tuple(taken.estimate for taken in learned),
            rows=tuple(rows.places),
            adds={**kept(difference(counts, seen)), RECALL: _recalls(learned, rows)},
            ids=rows.ids,
            noted=rows.noted,
            idempotency_key=call.key,
            digest=call.digest,
        )
        await self.sheets.add(sheet)
        if not await self.minds.stands(call.who, mind):
            # The learner was erased elsewhere: this sheet has been met with what was believed of them before.
            await self.sheets.remove(sheet.id)
            raise SeqTaken
        mind.seq, mind.sheet = sheet.seq, sheet.id
        self.counting.expect()
        return sheet, _gain(rows.answers, learned)

    async def _counted(self, call: Call, mind: Mind) -> set[str]:
        """What is known of earlier answers at the times of those rows that are no later than the newest answer."""
        old = [row.answer.at for row in call.rows if row.answer.at is not None and row.answer.at <= mind.last_at]
        if not old:
            return set()
        found, newest = set[str](), iso(max(old))
        async for sheet in self.sheets.reaching(*call.who, iso(min(old))):
            if sheet.first_at <= newest:
                found |= identities(sheet)
        return found

    def _note(self, rows: Sorted, sheet: Sheet | None) -> None:
        self.answers[TWICE] += len(rows.places) - len(rows.answers)
        self.answers["counted"] += len(rows.answers)
        for notes in rows.noted.values():
            for note in notes:
                if note != NEW:
                    self.answers[note] = self.answers.get(note, 0) + 1
        for answer, estimate in zip(rows.answers, sheet.told if sheet else (), strict=True):
            self.calibration.add(estimate.predicted, right=answer.correct)


def _event(sheet: Sheet, gain: float | None) -> Graded:
    answers = tuple(sheet.answers)
    return Graded(sheet.workspace, sheet.learner_id, tuple(dict.fromkeys(one.skill for one in answers)), answers, gain)


def _gain(answers: Sequence[Answer], learned: Sequence[Taken]) -> float | None:
    """By how much the mastery of the skills rose, in sum, since each was first known; `None` where none was: what a
    first answer shows, the learner may have known before."""
    before, after = dict[str, float](), dict[str, float]()
    for answer, taken in zip(answers, learned, strict=True):
        if taken.before is not None:
            before.setdefault(answer.skill, taken.before)
            after[answer.skill] = taken.estimate.mastery
    return sum(after.values()) - sum(before.values()) if before else None


async def _learn(mind: Mind, sheet_id: str, rows: Sorted, counts: Population) -> list[Taken]:
    """Takes answers into a mind and into `counts`, others being served now and then."""
    learned = []
    for n, answer in enumerate(rows.answers):
        learned.append(mind.take(answer, answer_id(sheet_id, n), counts))
        if name := rows.ids.get(str(n)):
            mind.name(name)
        if n % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    return learned


def _recalls(learned: Sequence[Taken], rows: Sorted) -> list[tuple[str, int, int]]:
    """Reviews and recalls by the bin of the chance that was given to them."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for taken, answer in zip(learned, rows.answers, strict=True):
        if taken.recall is not None:
            counts[taken.recall][0] += 1
            counts[taken.recall][1] += answer.correct
    return [(name, counts[name][0], counts[name][1]) for name in sorted(counts)]


async def _told(sheet: Sheet) -> list[Told]:
    def told(place: int | None) -> Told:
        if place is None:
            return Told(None, None, (TWICE,))
        return Told(sheet.told[place], answer_id(sheet.id, place), sheet.noted.get(str(place), ()))

    return await in_slices(sheet.rows, told)
