"""The doctor's look at the clock, beside the clocks of those that the service talks to."""

from app.clock import Clock
from app.doctor.findings import Finding

_STARTS = 1_704_067_200.0
"""2024: a clock before that was never set."""

_NOTED = 5.0
_WRONG = 60.0


def look(clock: Clock) -> Finding:
    """Whether the clock was ever set; `compared` says whether it is right."""
    if clock.now() < _STARTS:
        return Finding("clock", "problem", "it is before 2024 here", _ADVICE)
    return Finding("clock", "ok", "set")


_ADVICE = "set the clock, best by NTP: ids, leases and the times of turns depend on it"


def compared(whose: str, ahead: float, give: float) -> Finding:
    """What it means that the clock of `whose` is so many seconds ahead of ours, give or take `give`."""
    about, off = f"clock beside {whose}", abs(ahead)
    if off <= _NOTED + give:
        return Finding(about, "ok", f"within {max(off, give, 0.1):.1f} s")
    here = f"ours is {off:,.0f} s {'behind' if ahead > 0 else 'ahead'}"
    return Finding(about, "problem" if off > _WRONG + give else "note", here, _ADVICE)
