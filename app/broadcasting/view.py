"""What all readers who want the same of a channel see: numbered frames, the newest of which are held for the slow.

A reader is a number: up to where they have been told. Nothing is queued for anybody: what a reader lacks is made from
what the view holds, once for all who lack the same.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from app.broadcasting.channel import Channel, Kind, Viewer
from app.broadcasting.frames import Pen
from app.broadcasting.patch import Json, known, merged, part, patch, tree
from app.broadcasting.wire import Wire

HELD = 256
"""Frames that a view holds: as far as a reader may fall behind, or be away, and still be told only what is missing."""

KEPT = 2_000
"""The same where none may be left out."""

_MADE = 8
"""Ways to catch up that are kept made."""

log = logging.getLogger("masterx.live")

Key = tuple[str, Viewer, tuple[str, ...], float]


class Reader:
    """One who watches. `key` is the hash of the key that let them in, which may be revoked."""

    __slots__ = ("key", "stalled", "viewer", "views", "wire")

    def __init__(self, viewer: Viewer, wire: Wire, key: str | None = None) -> None:
        self.viewer, self.wire, self.key = viewer, wire, key
        self.views: dict[str, View] = {}
        self.stalled: float | None = None

    def stall(self, now: float, patience: float) -> bool:
        """Notes that something could not be sent; whether that has been so for too long."""
        if self.stalled is None:
            self.stalled = now
        return now - self.stalled > patience


class View:
    """One way to see a channel. `source` gives the channel's value, the list of events of a channel of such."""

    def __init__(self, channel: Channel, key: Key, epoch: str, source: Callable[[], Json]) -> None:
        _, self.viewer, fields, self.every = key
        self.channel, self.key, self.epoch = channel, key, epoch
        self._source, self._wanted, self._pen = source, tree(fields), Pen(channel.name, epoch)
        self.readers: dict[Reader, int] = {}
        self.seq = 0
        self.due: float | None = None
        """When its readers are told next, in seconds of the monotonic clock; `None` where nothing is to come."""
        self.told_at = float("-inf")
        self._held: deque[Json] = deque(maxlen=KEPT if channel.kind is Kind.KEPT else HELD)
        self._begun = 0
        self._made: dict[int, bytes] = {}
        self._state: Json = None
        """What was told of last, or the list of events that the last snapshot was made of."""

    @property
    def is_known(self) -> bool:
        """Whether there is anything to tell."""
        return self.channel.kind is not Kind.STATE or self.seq > 0

    def look(self) -> None:
        """Takes in what the channel's state has become; of a channel of events nothing is taken in this way."""
        if self.channel.kind is not Kind.STATE:
            return
        shown = self._shown(self._source())
        if shown is None:
            return
        state = known(part(shown, self._wanted))
        change = state if self._state is None else patch(self._state, state)
        if change is None:
            return
        first, self._state = self._state is None, state
        self._add(change)
        if first:
            self._begun = self.seq

    def tell(self, event: Json) -> bool:
        """Takes in an event; whether this view's readers may see any of it."""
        shown = self._shown(event)
        if shown is None:
            return False
        self._add(self._pen.event(self.seq + 1, part(shown, self._wanted)))
        return True

    def begin_anew(self) -> None:
        """Everybody is to get a snapshot: something may have been missed, or is to be forgotten."""
        self._held.clear()
        self._state = None
        self._add(b"")
        self._begun = self.seq

    def snapshot(self) -> bytes:
        """All there is, as of `seq`."""
        if self.channel.kind is not Kind.STATE and (begin := self._source()) is not self._state:
            self._state = begin
            self._made.pop(-1, None)
        return self._once(-1, lambda: self._pen.snapshot(self.seq, self.every, self._all()))

    def missing(self, at: int) -> bytes | None:
        """What brings a reader from `at` to `seq`; `None` where events of which none may be left out are held no
        longer."""
        if made := self._made.get(at):
            return made
        if at < self._begun:
            return self.snapshot()
        if self.seq - at <= len(self._held):
            return self._once(at, lambda: self._since(at))
        return None if self.channel.kind is Kind.KEPT else self.snapshot()

    def resumed(self, epoch: str, seq: int) -> bytes:
        """What somebody lacks who has been told up to `seq`: it is held, or a snapshot."""
        if epoch != self.epoch or not 0 < seq <= self.seq:
            return self.snapshot()
        missing = self.missing(seq)
        return self.snapshot() if missing is None else missing

    def _add(self, change: Json) -> None:
        self.seq += 1
        self._held.append(change)
        self._made.clear()

    def _once(self, at: int, make: Callable[[], bytes]) -> bytes:
        made = self._made.get(at)
        if made is None:
            if len(self._made) >= _MADE:
                self._made.clear()
            made = self._made[at] = make()
        return made

    def _since(self, at: int) -> bytes:
        changes = [self._held[n] for n in range(len(self._held) - (self.seq - at), len(self._held))]
        if self.channel.kind is not Kind.STATE:
            return b"".join(changes)
        change = _as_one(changes)
        return self.snapshot() if change is None else self._pen.delta(at, self.seq, change)

    def _all(self) -> Json:
        if self.channel.kind is Kind.STATE:
            return self._state
        shown = (self._shown(event) for event in self._state or () if self._is_for(event))
        return [part(event, self._wanted) for event in shown if event is not None]

    def _shown(self, value: Json) -> Json | None:
        try:
            return None if value is None else self.channel.shown(self.viewer, value)
        except Exception:
            # A bulkhead: what is not understood is not shown, and whoever told it goes on.
            log.exception("the channel %s could not be shown", self.channel.name)
            return None

    def _is_for(self, event: Json) -> bool:
        mine, whose = self.viewer.learner_id, self.channel.whose
        return mine is None or whose is None or whose(event) == mine


def _as_one(changes: Sequence[Json]) -> Json | None:
    """Patches as one; `None` where they cannot be."""
    change: Json = {}
    for later in changes:
        change = merged(change, later)
        if change is None:
            return None
    return change
