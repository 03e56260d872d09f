"""Who watches what: makes views, tells them of events, and brings each reader up to date in its own time."""

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import orjson

from app.broadcasting.channel import Channel, Kind, Viewer, Want, pace
from app.broadcasting.sharing import Sharing
from app.broadcasting.sources import Sources
from app.broadcasting.view import Key, Reader, View
from app.broadcasting.wire import Code, Wire
from app.clock import Clock
from app.errors import FieldError, Forbidden, Invalid, Overloaded
from app.rounds import Rounds
from app.storage.cache import Cache
from app.storage.keys import Keys

AT_ONCE = 100
"""Sends after which others get their turn: under a millisecond, so that a request does not wait for all readers."""

QUIET = 1_024
"""Bytes that may wait in this process for a reader who is told a change: a ping at most. More means slow."""

ROOM = 65_536
"""Bytes that may wait for a reader who gets an answer."""

AGAIN = 0.25
"""Seconds after which a reader who was slow is tried again where the channel is quiet."""

MOST = 50_000
"""Views at once, and readers."""

LINGER = 60.0
"""Seconds that a view which nobody watches is kept for those who come back, the newest thousand of them."""

_LINGERING = 1_000

_RECHECK = 15.0
"""Seconds between looks whether the keys of readers are still valid."""

_Place = tuple[str, str | None, str | None]

log = logging.getLogger("masterx.live")


