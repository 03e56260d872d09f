"""The way to a client, as whoever owns the connection gives it, and why it is closed."""

from enum import IntEnum
from typing import Protocol


class Code(IntEnum):
    """Why a live connection is closed (RFC 6455, 7.4.1; 4000 and above are ours)."""

    UNSUPPORTED = 1003
    """A binary frame."""

    POLICY = 1008
    """Frame after frame that makes no sense, or far too many of them."""

    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    """The service restarts: come back in a moment, to any replica."""

    TRY_LATER = 1013
    """The store or the cache of tickets is away, or this process holds as many readers as it takes."""

    FORBIDDEN = 4003
    """A channel that is not for this role."""

    SLOW = 4008
    """What was sent was not taken."""

    UNAUTHENTICATED = 4401
    """No key or ticket, one that is not valid, or a key that has been revoked since."""


class Wire(Protocol):
    """The way to one client. Nothing on it waits."""

    def write(self, frame: bytes, room: int) -> bool:
        """Sends encoded frames whole; false, and nothing is sent, where more than `room` bytes wait here already."""
        ...

    def close(self, code: Code, reason: str) -> None:
        """Says why, and ends the connection even where that is not taken."""
        ...
