"""Dates that a question names, as stretches of time."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

Stretch = tuple[float, float, float]
"""From, to (seconds since 1970), and how well a passage of that time fits, up to 1."""

_NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTHS = {form: n for n, name in enumerate(_NAMES, 1) for form in (name, name[:3], name[:4])}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<year>(?:19|20)\d\d)"
_FORMS = tuple(
    re.compile(rf"\b{form}\b", re.IGNORECASE)
    for form in (
        rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)",
        rf"{_DAY}\.(?P<month>\d{{1,2}})\.{_YEAR}",
        rf"{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?",
        rf"{_MONTH} {_DAY}(?:,? {_YEAR})?",
        rf"{_MONTH}(?: of|,)? {_YEAR}",
        rf"(?:in|during|of|since|last|this) {_MONTH}",
    )
)
_RELATIVE = re.compile(
    r"\b(?:(?P<today>today|this morning)|(?P<yesterday>yesterday|last night)"
    r"|(?P<last>last|past|this) (?P<unit>week|month)"
    r"|(?P<count>\d{1,3}|an?|two|three|four|five|six) (?P<units>day|week|month)s? ago)\b",
    re.IGNORECASE,
)
_COUNTS = {"a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DAYS = {"day": 1, "week": 7, "month": 30}
_DAY_SECONDS = 86_400.0
_AFTERMATH = 7
"""Days in which people still tell of a day."""


def stretches(text: str, at: float, first: float) -> list[Stretch]:
    """When things were said that a question of the time `at` asks for by date, about a history that began at `first`.

    What happened on a day is told on it or in the days after; a date without its year may be of any year since the
    history began.

    >>> [(round((a - 1683504000) / 86400), round((b - 1683504000) / 86400), fit)
    ...  for a, b, fit in stretches("What was on 8 May, 2023?", 0, 0)]
    [(-1, 2, 1.0), (2, 9, 0.35), (-7, 24, 0.1)]
    >>> stretches("What may help?", 0, 0)
    []
    """
    found: list[Stretch] = []
    for form in _FORMS:
        for match in form.finditer(text):
            found += _named(match.groupdict(), at, first)
        if found:
            break
    for match in _RELATIVE.finditer(text):
        found += _relative(match.groupdict(), at)
    return found


def _named(parts: dict[str, str | None], at: float, first: float) -> list[Stretch]:
    name, day_, year = ((parts.get(part) or "").lower() for part in ("month", "day", "year"))
    month = int(name) if name.isdigit() else _MONTHS.get(name, 0)
    day = int(day_) if day_ else None
    years = [int(year)] if year else range(_year(first), _year(at) + 1)
    return [stretch for y in list(years)[-5:] for stretch in _of_date(y, month, day)]


def _year(at: float) -> int:
    return datetime.fromtimestamp(at, UTC).year


def _of_date(year: int, month: int, day: int | None) -> list[Stretch]:
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= monthrange(year, month)[1]):
        return []
    start = datetime(year, month, 1, tzinfo=UTC)
    begin = start.timestamp()
    end = begin + monthrange(year, month)[1] * _DAY_SECONDS
    if day is None:
        return [(begin, end, 0.6), (end, end + 30 * _DAY_SECONDS, 0.25)]
    on = (start + timedelta(days=day - 1)).timestamp()
    return [*_around(on, 1), (begin, end, 0.1)]


def _around(on: float, give: int) -> list[Stretch]:
    """A day, give or take some, and the days after."""
    told = on + (1 + give) * _DAY_SECONDS
    return [(on - give * _DAY_SECONDS, told, 1.0), (told, told + _AFTERMATH * _DAY_SECONDS, 0.35)]


def _relative(parts: dict[str, str | None], at: float) -> list[Stretch]:
    today = at - at % _DAY_SECONDS
    if parts["today"]:
        return [(today, at + _DAY_SECONDS, 1.0)]
    if parts["yesterday"]:
        return [(today - _DAY_SECONDS, today, 1.0)]
    if parts["unit"]:
        return [(at - (2 if parts["last"] == "last" else 1) * _DAYS[parts["unit"]] * _DAY_SECONDS, at, 0.6)]
    count = (parts["count"] or "1").lower()
    days = (int(count) if count.isdigit() else _COUNTS[count]) * _DAYS[parts["units"] or "day"]
    return _around(today - days * _DAY_SECONDS, max(1, days // 4))
