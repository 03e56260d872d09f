"""The cache port: what may vanish at any time without an error for anybody.

Writes return at once and are lost when the cache is away; reads raise `CacheUnavailable`, and whoever catches it
goes on without. A read by the same client sees the writes made before it.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Cache(Protocol):
    """Bytes by key with a lifetime, short logs, and channels. Keys and channels are text."""

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keeps a value for `ttl` seconds."""
        ...

    def delete(self, key: str) -> None:
        """Drops a value or a log."""
        ...

    async def get(self, key: str) -> bytes | None:
        """The value, while it lasts."""
        ...

    def append(self, log: str, n: int, entry: bytes, ttl: float) -> None:
        """Adds entry `n` (from 1, rising) to a log that lives `ttl` seconds past its last entry."""
        ...

    async def read(self, log: str, after: int, wait: float) -> list[tuple[int, bytes]]:
        """The entries past `after`, oldest first; waits up to `wait` seconds for the first one."""
        ...

    def publish(self, channel: str, message: bytes) -> None:
        """Tells every subscriber of now; nobody later."""
        ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The messages of a channel from the moment the context is entered. A subscriber that falls more than
        1,000 messages behind loses the oldest. Survives a reconnect; what was said meanwhile is lost."""
        ...

    async def ping(self) -> str:
        """Does one round trip and names the server and its version."""
        ...

    async def close(self) -> None:
        """Sends what is waiting and lets go of the connection."""
        ...
