"""What a prediction is made from: a learner's history as it stands before an answer, as numbers of about one.

After PFA (Pavlik et al., AIED 2009), DAS3H (Choffin et al., EDM 2019) and Best-LR (Gervet et al., JEDM 12, 2020).
"""

from math import log1p

from app.learner.knowledge import contexts
from app.learner.knowledge.past import NONE, Past, Track, faded, moment
from app.learner.knowledge.population import Norms
from app.vocabulary import Exercise

NAMES: tuple[str, ...] = (
    *("skill ease", "item ease", "skill ease now", "item ease now", "skill answers", "item answers"),
    *("elo", "ability", "skill ability", "sureness"),
    *("answers", "excess", "quick", "slow", "streak", "right 1", "right 2", "right 3", "right 4", "pace"),
    *("s first", "s answers", "s right", "s wrong", "s excess", "s quick", "s slow", "s streak"),
    *("s right 1", "s right 2", "s right 3", "s since", "s same", "s helped"),
    *("i first", "i answers", "i right", "i wrong", "i excess", "i quick", "i streak"),
    *("i right 1", "i right 2", "i since", "i same", "i run", "i same wrong", "i same right"),
    *("timed", "gap", "s gap", "i gap", "hour", "hour right", "day", "day right", "week", "week right"),
)
HISTORY = len(NAMES)
"""Features of the learner's history; what others did in the same contexts follows, two for each."""

NAMES += tuple(f"{what}: {name}" for name in contexts.NAMES for what in ("ease", "answers"))
COUNT = len(NAMES)


def history(past: Past, norms: Norms, ability: tuple[float, float, float, float], exercise: Exercise) -> list[float]:
    """One number for each of the first `HISTORY` of `NAMES`; `Population.evidence` gives the others."""
    skill, item, at = exercise
    s = past.skills.get(skill, NONE)
    i = past.items.get(item, NONE) if item is not None else NONE
    every = past.all
    bits = every.bits
    n = every.n
    same = item is not None and past.item == item
    found = [
        *norms[:4],
        log1p(norms[4]) * 0.1,
        log1p(norms[5]) * 0.2,
        *ability,
        log1p(n) * 0.2,
        every.excess / (n + 8.0) * 4.0,
        every.quick * 2.0,
        every.slow * 3.0,
        _signed(every.streak),
        _bit(bits, n, 0),
        _bit(bits, n, 1),
        _bit(bits, n, 2),
        _bit(bits, n, 3),
        every.times * 0.3,
        *_of_skill(s, past, skill),
        *_of_item(i, past, same),
    ]
    at = moment(at)
    if at is None or every.at is None:
        found += _UNTIMED
    else:
        found += _times(every, s, i, at)
    return found


def _of_skill(s: Track, past: Past, skill: str) -> tuple[float, ...]:
    n, bits = s.n, s.bits
    return (
        0.0 if n else 1.0,
        log1p(n) * 0.4,
        log1p(s.right) * 0.4,
        log1p(n - s.right) * 0.5,
        s.excess / (n + 3.0) * 3.0,
        s.quick * 2.0,
        s.slow * 4.0,
        _signed(s.streak),
        _bit(bits, n, 0),
        _bit(bits, n, 1),
        _bit(bits, n, 2),
        log1p(past.answers - s.seen) * 0.3 if s.seen else 0.0,
        1.0 if past.skill == skill else 0.0,
        log1p(s.helped) * 0.5,
    )


def _of_item(i: Track, past: Past, same: bool) -> tuple[float, ...]:
    n, bits = i.n, i.bits
    last = _bit(bits, n, 0)
    return (
        0.0 if n else 1.0,
        log1p(n) * 0.6,
        log1p(i.right) * 0.7,
        log1p(n - i.right) * 0.7,
        i.excess / (n + 2.0) * 2.0,
        i.quick * 2.0,
        _signed(i.streak),
        last,
        _bit(bits, n, 1),
        log1p(past.answers - i.seen) * 0.3 if i.seen else 0.0,
        1.0 if same else 0.0,
        log1p(past.run) * 0.5 if same else 0.0,
        1.0 if same and last < 0.0 else 0.0,
        1.0 if same and last > 0.0 else 0.0,
    )


_UNTIMED = (0.0,) * 10


def _times(every: Track, s: Track, i: Track, at: float) -> tuple[float, ...]:
    hour, hour_right, day, day_right, week, week_right = faded(s, at)
    return (
        1.0,
        _gap(every.at, at),
        _gap(s.at, at),
        _gap(i.at, at),
        log1p(hour) * 0.4,
        log1p(hour_right) * 0.4,
        log1p(day) * 0.4,
        log1p(day_right) * 0.4,
        log1p(week) * 0.4,
        log1p(week_right) * 0.4,
    )


def _gap(before: float | None, at: float) -> float:
    """The logarithm of the seconds since, one hour being about 1; below zero for never."""
    return -0.5 if before is None else log1p(max(0.0, at - before)) * 0.12


def _bit(bits: int, n: int, back: int) -> float:
    """1 for right, -1 for wrong, 0 where there is no such answer."""
    if n <= back:
        return 0.0
    return 1.0 if bits >> back & 1 else -1.0


def _signed(streak: int) -> float:
    return log1p(streak) * 0.5 if streak > 0 else -0.5 * log1p(-streak)


def since(past: Past, at: float | None) -> float:
    """The feature `gap`."""
    at = moment(at)
    return 0.0 if at is None or past.all.at is None else _gap(past.all.at, at)
