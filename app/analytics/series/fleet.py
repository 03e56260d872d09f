"""Which replicas there are and how busy each is, as they say themselves every few seconds."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import orjson

from app.clock import Clock

_EVERY = 5.0
_GONE = 20.0
"""Seconds after which a replica that said nothing is not there any more."""

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Beat:
    """What a replica says of itself: the share of a core it took since it spoke last, and the turns under way."""

    replica: str
    cpu: float
    in_flight: int

    def message(self) -> bytes:
        """As a message to other replicas."""
        return orjson.dumps(asdict(self))

    @classmethod
    def heard(cls, message: bytes) -> "Beat | None":
        """What another replica said; `None` where that is no beat."""
        try:
            told = orjson.loads(message)
            return cls(str(told["replica"]), float(told["cpu"]), int(told["in_flight"]))
        except (ValueError, TypeError, KeyError):
            return None


@dataclass(frozen=True, slots=True)
class Vitals:
    """How to look at this process: seconds of CPU that it has taken, and turns under way."""

    cpu: Callable[[], float]
    in_flight: Callable[[], int]


class Fleet:
    """The replicas that are there, this one (`me`) included."""

    def __init__(self, clock: Clock, me: str, vitals: Vitals) -> None:
        self._clock, self._me, self._vitals = clock, me, vitals
        self._heard: dict[str, tuple[float, Beat]] = {}
        self._spoke, self._took = clock.monotonic(), vitals.cpu()

    def beat(self) -> Beat | None:
        """What this replica has to say; `None` where it did a moment ago."""
        now, took = self._clock.monotonic(), self._vitals.cpu()
        if now - self._spoke < _EVERY:
            return None
        beat = Beat(self._me, (took - self._took) / (now - self._spoke), self._vitals.in_flight())
        self._spoke, self._took = now, took
        self.hear(beat)
        return beat

    def hear(self, beat: Beat) -> None:
        """Notes what a replica said."""
        now = self._clock.monotonic()
        self._heard[beat.replica] = now, beat
        self._heard = {name: one for name, one in self._heard.items() if now - one[0] <= _GONE}
        if len(self._heard) > _MOST:
            self._heard.pop(beat.replica)

    def there(self) -> list[Beat]:
        """What those say that are there."""
        now = self._clock.monotonic()
        return [beat for at, beat in self._heard.values() if now - at <= _GONE]

    def __len__(self) -> int:
        """How many there are."""
        return max(len(self.there()), 1)
