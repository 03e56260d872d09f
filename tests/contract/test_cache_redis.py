"""What the cache on Redis promises beyond the port: connections, replicas, databases, passwords, TLS, bounds."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from redis.asyncio import Redis

from app.errors import CacheUnavailable, SettingsError
from app.storage.cache import LOG_LENGTH
from app.storage.redis import RedisCache
from app.storage.redis.lane import BUFFER
from tests.valkey import Valkey


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[RedisCache]:
    cache = await RedisCache.open(url)
    try:
        yield cache
    finally:
        await cache.close()


async def test_replicas_share_values_logs_and_channels(redis_url: str) -> None:
    name = uuid4().hex
    async with opened(redis_url) as one, opened(redis_url) as two, two.subscribe(name) as messages:
        reader = asyncio.create_task(two.read(name + ":log", 0, 30))
        one.set(name, b"value", 60)
        one.publish(name, b"message")
        assert await one.get(name) == await two.get(name) == b"value"
        one.append(name + ":log", 1, b"entry", 60)
        async with asyncio.timeout(30):
            assert await reader == [(1, b"entry")]
            assert await anext(messages) == b"message"


async def test_databases_of_one_server_share_nothing(valkey: Valkey) -> None:
    async with opened(valkey.url + "/1") as one, opened(valkey.url + "/2") as two, two.subscribe("channel") as messages:
        one.set("key", b"one", 60)
        one.publish("channel", b"one")
        await one.ping()
        two.publish("channel", b"two")
        assert await two.get("key") is None
        async with asyncio.timeout(30):
            assert await anext(messages) == b"two"


async def test_thousands_of_waiting_readers_and_subscribers_share_two_connections(valkey: Valkey) -> None:
    many = 1_500
    async with opened(valkey.url) as cache, Redis.from_url(valkey.url) as operator:
        readers = [asyncio.create_task(cache.read(f"log:{n}", 0, 30)) for n in range(many)]
        async with asyncio.timeout(30):
            while len(await operator.pubsub_channels("masterx:*")) < many:
                await asyncio.sleep(0.01)
        names = [client["name"] for client in await operator.client_list()]
        assert names.count("masterx") == 2
        assert await cache.get("key") is None
        for n in range(many):
            cache.append(f"log:{n}", 1, b"entry", 60)
        async with asyncio.timeout(30):
            assert await asyncio.gather(*readers) == [[(1, b"entry")]] * many
            while await operator.pubsub_channels("masterx:*"):
                await asyncio.sleep(0.01)


async def test_many_long_logs_read_at_once_do_not_look_like_an_outage(redis_url: str) -> None:
    name = uuid4().hex
    async with opened(redis_url) as cache:
        for n in range(1, LOG_LENGTH + 1):
            cache.append(name, n, b"entry", 60)
        logs = await asyncio.gather(*[cache.read(name, 0, 0) for _ in range(4)])
        assert [len(log) for log in logs] == [LOG_LENGTH] * 4
        assert cache.dropped == 0


async def test_every_name_has_the_prefix_and_a_lifetime(valkey: Valkey) -> None:
    async with opened(valkey.url) as cache, Redis.from_url(valkey.url) as operator:
        cache.set("key", b"value", 60)
        cache.append("log", 1, b"entry", 60)
        await cache.ping()
        names = await operator.keys("*")
        assert {b"masterx:key", b"masterx:log"} <= set(names)
        assert set(names) == set(await operator.keys("masterx:*"))
        for name in names:
            assert 0 < await operator.pttl(name) <= 60_000


async def test_closing_sends_what_is_waiting_and_leaves_nothing_open(redis_url: str) -> None:
    name = uuid4().hex
    before = left_open()
    cache = await RedisCache.open(redis_url)
    waiting = asyncio.create_task(cache.read(name, 0, 30))
    await cache.get(name)
    for n in range(5_000):
        cache.set(f"{name}:{n}", b"value", 60)
    await cache.close()
    with pytest.raises(CacheUnavailable):
        await waiting
    assert left_open() == before
    assert cache.dropped == 0
    async with opened(redis_url) as other:
        assert await other.get(f"{name}:4999") == b"value"


async def test_what_waits_to_be_sent_is_bounded(redis_url: str) -> None:
    value, name = bytes(1_000_000), uuid4().hex
    async with opened(redis_url) as cache:
        for n in range(3 * BUFFER // len(value)):
            cache.set(f"{name}:{n}", value, 60)
        assert cache.dropped > BUFFER // len(value)
        assert await cache.get(f"{name}:0") == value
        cache.set(name, b"room again", 60)
        assert await cache.get(name) == b"room again"


async def test_a_password_is_used_and_never_shown(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    async with Redis.from_url(valkey.url) as operator:
        await operator.config_set("requirepass", "right-secret")
    async with opened(valkey.url.replace("//", "//:wrong-secret@")) as cache:
        assert not cache.available
        with pytest.raises(CacheUnavailable) as raised:
            await cache.get("key")
    async with opened(valkey.url.replace("//", "//:right-secret@")) as cache:
        assert await cache.get("key") is None
        assert "secret" not in f"{raised.value!r} {caplog.text} {cache._address!r}"


@pytest.mark.parametrize(
    "url",
    ["", "redis", "http://:secret@host", "redis://:sec/ret@host", "redis://:secret@host?colour=red", "unix:///secret"],
)
async def test_a_wrong_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        await RedisCache.open(url)
    assert "sec" not in str(raised.value)
    assert raised.value.__suppress_context__


async def test_it_speaks_tls(valkey: Valkey, tls_files: tuple[Path, Path]) -> None:
    certificate, key = tls_files
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with relayed(valkey.port, context) as port:
        async with opened(f"rediss://localhost:{port}?ssl_ca_certs={certificate}") as cache:
            cache.set("key", bytes(1_000_000), 60)
            assert await cache.get("key") == bytes(1_000_000)
        async with opened(f"rediss://localhost:{port}") as distrustful:
            assert not distrustful.available


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    wanted = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = ["openssl", *wanted.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@asynccontextmanager
async def relayed(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """A port that speaks TLS for the server on `port`, since the wheel's server does not."""

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, upstream), copy(upstream_reader, writer))
        await asyncio.gather(upstream.wait_closed(), writer.wait_closed(), return_exceptions=True)

    server = await asyncio.start_server(relay, "localhost", 0, ssl=context, family=socket.AF_INET)
    async with server:
        yield server.sockets[0].getsockname()[1]


def left_open() -> tuple[int, int, int]:
    """Tasks, sockets and threads."""
    return len(asyncio.all_tasks()), len(psutil.Process().net_connections()), threading.active_count()
