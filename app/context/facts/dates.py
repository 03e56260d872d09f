"""Days as people write them, in English, German, French and Spanish, seen from the day on which they were said."""

import re
from datetime import date, timedelta

_MONTHS = {
    name: n
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    for n, name in enumerate(names.split(), 1)
}
_WEEKDAYS = {
    name: n
    for names in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lunes martes miércoles jueves viernes sábado domingo",
    )
    for n, name in enumerate(names.split())
}
_DAYS = {"today": 0, "heute": 0, "hoy": 0, "tomorrow": 1, "morgen": 1, "demain": 1, "mañana": 1, "übermorgen": 2}
_UNITS = {"day": 1, "tag": 1, "jour": 1, "día": 1, "week": 7, "woche": 7, "semaine": 7, "semana": 7}

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?"
_YEAR = r"(?:,?\s+(?:de\s+)?(?P<year>20\d\d))?"
_SHAPES = tuple(
    re.compile(rf"(?:\b|^){shape}", re.IGNORECASE)
    for shape in (
        r"(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b",
        rf"{_DAY}\s+(?:of\s+|de\s+)?(?P<name>{_MONTH})\b{_YEAR}",
        rf"(?P<name>{_MONTH})\s+{_DAY}(?!\d){_YEAR}",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.(?:(?P<year>20\d\d))?",
        rf"(?P<soon>{'|'.join(_DAYS)})\b",
        rf"(?:in|dans|en)\s+(?P<count>\d{{1,2}}|one|two|three|a|ein|eine|einer|zwei|drei|une?|deux|trois|una?|dos|tres)"
        rf"\s+(?P<unit>{'|'.join(_UNITS)})(?:s|e|en|n)?\b",
        rf"(?P<weekday>{'|'.join(_WEEKDAYS)})\b",
    )
)
_COUNTS = {"one": 1, "a": 1, "two": 2, "three": 3, "zwei": 2, "drei": 3, "deux": 2, "trois": 3, "dos": 2, "tres": 3}


def day_in(text: str, said: date) -> date | None:
    """The first day that a text names, if it names one: without a year the next such day after it was said.

    >>> day_in("my exam is on 12 May", date(2026, 11, 21)), day_in("next Friday", date(2026, 11, 21))
    (datetime.date(2027, 5, 12), datetime.date(2026, 11, 27))
    """
    for shape in _SHAPES:
        if found := shape.search(text):
            return _day({name: value.lower() for name, value in found.groupdict().items() if value}, said)
    return None


def _day(parts: dict[str, str], said: date) -> date | None:
    if "soon" in parts:
        return said + timedelta(days=_DAYS[parts["soon"]])
    if "count" in parts:
        count = parts["count"]
        return said + timedelta(days=(int(count) if count.isdigit() else _COUNTS.get(count, 1)) * _UNITS[parts["unit"]])
    if "weekday" in parts:
        return said + timedelta(days=(_WEEKDAYS[parts["weekday"]] - said.weekday() - 1) % 7 + 1)
    month = _MONTHS[parts["name"]] if "name" in parts else int(parts["month"])
    return _in_year(int(parts["year"]) if "year" in parts else None, month, int(parts["day"]), said)


def _in_year(year: int | None, month: int, day: int, said: date) -> date | None:
    try:
        if year is not None:
            return date(year, month, day)
        this = date(said.year, month, day)
        return this if this >= said else date(said.year + 1, month, day)
    except ValueError:
        return None
