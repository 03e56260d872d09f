"""Whether a model has fallen silent: noticed from the calls that wait for it, before the first runs out of time.

A breaker judges calls that have ended. A model that hangs ends none for seconds, and every learner who asks meanwhile
waits as long. So the calls that wait are looked at, too: when several have waited longer than one usually does and
none has heard a word for as long, the model is doubted. Those that wait then fall over at once, and one call at a time
goes on asking, ever more seldom and ever more patient, until a word is heard.
"""

from dataclasses import dataclass, field

LATE = 5
"""Calls that must be late."""

_GAIN, _SPREAD_GAIN = 1 / 8, 1 / 4
_SHORTEST = 0.25
"""Seconds that a call may always wait before it is late."""

_UNKNOWN_SHARE = 1 / 4
"""Share of the first-token limit that a call may wait while nothing is known of the model."""

KNOWN = 20
"""Calls after which something can be said of the slowest in twenty."""

_TAIL, _TAIL_GAIN = 0.95, 0.1

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
"""Seconds between two calls of a doubted model, doubling from the first to the longest."""


@dataclass(slots=True)
class Pulse:
    """One model as this process hears it; times in seconds of a monotonic clock, `limit` is its first-token limit."""

    limit: float
    usual: float | None = None
    """The mean time to the first token of late."""

    spread: float = 0.0
    """Its mean deviation."""

    tail: float | None = None
    """What 95 of 100 first tokens take less than, learned one by one."""

    calls: int = 0
    heard_at: float = float("-inf")
    waiting: dict[int, float] = field(default_factory=dict)
    """The calls that wait for their first token, with when they began."""

    doubts: int = 0
    """0, or 1 and one more for each call that asked in vain since the model fell silent."""

    _next: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether the model is thought to have fallen silent."""
        return self.doubts > 0

    @property
    def patience(self) -> float:
        """How long a call may wait before it is late: twice what TCP waits for an acknowledgement, the mean and four
        mean deviations (RFC 6298, 2), for a model's first word varies more; doubled with each call in vain."""
        known = self.limit * _UNKNOWN_SHARE if self.usual is None else 2 * (self.usual + 4 * self.spread)
        return min(max(known, _SHORTEST) * 2.0 ** min(self.doubts, 10), self.limit)

    @property
    def p95(self) -> float | None:
        """The 95th percentile of the time to the first token, unknown before there were `KNOWN` calls."""
        return self.tail if self.calls >= KNOWN else None

    def admits(self, now: float) -> bool:
        """Whether another call may be made."""
        return not self.silent or (now >= self._next and not self.waiting)

    def began(self, call: int, now: float) -> None:
        """Notes a call."""
        self.waiting[call] = now

    def heard(self, call: int, now: float) -> None:
        """Notes the first word of a call: the model is there."""
        began = self.waiting.pop(call, None)
        self.heard_at, self.doubts = now, 0
        if began is None:
            return
        took = now - began
        self.calls += 1
        self.tail = _tail(self.tail, took)
        if self.usual is None:
            self.usual, self.spread = took, took / 2
        else:
            self.spread += _SPREAD_GAIN * (abs(took - self.usual) - self.spread)
            self.usual += _GAIN * (took - self.usual)

    def ended(self, call: int) -> None:
        """Notes that a call ended without a word."""
        self.waiting.pop(call, None)

    def trusted(self) -> None:
        """Takes the doubts back."""
        self.doubts = 0

    def late(self, now: float) -> list[int]:
        """The calls that are to fall over now: all that wait, once the model is found silent; the one that asks, once
        it has asked for too long."""
        patience = self.patience
        late = [call for call, began in self.waiting.items() if now - began >= patience]
        if not late or (not self.silent and (len(late) < LATE or now - self.heard_at < patience)):
            return []
        pause = min(_FIRST_PAUSE * 2.0 ** min(self.doubts, 10), _LONGEST_PAUSE)
        self.doubts, self._next = self.doubts + 1, now + pause
        return list(self.waiting)


def _tail(tail: float | None, took: float) -> float:
    """The quantile after one more call: a step up when it was exceeded, a small one down when it was not, so that it
    rests where one in twenty exceeds it (Robbins and Monro 1951; steps in proportion to it)."""
    if tail is None:
        return 2 * took
    return float(tail * (1 + _TAIL_GAIN * (_TAIL if took > tail else _TAIL - 1)))
