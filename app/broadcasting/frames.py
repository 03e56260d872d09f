"""The frames that readers are sent, encoded once for all of them: JSON with the WebSocket header in front of it."""

import orjson

from app.broadcasting.patch import Json

_FINAL_TEXT = 0x81
_SHORT, _LONG = 126, 65_536


def framed(payload: bytes) -> bytes:
    """A text as one WebSocket frame from a server: final, not masked, not compressed (RFC 6455, 5.2).

    >>> framed(b"hi")
    b'\\x81\\x02hi'
    """
    size = len(payload)
    if size < _SHORT:
        return bytes((_FINAL_TEXT, size)) + payload
    if size < _LONG:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2) + payload
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8) + payload


class Pen:
    """Writes the frames of one view: its channel and its epoch stand in every one of them."""

    __slots__ = ("_place",)

    def __init__(self, channel: str, epoch: str) -> None:
        self._place = b'"channel":%b,"epoch":"%b"' % (orjson.dumps(channel), epoch.encode())

    def snapshot(self, seq: int, every: float, data: Json) -> bytes:
        """All there is, as of `seq`; no more often than once in `every` seconds something follows."""
        head = b'{"type":"snapshot",%b,"seq":%d,"every_ms":%d,"data":' % (self._place, seq, round(every * 1e3))
        return framed(head + orjson.dumps(data) + b"}")

    def delta(self, after: int, seq: int, data: Json) -> bytes:
        """What changed from `after` to `seq`; the former is said where it is not the one before."""
        since = b"" if after == seq - 1 else b'"after":%d,' % after
        return framed(b'{"type":"delta",%b,"seq":%d,%b"data":%b}' % (self._place, seq, since, orjson.dumps(data)))

    def event(self, seq: int, data: Json) -> bytes:
        """Event number `seq`."""
        return framed(b'{"type":"event",%b,"seq":%d,"data":%b}' % (self._place, seq, orjson.dumps(data)))
