"""What one replica counted in a stretch of time, as it is told to the others and kept."""

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import orjson

from app.analytics.series.slices import Slice


@dataclass(frozen=True, slots=True)
class Rollup:
    """`seconds` from `start` (since the epoch) at `replica`; `told` are its cells (`Slice.told`), packed as text."""

    replica: str
    start: int
    seconds: int
    told: str

    @classmethod
    def of(cls, replica: str, span: tuple[int, int], one: Slice) -> "Rollup":
        """What a slice holds; `span` is its start and its length."""
        return cls(replica, *span, b64encode(zlib.compress(orjson.dumps(one.told()), 1)).decode())

    def slice(self) -> Slice:
        """What was told; an empty slice where another version wrote it that we cannot read."""
        try:
            return Slice.heard(orjson.loads(zlib.decompress(b64decode(self.told))))
        except (ValueError, TypeError, zlib.error):
            return Slice()

    def message(self) -> bytes:
        """As a message to other replicas."""
        return orjson.dumps([self.replica, self.start, self.seconds, self.told])

    @classmethod
    def heard(cls, message: bytes) -> "Rollup | None":
        """What another replica said; `None` where that is no roll-up."""
        try:
            parts: Any = orjson.loads(message)
            replica, start, seconds, told = parts
            return cls(str(replica), int(start), int(seconds), str(told))
        except (ValueError, TypeError):
            return None
