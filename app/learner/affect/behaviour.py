"""What a learner does that tells of trouble: errors in a row, hints in a rush, answers too fast or too short, long
gaps. From what is graded and when it was sent; nothing is measured while they type.

A window of the last twelve tries and messages; everything here is pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple

from app.learner.doings import Tried

WINDOW = 12
_IN_A_ROW = 3
_RUSH_SECONDS = 10.0
"""A hint that is followed by the next, or by an answer, sooner than this was hardly read."""

_FAST_SECONDS = 3.0
_FAST_SHARE = 0.25
"""An answer is very fast below so many seconds, or below this share of what the learner usually takes."""

_GAP_SECONDS = 300.0
SITTING = 1_800.0
"""A gap of more seconds ends a sitting: it is no sign of anything."""

_SHORT_WORDS = 2

Name = Literal["repeated_errors", "hint_rush", "very_fast", "very_short", "long_gap"]
_WEIGHT: dict[Name, float] = {
    "repeated_errors": 0.4,
    "hint_rush": 0.3,
    "very_fast": 0.3,
    "very_short": 0.15,
    "long_gap": 0.15,
}
"""What each adds to frustration when nothing else is known; guesses, to be learned from a deployment's own turns."""


class Sent(NamedTuple):
    """One message: how many words, and when it was sent, in seconds since the epoch."""

    id: str
    words: int
    at: float


class Signal(NamedTuple):
    """A sign of trouble and the ids of the answers or turns that it is seen in, newest last."""

    name: Name
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The newest tries and messages of a learner, oldest first, `WINDOW` of each at the most."""

    tries: tuple[Tried, ...] = ()
    messages: tuple[Sent, ...] = ()


def signals(behaviour: Behaviour, now: float) -> tuple[Signal, ...]:
    """What is to be seen now, of what was done in this sitting.

    >>> wrong = [Tried(str(n), "fractions", False, at=60.0 * n) for n in range(3)]
    >>> signals(Behaviour(tuple(wrong)), now=200.0)
    (Signal(name='repeated_errors', evidence=('0', '1', '2')),)
    >>> signals(Behaviour(tuple(wrong)), now=7_200.0)
    ()
    """
    return tuple(Signal(name, found) for name, found in _seen(_sitting(behaviour, now)) if found)


def failures(tries: Sequence[Tried], now: float) -> int:
    """How many of the newest answers of this sitting were wrong one after the other, on whatever skill. What was right
    with help neither ends such a row nor lengthens it.

    >>> row = [Tried("", "a", True, at=0.0), Tried("", "a", False, at=9.0), Tried("", "b", True, hints=1, at=18.0)]
    >>> failures([*row, Tried("", "b", False, at=27.0)], now=60.0), failures(row, now=9_000.0)
    (2, 0)
    """
    count = 0
    for one in reversed(_sitting(Behaviour(tuple(tries)), now).tries):
        if not one.correct:
            count += not one.shown
        elif not one.hints and not one.shown:
            break
    return count


def strain(seen: Sequence[Signal]) -> float:
    """How frustrating that must be, 0 to 1, as independent reasons.

    >>> strain([Signal("repeated_errors", ("1",)), Signal("very_fast", ("1",))])
    0.58
    """
    calm = 1.0
    for signal in seen:
        calm *= 1 - _WEIGHT[signal.name]
    return round(1 - calm, 3)


def _sitting(behaviour: Behaviour, now: float) -> Behaviour:
    """What was done without a gap that ends a sitting, up to now."""
    times = sorted([one.at for one in behaviour.tries if one.at is not None] + [one.at for one in behaviour.messages])
    since = now
    for at in reversed(times):
        if since - at > SITTING:
            break
        since = at
    tries = tuple(one for one in behaviour.tries if one.at is not None and one.at >= since)
    return Behaviour(tries, tuple(one for one in behaviour.messages if one.at >= since))


def _seen(behaviour: Behaviour) -> Iterator[tuple[Name, tuple[str, ...]]]:
    tries, messages = behaviour.tries, behaviour.messages
    yield "repeated_errors", _errors(tries)
    rushed = [one.id for one in tries[-_IN_A_ROW:] if one.hints and _soon(one, _RUSH_SECONDS * (one.hints + 1))]
    yield "hint_rush", tuple(rushed) if len(rushed) >= 2 else ()
    usual = median(known) if (known := [one.seconds for one in tries if one.seconds is not None]) else 0.0
    fast = [one.id for one in tries[-5:] if not one.correct and _soon(one, max(_FAST_SECONDS, _FAST_SHARE * usual))]
    yield "very_fast", tuple(fast) if len(fast) >= 2 else ()
    short = [one.id for one in messages[-_IN_A_ROW:] if one.words <= _SHORT_WORDS]
    yield "very_short", tuple(short) if len(short) == _IN_A_ROW else ()
    yield "long_gap", _gap(behaviour)


def _errors(tries: Sequence[Tried]) -> tuple[str, ...]:
    """The newest errors without a success between them, on one skill."""
    row: list[str] = []
    for one in reversed(tries):
        if one.skill != tries[-1].skill:
            continue
        if one.correct:
            break
        row.insert(0, one.id)
    return tuple(row) if len(row) >= _IN_A_ROW else ()


def _soon(one: Tried, seconds: float) -> bool:
    return one.seconds is not None and one.seconds < seconds


def _gap(behaviour: Behaviour) -> tuple[str, ...]:
    """The newest of a learner's doings, if it came long after the one before in the same sitting."""
    tried = [(one.at, one.id) for one in behaviour.tries if one.at is not None]
    newest = sorted(tried + [(one.at, one.id) for one in behaviour.messages])[-2:]
    if len(newest) == 2 and _GAP_SECONDS <= newest[1][0] - newest[0][0] < SITTING:
        return (newest[1][1],)
    return ()
