"""Which faults the matrix has, and what a learner may see of each: pure.

| the fault strikes | first, a healthy candidate behind it | last, degraded mode on | last, degraded mode off |
|---|---|---|---|
| before the first word | the healthy one answers | the offline tutor answers | 503 |
| after the first word | the stream ends as an `error` event, what was said is kept | the same | the same |
| not at all: odd, but correct | it answers itself | it answers itself | it answers itself |

An answer in one piece has no first word to lose: all faults of the second row are of the first row there.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Strikes(StrEnum):
    """When a fault makes itself felt."""

    BEFORE = "before the first word"
    AFTER = "after the first word"
    NEVER = "never"


class Position(StrEnum):
    """Where the faulty candidate stands. Names of one length: the question, and so its price, must not depend on it."""

    SOUND = "sound"
    """It is not asked: the healthy candidate alone, to compare with."""

    FIRST = "first"
    LAST = "final"
    OFF = "plain"
    """Last, and degraded mode is off."""


class Outcome(StrEnum):
    """What a learner saw, if it was in order; anything else is described in words of its own."""

    HEALTHY = "healthy"
    OFFLINE = "offline"
    REFUSED = "503"
    ITSELF = "itself"
    BROKE_OFF = "error event"


_GAP_MS = 2.0

_NET = {
    Position.SOUND: Outcome.HEALTHY,
    Position.FIRST: Outcome.HEALTHY,
    Position.LAST: Outcome.OFFLINE,
    Position.OFF: Outcome.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave. `slow` ones keep silent for seconds; `script` is what the provider is told."""

    name: str
    strikes: Strikes
    slow: bool = False
    json_strikes: Strikes = Strikes.BEFORE

    @property
    def script(self) -> dict[str, Any]:
        """The fields of `tests/e2e/script.py` for it; nothing listens where `refused` would answer."""
        if self.name == "refused":
            return {}
        retry = "7" if self.name in ("429", "hang_refusal") else None
        # Apart, so that the first words are read before the fault comes.
        return {"fault": self.name, "retry": retry, "gap": _GAP_MS if self.strikes is Strikes.AFTER else 0.0}

    def when(self, stream: bool) -> Strikes:
        """When it strikes in a stream, or in an answer in one piece."""
        return self.strikes if stream else self.json_strikes

    def expected(self, position: Position, stream: bool) -> tuple[Outcome, ...]:
        """What a learner may see. The candidate may also be passed over, which a breaker does that has opened."""
        passed_over = _NET[position]
        if position is Position.SOUND or self.when(stream) is Strikes.BEFORE:
            return (passed_over,)
        return (Outcome.BROKE_OFF if self.when(stream) is Strikes.AFTER else Outcome.ITSELF, passed_over)


def _faults(strikes: Strikes, quick: str, slow: str = "", whole_as_json: bool = False) -> list[Fault]:
    json_strikes = Strikes.NEVER if whole_as_json else Strikes.BEFORE
    return [
        Fault(name, strikes, is_slow, json_strikes)
        for names, is_slow in ((quick, False), (slow, True))
        for name in names.split()
    ]


_ALL = [
    *_faults(Strikes.BEFORE, "refused reset_first garbage", "hang hang_headers"),
    *_faults(Strikes.BEFORE, "401 429 503 error_body empty blocked"),
    *_faults(Strikes.AFTER, "cut reset malformed error", "hang_mid"),
    *_faults(Strikes.BEFORE, "close_first html redirect 400 403 404 500 529 no_candidates", "hang_refusal"),
    *_faults(Strikes.AFTER, "drop misshapen bad_utf8 huge", "long_event"),
    *_faults(Strikes.NEVER, "drip filter length late late_error unended comments empties", whole_as_json=True),
    *_faults(Strikes.NEVER, "", "hang_end"),
]
FAULTS = {fault.name: fault for fault in _ALL}
"""Every fault by its name; the first sixteen are the matrix of the README."""

SIXTEEN = tuple(FAULTS)[:16]
