"""One client of the live channels: does what its frames ask."""

from app.api.closing import of_live
from app.api.live import frames
from app.broadcasting import Broadcasting, Code, Reader, Want
from app.broadcasting.broadcasting import ROOM
from app.clock import Clock
from app.errors import Forbidden, Invalid, Malformed, MasterxError

NONSENSE = 20
"""Frames in a row that cannot be understood before the connection is closed."""

_WHILE = 10.0
_MOST = 100
"""Frames that a client may send in so many seconds: each may be answered with a snapshot."""


class Watching:
    """Hears a client's frames. Everything it may ask for is in this process, so nothing here waits."""

    __slots__ = ("_broadcasting", "_clock", "_count", "_nonsense", "_reader", "_request_id", "_until")

    def __init__(self, broadcasting: Broadcasting, reader: Reader, clock: Clock, request_id: str) -> None:
        self._broadcasting, self._reader, self._clock = broadcasting, reader, clock
        self._request_id, self._nonsense, self._count, self._until = request_id, 0, 0, 0.0

    def hear(self, frame: str | bytes) -> None:
        """Does what a frame asks; what cannot be done is answered with an `error` frame, or ends it."""
        if isinstance(frame, bytes):
            return self._close(Code.UNSUPPORTED, "frames are JSON text")
        if len(frame) > frames.LARGEST:
            return self._close(Code.TOO_BIG, f"a frame has at most {frames.LARGEST} characters")
        if self._is_flooding():
            return self._close(Code.POLICY, f"more than {_MOST} frames in {_WHILE:g} s")
        try:
            self.do(frames.parse(frame))
            self._nonsense = 0
        except MasterxError as error:
            self.refuse(error)
        return None

    def left(self) -> None:
        """The client is gone."""
        self._broadcasting.gone(self._reader)

    def do(self, frame: frames.Frame) -> None:
        """Does it, or raises."""
        match frame:
            case frames.Subscribe():
                every = frame.every_ms and frame.every_ms / 1e3
                for name in frame.channels:
                    self._broadcasting.join(self._reader, Want(name, tuple(frame.fields), every))
            case frames.Unsubscribe():
                for name in frame.channels:
                    self._broadcasting.leave(self._reader, name)
            case frames.Resume():
                self._broadcasting.resume(self._reader, frame.channel, (frame.epoch, frame.seq))

    def refuse(self, error: MasterxError) -> None:
        """Says what was wrong; ends the connection where this role may not do that, or nothing makes sense."""
        self._reader.wire.write(frames.refused(error, self._request_id), ROOM)
        if isinstance(error, Forbidden):
            return self._close(*of_live(error))
        if isinstance(error, Malformed | Invalid):
            self._nonsense += 1
            if self._nonsense >= NONSENSE:
                self._close(Code.POLICY, f"{NONSENSE} frames in a row made no sense")
        return None

    def _is_flooding(self) -> bool:
        now = self._clock.monotonic()
        if now > self._until:
            self._count, self._until = 0, now + _WHILE
        self._count += 1
        return self._count > _MOST

    def _close(self, code: Code, reason: str) -> None:
        self._broadcasting.close(self._reader, code, reason)
