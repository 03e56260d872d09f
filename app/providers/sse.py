"""Where events begin and end in the bytes of an answer, however the network cut them."""

from app.errors import BrokenStream

EVENT_LIMIT = 1 << 20
"""Bytes of one event; that of a token is some 200."""

ANSWER_LIMIT = 10 << 20
"""Bytes of one answer, framing included."""


class Events:
    """A `text/event-stream` (WHATWG HTML, 9.2.6; lines end in LF or CRLF), as the data of its events.

    Comments and the names and ids of events are dropped, lines of data joined; what has no data gives nothing.
    `BrokenStream` past a limit.
    """

    def __init__(self, event_limit: int = EVENT_LIMIT, answer_limit: int = ANSWER_LIMIT) -> None:
        self._event_limit, self._left = event_limit, answer_limit
        self._parts: list[bytes] = []
        self._size = 0
        self._edge = b""

    def feed(self, read: bytes) -> list[bytes]:
        """The events that this read completes."""
        self._left -= len(read)
        if self._left < 0:
            raise BrokenStream("the answer is over its limit")
        self._parts.append(read)
        edge = self._edge + read
        if b"\n\n" not in edge and b"\n\r\n" not in edge:
            self._keep(len(read), edge)
            return []
        whole, _, rest = b"".join(self._parts).replace(b"\r\n", b"\n").rpartition(b"\n\n")
        self._parts, self._size = [rest], 0
        self._keep(len(rest), rest)
        return _events(whole)

    def end(self) -> list[bytes]:
        """The event that nothing but the end of the answer completes: some servers forget the last blank line."""
        return _events(b"".join(self._parts).replace(b"\r\n", b"\n"))

    def _keep(self, size: int, edge: bytes) -> None:
        """Notes what waits for the rest of its event; two bytes are enough to see a blank line across reads."""
        self._size += size
        self._edge = edge[-2:]
        if self._size > self._event_limit:
            raise BrokenStream("an event is over its limit")


class Whole:
    """An answer in one piece, as its only event: the same interface as `Events`."""

    def __init__(self, answer_limit: int = ANSWER_LIMIT) -> None:
        self._left = answer_limit
        self._parts: list[bytes] = []

    def feed(self, read: bytes) -> list[bytes]:
        """Nothing yet."""
        self._left -= len(read)
        if self._left < 0:
            raise BrokenStream("the answer is over its limit")
        self._parts.append(read)
        return []

    def end(self) -> list[bytes]:
        """The whole answer."""
        return [b"".join(self._parts)]


def _events(whole: bytes) -> list[bytes]:
    """The data of events that are whole, lines ended by LF."""
    if whole.startswith(b"data:"):
        lines = whole[5:].split(b"\n\ndata:")
        # Nothing but one line of data in each, as nearly always: this takes half the time of the other way.
        if whole.count(b"\n") == 2 * (len(lines) - 1):
            return [data for line in lines if (data := line.strip())]
    return [data for block in whole.split(b"\n\n") if (data := _data(block))]


def _data(block: bytes) -> bytes:
    """The data of one event, its lines joined."""
    lines = (line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:"))
    return b"\n".join(lines).strip()