class Broadcasting:
    """The channels, their views and all readers of this process. `stay` has to run. `patience` is for how many seconds
    a reader may take nothing."""

    def __init__(self, clock: Clock, cache: Cache, keys: Keys, patience: float = 10.0) -> None:
        self._clock, self._keys, self.patience = clock, keys, patience
        self._channels: dict[str, Channel] = {}
        self._sources = Sources(clock)
        self._sharing = Sharing(cache, clock.id(), self._deliver, self._lost)
        self._views: dict[Key, View] = {}
        self._by_epoch: dict[str, View] = {}
        self._by_place: defaultdict[_Place, set[View]] = defaultdict(set)
        self._idle: OrderedDict[View, float] = OrderedDict()
        self._readers: set[Reader] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self.closed: dict[str, int] = {}
        """How many connections this side has closed, by code."""

    def __len__(self) -> int:
        """Readers."""
        return len(self._readers)

    def offer(self, channel: Channel) -> None:
        """Lets a channel be watched."""
        self._channels[channel.name] = channel

    def tell(self, channel: str, workspace: str | None, event: Mapping[str, Any]) -> None:
        """Tells an event to all who watch a channel in a workspace (`None`: in all), on every replica."""
        self._sharing.say(channel, workspace, self.tell_here(channel, workspace, event))

    def tell_here(self, channel: str, workspace: str | None, event: Mapping[str, Any]) -> Any:
        """Tells an event of which every replica hears in another way; gives it as plain JSON."""
        plain = orjson.loads(orjson.dumps(event))
        self._deliver(channel, workspace, plain)
        return plain

    def forget(self, workspace: str, learner_id: str) -> None:
        """Drops what was told of a learner who is erased; who watches their workspace gets a snapshot without it."""
        for channel in self._channels.values():
            if channel.whose is not None:
                self._sources.forget(channel, workspace, learner_id)
        self._sharing.forget()
        self._begin_anew([v for v in self._views.values() if v.channel.whose and _sees(v, workspace)])

    async def stay(self) -> None:
        """Tells readers, hears the other replicas and looks after keys; runs until cancelled."""
        away = partial(log.warning, "keys of readers are looked at later: %s")
        try:
            async with asyncio.TaskGroup() as self._tasks:
                for view in self._views.values():  # what was due while nobody saw to it
                    view.due = None
                    self._expect(view)
                self._tasks.create_task(self._sharing.stay())
                self._tasks.create_task(Rounds(self.recheck, away, every=_RECHECK).stay())
        finally:
            self._tasks = None

    def come(self, reader: Reader) -> None:
        """A reader is there; raises `Overloaded` where there are too many."""
        if len(self._readers) >= MOST:
            raise Overloaded(f"{MOST} readers are there")
        self._readers.add(reader)

    def gone(self, reader: Reader) -> None:
        """A reader has left."""
        self._readers.discard(reader)
        for name in list(reader.views):
            self.leave(reader, name)

    def join(self, reader: Reader, want: Want) -> None:
        """Sends a channel's snapshot, then what follows; instead of how the reader watched it so far. Raises `Invalid`
        for a channel that there is not, `Forbidden` for one that is not for this reader."""
        view = self._view(reader.viewer, want)
        self._enter(reader, view)
        self._answer(reader, view, view.snapshot() if view.is_known else b"")

    def resume(self, reader: Reader, name: str, told: tuple[str, int]) -> None:
        """Goes on behind a frame that the reader has: with what is missing where that is held (also for a reader of an
        earlier connection, with its fields and pace), else with a snapshot. `told` is the epoch and the number."""
        view = self._by_epoch.get(told[0])
        if view is None or view.key[:2] != (name, reader.viewer):
            view = reader.views.get(name) or self._view(reader.viewer, Want(name))
        self._enter(reader, view)
        self._answer(reader, view, view.resumed(*told) if view.is_known else b"")

    def leave(self, reader: Reader, name: str) -> None:
        """Sends nothing more of a channel."""
        view = reader.views.pop(name, None)
        if view is None:
            return
        del view.readers[reader]
        if not view.readers:
            self._idle[view] = self._clock.monotonic() + LINGER
            self._forget()

    def close(self, reader: Reader, code: Code, reason: str) -> None:
        """Ends a reader's connection and says why."""
        self.gone(reader)
        self.turn_away(reader.wire, code, reason)

    def turn_away(self, wire: Wire, code: Code, reason: str) -> None:
        """Ends a connection and counts it."""
        self.closed[str(code.value)] = self.closed.get(str(code.value), 0) + 1
        wire.close(code, reason)

    async def recheck(self) -> None:
        """Lets go of those whose keys have been revoked."""
        for key in {reader.key for reader in self._readers if reader.key}:
            if await self._keys.with_hash(key) is None:
                for reader in [each for each in self._readers if each.key == key]:
                    self.close(reader, Code.UNAUTHENTICATED, "this key has been revoked")

    def _view(self, viewer: Viewer, want: Want) -> View:
        channel = self._channels.get(want.channel)
        if channel is None:
            there = ", ".join(sorted(name for name, each in self._channels.items() if each.allows(viewer)))
            raise Invalid([FieldError("channels", f"there is no channel {want.channel!r}; you may watch: {there}")])
        if not channel.allows(viewer):
            raise Forbidden(f"the channel {channel.name!r} is not for a key of the role {viewer.role.value}")
        key = (channel.name, viewer, tuple(sorted(set(want.fields))), pace(channel, want.every))
        return self._views.get(key) or self._new(channel, key)

    def _new(self, channel: Channel, key: Key) -> View:
        if len(self._views) >= MOST:
            raise Overloaded(f"{MOST} ways to see channels are in use")
        workspace = key[1].workspace
        view = View(channel, key, self._clock.id(), lambda: self._sources.value(channel, workspace))
        self._views[key] = self._by_epoch[view.epoch] = view
        self._by_place[_place(view)].add(view)
        return view

    def _enter(self, reader: Reader, view: View) -> None:
        name, _ = view.channel.name, self._idle.pop(view, None)
        if reader.views.get(name) is not view:
            self.leave(reader, name)
            reader.views[name] = view
        if not view.readers:
            view.look()
        view.readers[reader] = -1

    def _answer(self, reader: Reader, view: View, frames: bytes) -> None:
        if view.is_known and (not frames or reader.wire.write(frames, ROOM)):
            view.readers[reader] = view.seq
        if view.channel.kind is Kind.STATE or view.readers[reader] != view.seq:
            self._expect(view)

    def _forget(self) -> None:
        now = self._clock.monotonic()
        while self._idle and (len(self._idle) > _LINGERING or next(iter(self._idle.values())) < now):
            view, _ = self._idle.popitem(last=False)
            del self._views[view.key], self._by_epoch[view.epoch]
            same = self._by_place[_place(view)]
            same.discard(view)
            if not same:
                del self._by_place[_place(view)]

    def _deliver(self, name: str, workspace: str | None, event: Any) -> None:
        channel = self._channels.get(name)
        if channel is None:
            return  # another replica may be newer than this one
        self._sources.told(channel, workspace, event)
        for view in list(self._concerned(channel, workspace, event)):
            if view.tell(event):
                self._expect(view)

    def _concerned(self, channel: Channel, workspace: str | None, event: Any) -> Iterator[View]:
        if workspace is None:
            return (view for view in self._views.values() if view.channel is channel)
        whose = channel.whose(event) if channel.whose else None
        places: list[_Place] = [(channel.name, None, None), (channel.name, workspace, None)]
        if whose:
            places.append((channel.name, workspace, whose))
        return chain.from_iterable(self._by_place.get(place, ()) for place in places)

    def _lost(self) -> None:
        log.warning("events of another replica may have been missed: readers get snapshots")
        self._begin_anew(self._views.values())

    def _begin_anew(self, views: Iterable[View]) -> None:
        for view in views:
            if view.channel.kind is not Kind.STATE:
                view.begin_anew()
                self._expect(view)

    def _expect(self, view: View, again: bool = False) -> None:
        """Sees to it that readers are told in time."""
        if view.due is not None or not view.readers:
            return
        now = self._clock.monotonic()
        if view.channel.kind is Kind.STATE:
            view.due = self._sources.next(view.every, now)
        else:
            view.due = max(now + AGAIN if again else now, view.told_at + view.every)
        asyncio.get_running_loop().call_later(max(view.due - now, 0.0), self._begin, view)

    def _begin(self, view: View) -> None:
        if self._tasks is not None:
            self._tasks.create_task(self._flush(view))

    async def _flush(self, view: View) -> None:
        """Brings every reader of a view up to date who takes it."""
        view.look()
        view.told_at, seq, slow = self._clock.monotonic(), view.seq, False
        readers = list(view.readers) if view.is_known else []
        for start in range(0, len(readers), AT_ONCE):
            slow = self._bring(view, readers[start : start + AT_ONCE]) or slow
            await asyncio.sleep(0)
        view.due = None
        if slow or view.channel.kind is Kind.STATE or view.seq != seq:
            self._expect(view, again=slow)

    def _bring(self, view: View, readers: Iterable[Reader]) -> bool:
        """Sends readers what they lack; whether any still lacks it."""
        told, seq, slow = view.readers, view.seq, False
        for reader in readers:
            at = told.get(reader, seq)
            if at == seq:
                continue
            frames = view.missing(at)
            if frames is None:
                self.close(reader, Code.SLOW, "more events than are held were not taken")
            elif reader.wire.write(frames, QUIET):
                told[reader], reader.stalled = seq, None
            elif reader.stall(self._clock.monotonic(), self.patience):
                self.close(reader, Code.SLOW, f"nothing was taken for {self.patience:g} s")
            else:
                slow = True
        return slow


def _sees(view: View, workspace: str) -> bool:
    return view.viewer.workspace in (None, workspace)


def _place(view: View) -> _Place:
    return view.channel.name, view.viewer.workspace, view.viewer.learner_id
