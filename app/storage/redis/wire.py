"""What goes over a connection to Redis. The only module that knows redis-py, which connects, logs in and parses."""

import asyncio
import hashlib
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.exceptions import NoScriptError, RedisError, ResponseError

from app.errors import SettingsError

PATIENCE = 1.0
"""Seconds for a connection to be made, and for an exchange on it."""

LOST = (RedisError, OSError)
"""What it raises when a connection cannot be made or is of no more use; a timeout is an `OSError`."""

_ALLOWED = "memory://, redis://[user:password@]host[:port][/database] or rediss://…"

NO_ANSWER = object()
"""In the place of a reply that will not come."""

NO_SCRIPT = object()
"""In the place of the reply of a script that the server does not know."""

# RESP2, because a message of a channel is then a plain reply. No timeout of redis-py's own: each one costs a task.
_OPTIONS = {
    "protocol": 2,
    "socket_timeout": None,
    "socket_connect_timeout": PATIENCE,
    "client_name": "masterx",
    "driver_info": None,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where Redis is and how to log in. Never shown: it holds the password."""

    connection: type[AbstractConnection]
    options: dict[str, Any]

    @classmethod
    def of(cls, url: str) -> "Address":
        """The address in a `redis://` or `rediss://` URL. The `SettingsError` does not repeat it."""
        try:
            if not url.startswith(("redis://", "rediss://")):
                raise ValueError
            options: dict[str, Any] = {**parse_url(url), **_OPTIONS}
            address = cls(options.pop("connection_class", Connection), options)
            address.new()
        except (ValueError, TypeError, RedisError):
            raise SettingsError(f"MASTERX_CACHE (not shown, it may hold a password): allowed is {_ALLOWED}") from None
        return address

    def __repr__(self) -> str:
        return "Address(…)"

    @property
    def database(self) -> int:
        """Number of the database."""
        return int(self.options.get("db", 0))

    def new(self) -> AbstractConnection:
        """A connection that is not made yet."""
        return self.connection(**self.options)


class Script:
    """A Lua script, sent whole only to a server that does not have it yet."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.sha = hashlib.sha1(source, usedforsecurity=False).hexdigest().encode()


def pack(*parts: bytes) -> bytes:
    r"""One command as it is sent.

    >>> pack(b"GET", b"a")
    b'*2\r\n$3\r\nGET\r\n$1\r\na\r\n'
    """
    return b"*%d\r\n%b" % (len(parts), b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts]))


class Link:
    """A connection that is logged in. Its methods raise one of `LOST`, and then it is of no more use."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection

    async def send(self, commands: bytes) -> None:
        """Sends packed commands."""
        await self._connection.send_packed_command(commands)

    async def reply(self) -> Any:
        """The next reply, however long it takes; also raises when the server refuses the command."""
        return await self._connection.read_response(timeout=math.inf)

    async def answer(self) -> Any:
        """The next reply; `NO_ANSWER` when the server refuses the command, `NO_SCRIPT` when it lost the script."""
        try:
            return await self.reply()
        except NoScriptError:
            return NO_SCRIPT
        except ResponseError:
            return NO_ANSWER


@asynccontextmanager
async def connected(address: Address) -> AsyncGenerator[Link, None]:
    """A connection while the context lasts; raises one of `LOST` when it cannot be made."""
    connection = address.new()
    transport: asyncio.WriteTransport | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            await connection.connect()  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        transport = _transport(connection)
        yield Link(connection)
    finally:
        # Closing would wait until a server that may hang has taken what is buffered for it.
        if transport := transport or _transport(connection):
            transport.abort()
        await connection.disconnect()


def _transport(connection: AbstractConnection) -> asyncio.WriteTransport | None:
    writer = connection._writer  # redis-py has no public way to abort a connection
    return writer.transport if writer else None
