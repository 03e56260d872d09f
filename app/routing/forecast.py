"""What is known of a call before it is made, how it may go, how it went, and the means of late."""

from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

REACH = 3.0
"""The furthest that a feature lies from 0."""

_LEAST, _MOST = 1e-4, 1e7
"""What seconds, characters and tokens are taken to be at least and at most."""

_PROMPT, _ROOM = log(4_000), log(512)
"""Logarithms of a prompt and of a room for the answer that are neither long nor short."""

_USUAL, _FAILURES = 2.0, 2.0
"""What brings the logarithm of the usual first token, and the share of failures, to within about 1."""

_GAIN = 1 / 8
"""Weight of a new call in a mean of late, as in `pulse.py`."""


class Features(NamedTuple):
    """What `Situation` says, each number within about 1 of 0 as a rule and within `REACH` always."""

    prompt: float = 0.0
    room: float = 0.0
    usual: float = 0.0
    spread: float = 0.0
    trend: float = 0.0
    failures: float = 0.0
    under_way: float = 0.0
    oldest: float = 0.0
    silence: float = 0.0
    rate: float = 0.0

    @property
    def level(self) -> float:
        """The logarithm of the usual seconds to the first token."""
        return self.usual * _USUAL

    @property
    def share(self) -> float:
        """The share of calls of late that failed."""
        return self.failures / _FAILURES


@dataclass(frozen=True, slots=True)
class Situation:
    """A call about to be made: times in seconds, `None` where nothing is known."""

    prompt: int
    """Characters of the prompt: all of it is read before the first word."""

    room: int
    """The most tokens that the answer may have."""

    usual: float | None = None
    """The mean time to the first token of late: the level that a forecast starts from."""

    spread: float = 0.0
    """Its mean deviation: how far the mean can be relied upon."""

    last: float | None = None
    """The last time to the first token: where it is going."""

    failures: float | None = None
    """The share of calls of late that failed."""

    under_way: int = 0
    """Calls that have not ended: they share the same machines."""

    oldest: float = 0.0
    """How long the longest of those has waited that did not speak: a hang shows here first."""

    silence: float | None = None
    """Time since the last word: a model that was not asked for long may have to be loaded."""

    rate: float = 0.0
    """Calls begun within the last minute or so: providers count their limits by the minute."""

    age: float | None = None
    """Time since a call last showed how it goes. No feature, for it says nothing of the next: it says what the others
    are worth."""

    @property
    def features(self) -> Features:
        """The same for a network; what is unknown, or no number, is 0.

        >>> Situation(prompt=4_000, room=512, usual=1.0, last=1.0).features
        Features(prompt=0.0, room=0.0, usual=0.0, spread=0.0, trend=0.0, failures=0.0, under_way=0.0, oldest=0.0, \
silence=0.0, rate=0.0)
        """
        level = 0.0 if self.usual is None else logarithm(self.usual)
        usual = exp(level)
        return Features(
            _within((logarithm(self.prompt) - _PROMPT) / 2),
            _within((logarithm(self.room) - _ROOM) / 2),
            _within(level / _USUAL),
            _within(self.spread / usual),
            0.0 if self.last is None else _within(logarithm(self.last) - level),
            0.0 if self.failures is None else _within(self.failures * _FAILURES),
            _within(logarithm(1 + self.under_way) / 2),
            _within(logarithm(1 + self.oldest / usual)),
            0.0 if self.silence is None else _within(logarithm(1 + self.silence) / 4),
            _within(logarithm(1 + self.rate) / 3),
        )


class Forecast(NamedTuple):
    """How a call is thought to go: seconds to the first token and to the last, how probably it fails, tokens."""

    first_token: float
    total: float
    failure: float
    tokens: float


@dataclass(frozen=True, slots=True)
class Seen:
    """How a call went: seconds that it lasted, and to its first token; tokens of the answer.

    Where it `failed`, or the client left (`None`), what it lasted is the least that the whole answer would have taken
    and, where it never spoke, its first word.
    """

    failed: bool | None
    lasted: float
    first_token: float | None = None
    tokens: int | None = None

    @property
    def targets(self) -> "Targets":
        """What there is to learn from it."""
        lasted = logarithm(self.lasted)
        first = lasted if self.first_token is None else logarithm(self.first_token)
        failure = None if self.failed is None else float(self.failed)
        tokens = None if self.tokens is None or self.failed is not False else logarithm(self.tokens)
        return Targets(first, lasted, failure, tokens, self.first_token is None, self.failed is not False)


class Targets(NamedTuple):
    """What was seen for each field of `Forecast`: logarithms, and 0 or 1 for the failure; `None` where nothing was.

    `waited` and `cut` say that the first token and the total are lower bounds.
    """

    first_token: float
    total: float
    failure: float | None
    tokens: float | None
    waited: bool
    cut: bool


class Levels(NamedTuple):
    """Means of late: logarithms of seconds and of tokens, and the share of failures; `None` where nothing was seen."""

    first_token: float | None = None
    total: float | None = None
    failure: float | None = None
    tokens: float | None = None

    def after(self, seen: Targets) -> "Levels":
        """With one call more."""
        return Levels(
            _mean(self.first_token, seen.first_token, seen.waited),
            _mean(self.total, seen.total, seen.cut),
            _mean(self.failure, seen.failure),
            _mean(self.tokens, seen.tokens),
        )


def excess(said: float, seen: float | None, at_least: bool = False) -> float:
    """How far what was said lies above what was seen; nothing, where that is unknown or where it may be as much.

    >>> excess(2.0, 1.5), excess(2.0, 1.5, at_least=True), excess(1.0, 1.5, at_least=True), excess(2.0, None)
    (0.5, 0.0, -0.5, 0.0)
    """
    if seen is None:
        return 0.0
    return 0.0 if at_least and said > seen else said - seen


def logarithm(x: float) -> float:
    """The natural logarithm of what is taken to lie within reason; what is no number is the least that does.

    >>> [round(logarithm(x), 2) for x in (1.0, -1.0, float("inf"), float("nan"))]
    [0.0, -9.21, 16.12, -9.21]
    """
    return log(x) if _LEAST < x < _MOST else log(min(_MOST, max(_LEAST, x)))


def _within(x: float) -> float:
    return x if -REACH <= x <= REACH else max(-REACH, min(REACH, x)) if x == x else 0.0


def _mean(mean: float | None, seen: float | None, at_least: bool = False) -> float | None:
    return seen if mean is None else mean - _GAIN * excess(mean, seen, at_least)
