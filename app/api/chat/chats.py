"""The chats of one process: counted, bounded, and let go when it shuts down."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from app.errors import Overloaded

MOST = 10_000
"""Chats that may be open at once in one process."""

_LAST_WORDS = 3.0
"""Seconds that chats have, once all turns have ended, to send what was said."""


class Leaving(Protocol):
    """A chat that can be told to end."""

    async def leave(self) -> None:
        """Sends what is still to be sent, then closes."""
        ...


class Chats:
    """The open chats."""

    def __init__(self) -> None:
        self._open: set[Leaving] = set()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def joined(self, chat: Leaving) -> Iterator[None]:
        """Counts a chat while it is open; raises `Overloaded` where there are too many."""
        if len(self._open) >= MOST:
            raise Overloaded(f"{MOST} chats are open")
        self._open.add(chat)
        try:
            yield
        finally:
            self._open.discard(chat)

    async def leave(self) -> None:
        """Closes every chat."""
        leaving = [asyncio.ensure_future(chat.leave()) for chat in self._open]
        if leaving:
            _, late = await asyncio.wait(leaving, timeout=_LAST_WORDS)
            for task in late:
                task.cancel()
