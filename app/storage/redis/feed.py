"""Messages from Redis: every channel this process listens to, over one connection, renewed with it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from app.storage.inbox import Inbox
from app.storage.redis.wire import PATIENCE, Link, pack


@dataclass(slots=True, eq=False)
class _Channel:
    inboxes: set[Inbox] = field(default_factory=set)
    live: asyncio.Event = field(default_factory=asyncio.Event)
    asked_for: bool = False
    unanswered: int = 0

    @property
    def is_idle(self) -> bool:
        return not (self.inboxes or self.asked_for or self.unanswered)

    def put(self, message: bytes) -> None:
        for inbox in self.inboxes:
            inbox.put(message)

    def command(self, name: bytes) -> bytes:
        """What makes Redis send what is wanted; nothing if it does."""
        if self.asked_for == bool(self.inboxes):
            return b""
        self.asked_for = not self.asked_for
        self.unanswered += 1
        self.live.clear()
        return pack(b"SUBSCRIBE" if self.asked_for else b"UNSUBSCRIBE", name)

    def answered(self) -> None:
        self.unanswered -= 1
        if self.asked_for and not self.unanswered:
            self.live.set()


class Feed:
    """Hands each message to every inbox of its channel. Listening costs a subscription, not a connection."""

    def __init__(self) -> None:
        self._channels: dict[bytes, _Channel] = {}
        self._changed: dict[bytes, _Channel] = {}
        self._brief: set[Inbox] = set()
        self._work = asyncio.Event()
        self._is_open = False

    @asynccontextmanager
    async def listen(self, name: bytes, brief: bool = False) -> AsyncGenerator[Inbox, None]:
        """The messages of a channel from now on; while there is no connection, from when there is one.

        A brief inbox ends when the connection is lost.
        """
        inbox = Inbox()
        channel = self._channels.setdefault(name, _Channel())
        channel.inboxes.add(inbox)
        if brief:
            self._brief.add(inbox)
        try:
            await self._confirmed(name, channel)
            yield inbox
        finally:
            channel.inboxes.discard(inbox)
            self._brief.discard(inbox)
            self._change(name, channel)

    def open(self) -> None:
        """There is a new connection: every channel has to be asked for again."""
        self._is_open = True
        for name, channel in self._channels.items():
            self._change(name, channel)

    def shut(self) -> None:
        """There is no connection: nobody waits for it to confirm, and brief inboxes end."""
        self._is_open = False
        self._changed.clear()
        for inbox in self._brief:
            inbox.close()
        for name, channel in list(self._channels.items()):
            channel.asked_for, channel.unanswered = False, 0
            channel.live.set()
            channel.live.clear()
            self._change(name, channel)

    def close(self) -> None:
        """Ends every inbox."""
        for channel in self._channels.values():
            for inbox in channel.inboxes:
                inbox.close()

    async def tell(self, link: Link) -> None:
        """Tells Redis of the channels that are wanted and those that no longer are."""
        while True:
            await self._work.wait()
            self._work.clear()
            changed, self._changed = self._changed, {}
            await link.send(b"".join(channel.command(name) for name, channel in changed.items()))

    async def hear(self, link: Link) -> None:
        """Takes in what Redis says."""
        while True:
            kind, name, body = await link.reply()
            if channel := self._channels.get(name):
                if kind == b"message":
                    channel.put(body)
                else:
                    channel.answered()
                    self._change(name, channel)

    async def _confirmed(self, name: bytes, channel: _Channel) -> None:
        if not self._is_open:
            return
        self._change(name, channel)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await channel.live.wait()

    def _change(self, name: bytes, channel: _Channel) -> None:
        """Notes a channel for `tell` if Redis is to hear of it; forgets it if nobody needs it."""
        if channel.is_idle:
            self._channels.pop(name, None)
        elif self._is_open and channel.asked_for != bool(channel.inboxes):
            self._changed[name] = channel
            self._work.set()
