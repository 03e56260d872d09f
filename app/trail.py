"""What a piece of work belongs to: the ids that its log lines and its spans share.

The trail goes with the task: a turn's task inherits that of the request which began it.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace that a caller began: its id, the caller's span, and whether the caller records it."""

    id: str
    parent: str
    sampled: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """What the work at hand belongs to; `None` where it belongs to none."""

    request_id: str | None = None
    turn_id: str | None = None
    session_id: str | None = None
    trace: Trace | None = None

    @property
    def trace_id(self) -> str | None:
        """The trace that the work is in: the caller's, else the turn's own."""
        if self.trace is not None:
            return self.trace.id
        return None if self.turn_id is None else own_trace(self.turn_id)

    @property
    def traceparent(self) -> str | None:
        """The header for whoever is asked for the turn at hand, whose spans are to hang from the turn's own."""
        if self.turn_id is None:
            return None
        sampled = self.trace is None or self.trace.sampled
        return f"00-{self.trace_id}-{span_id(self.turn_id)}-{sampled:02x}"


TRAIL: ContextVar[Trail] = ContextVar("TRAIL", default=Trail())  # noqa: B039 - it is frozen
"""The trail of the task that asks."""


def own_trace(turn_id: str) -> str:
    """The trace of a turn whose caller began none: the 128 bits of the turn's id, so that either leads to the other.

    >>> own_trace("0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77")
    '0199d3a05c1e7a108a300d6f2c9b1e77'
    """
    return turn_id.replace("-", "")


def span_id(turn_id: str, n: int = 0) -> str:
    """The id of a turn's span `n`; 0 is the turn itself."""
    return f"{(int(own_trace(turn_id)[16:], 16) + n) % (1 << 64) or 1:016x}"


def trace_of(header: str) -> Trace | None:
    """The trace of a `traceparent` header; `None` where it is none (W3C Trace Context, 3.2).

    >>> trace_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    Trace(id='4bf92f3577b34da6a3ce929d0e0e4736', parent='00f067aa0ba902b7', sampled=True)
    >>> trace_of("00-00000000000000000000000000000000-00f067aa0ba902b7-01") is None
    True
    """
    found = _PARENT.fullmatch(header)
    return Trace(found[1], found[2], bool(int(found[3], 16) & 1)) if found else None
