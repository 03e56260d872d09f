"""A learner's graded answers one by one, newest first: the evidence behind what is believed."""

from dataclasses import dataclass

from app.learner.mind import answer_id
from app.storage.answers import Sheets
from app.vocabulary import Answer, Estimate, Sheet

_SHEETS = 64
"""Sheets that are looked through for one page."""

Cursor = tuple[int, int]
"""The number of a sheet and the place in it of the answer that was told last."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer by the id that it has as evidence, with what was predicted of it and believed after it."""

    id: str
    answer: Answer
    told: Estimate


async def attempts(
    sheets: Sheets, who: tuple[str, str], only: str | None, page: tuple[int, Cursor | None]
) -> tuple[list[Attempt], Cursor | None]:
    """A page of so many answers past a place, on `only` one skill where that is given, and the place to go on at. After
    64 sheets a page ends as it is."""
    (limit, after), found, looked = page, list[Attempt](), 0
    async for sheet in sheets.newest(*who, after[0] + 1 if after else None):
        for n in _places(sheet, after):
            if only in (None, sheet.answers[n].skill):
                found.append(Attempt(answer_id(sheet.id, n), sheet.answers[n], sheet.told[n]))
            if len(found) == limit:
                return found, (sheet.seq, n) if sheet.seq > 1 or n else None
        looked += 1
        if looked == _SHEETS:
            return found, (sheet.seq, 0) if sheet.seq > 1 else None
    return found, None


def _places(sheet: Sheet, after: Cursor | None) -> range:
    """The places in a sheet past a cursor, newest first."""
    last = min(after[1], len(sheet.answers)) if after and sheet.seq == after[0] else len(sheet.answers)
    return range(last - 1, -1, -1)
