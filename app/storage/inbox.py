"""The queue between a channel of the cache and one subscriber."""

import asyncio
from collections import deque
from typing import Self

from app.storage.cache import BACKLOG


class Inbox:
    """Messages on their way to one reader, oldest first; past `BACKLOG` the oldest give way. Ends when closed."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque(maxlen=BACKLOG)
        self._stirred = asyncio.Event()
        self._closed = False

    def put(self, message: bytes) -> None:
        """Adds a message; never waits for the reader."""
        self._messages.append(message)
        self._stirred.set()

    def close(self) -> None:
        """Lets the reader take what is there and then end."""
        self._closed = True
        self._stirred.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._messages:
            if self._closed:
                raise StopAsyncIteration
            self._stirred.clear()
            await self._stirred.wait()
        return self._messages.popleft()
