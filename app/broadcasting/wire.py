"""The way to a client, as whoever owns the connection gives it, and why it is closed."""

from enum import IntEnum
from typing import Protocol


class Code(IntEnum):
    """Why a WebSocket is closed (RFC 6455, 7.4.1 and the registry it set up; 4000 and above are ours: 4000 + HTTP
    status where there is one)."""

    GOING_AWAY = 1001
    """No frame from the client of a chat for an hour."""

    UNSUPPORTED = 1003
    """A binary frame."""

    ABNORMAL = 1006
    """Never sent: the connection was lost without a close frame."""

    POLICY = 1008
    """Frame after frame that makes no sense, or far too many of them."""

    TOO_BIG = 1009
    INTERNAL = 1011
    """The fault is ours."""

    RESTART = 1012
    """The service restarts: come back in a moment, to any replica."""

    TRY_LATER = 1013
    """The store or the cache of tickets is away, or this process holds as many connections as it takes."""

    NOT_SHOWN = 4003
    """A live channel, or a workspace, that is not for this key."""

    SLOW = 4008
    """What was sent on a live connection was not taken."""

    UNAUTHENTICATED = 4401
    """No key or ticket, one that is not valid, or a key that has been revoked since."""

    FORBIDDEN = 4403
    NOT_FOUND = 4404


class Wire(Protocol):
    """The way to one client. Nothing on it waits."""

    def write(self, frame: bytes, room: int) -> bool:
        """Sends encoded frames whole; false, and nothing is sent, where more than `room` bytes wait here already."""
        ...

    def close(self, code: Code, reason: str) -> None:
        """Says why, and ends the connection even where that is not taken."""
        ...
