"""The cache port: what may vanish at any time without an error for anybody.

Writes return at once and are lost when the cache is away, deletes too; reads raise `CacheUnavailable`, and whoever
catches it goes on without. A read by the same client sees the writes made before it. A name stands for a value or for
a log, never for both; names and channels are any text.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

LOG_LENGTH = 10_000
"""Entries that a log keeps at least; older ones may go."""

LONGEST_WAIT = 60.0
"""Seconds that one `read` waits at most, whatever it was asked for."""

BACKLOG = 1_000
"""Messages that wait for one subscriber at most; then the oldest give way."""


class Cache(Protocol):
    """Bytes by key with a lifetime, short logs, and channels. Keys and channels are text."""

    @property
    def available(self) -> bool:
        """Whether the cache answered last; while it is false, reads raise at once."""
        ...

    @property
    def dropped(self) -> int:
        """Writes known to be lost so far, because the cache was away, refused them or could not keep up."""
        ...

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keeps a value for `ttl` seconds."""
        ...

    def delete(self, key: str) -> None:
        """Drops a value or a log."""
        ...

    async def get(self, key: str) -> bytes | None:
        """The value, while it lasts."""
        ...

    async def take(self, key: str) -> bytes | None:
        """The value, while it lasts, which is kept no longer: of all who ask at once one gets it."""
        ...

    def append(self, log: str, n: int, entry: bytes, ttl: float) -> None:
        """Adds entry `n` (from 1, rising) to a log that lives `ttl` seconds past its last entry.

        An entry whose number is not past the last one's is ignored.
        """
        ...

    async def read(self, log: str, after: int, wait: float) -> list[tuple[int, bytes]]:
        """The entries past `after`, oldest first; waits up to `wait` seconds for the first one."""
        ...

    def publish(self, channel: str, message: bytes) -> None:
        """Tells every subscriber of now; nobody later."""
        ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The messages of a channel from the moment the context is entered, until the cache is closed.

        A subscriber that falls more than 1,000 messages behind loses the oldest. Survives a reconnect; what was said
        meanwhile is lost. Entering while the cache is away is no error: the messages begin when it is back.
        """
        ...

    async def ping(self) -> str:
        """Does one round trip and names the server and its version."""
        ...

    async def close(self) -> None:
        """Sends what is waiting and lets go of the connection."""
        ...
