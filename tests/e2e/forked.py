"""Processes of MasterX that begin where its imports end.

Of what a service does until it serves, two thirds are imports, and the tests start hundreds. So one process of each
test process loads `app.cli` once and forks a new one whenever `masterx` is to be run: it has its own folder,
environment, file descriptors, event loop, signals and end, and runs the same `main` with the same arguments. That a
fresh interpreter comes as far is shown by the tests that start one (`fresh` in `tests.e2e.service`, the quick start).
"""

import asyncio
import atexit
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, NoReturn

_ROOT = Path(__file__).parent.parent.parent
_LONGEST = 1 << 18
"""Bytes of a wish at most."""


class Forked:
    """One such process, with what the tests need of `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, ending: "asyncio.Future[int]") -> None:
        self.pid, self.stdout, self._ending = pid, stdout, ending

    @property
    def returncode(self) -> int | None:
        """How it ended: its exit code, or the negative number of the signal; `None` while it runs."""
        return self._ending.result() if self._ending.done() else None

    async def wait(self) -> int:
        """Waits for its end."""
        return await asyncio.shield(self._ending)

    def send_signal(self, number: signal.Signals) -> None:
        """Sends it a signal; none if it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)


async def fork(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], errors: int, keeps: int | None = None
) -> Forked:
    """Runs `masterx` with these arguments; what it says on standard error goes to the file descriptor `errors`. It has
    the descriptor `keeps`, too, under the same number."""
    output, its_output = os.pipe()
    wish = json.dumps(
        {"arguments": arguments, "folder": str(folder), "environment": dict(environment), "keeps": keeps}
    ).encode()
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(_nursery())
    # The whole wish is there when the descriptors are: its length comes first.
    kept = [] if keeps is None else [keeps]
    socket.send_fds(line, [len(wish).to_bytes(4, "big")], [its_output, errors, *kept])
    line.sendall(wish)
    os.close(its_output)
    answers, writer = await asyncio.open_unix_connection(sock=line)
    stdout = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(output, "rb")
    )
    pid = int(await answers.readline())

    async def ending() -> int:
        code = int(await answers.readline())
        writer.close()
        await writer.wait_closed()
        return code

    return Forked(pid, stdout, asyncio.ensure_future(ending()))


@cache
def _nursery() -> str:
    """Starts the process that forks, where it listens; it ends with this one."""
    folder = TemporaryDirectory(prefix="masterx-")
    path = f"{folder.name}/nursery"
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.forked", path],
        cwd=_ROOT,
        # One thread: others do not live on in what is forked.
        env={**keep, **covered(), "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    return path


def covered() -> dict[str, str]:
    """What a process needs to take part in measuring coverage; nothing when it is not measured."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


class _Wish(NamedTuple):
    """What is to be run, and the ends of it that are ours."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    keeps: int | None
    descriptors: list[int]


def _serve(path: str) -> _Wish | None:
    """Forks on every connection and says there who was born and how it ended; returns a wish in what was forked, and
    `None` here when the tests have ended."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, selectors.DefaultSelector() as selector:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)  # noqa: T201 - read by who started this
        selector.register(listener, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == 0:
                    return None
                if key.data:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    _bury(*key.data)
                    continue
                line, _ = listener.accept()
                wish = _heard(line)
                if not (pid := os.fork()):
                    return wish
                for descriptor in wish.descriptors:
                    os.close(descriptor)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, line))
                line.sendall(b"%d\n" % pid)


def _heard(line: socket.socket) -> _Wish:
    length, descriptors, _, _ = socket.recv_fds(line, 4, 3)
    with line.makefile("rb") as reader:
        wish = json.loads(reader.read(int.from_bytes(length, "big")))
    return _Wish(wish["arguments"], wish["folder"], wish["environment"], wish["keeps"], list(descriptors))


def _bury(pid: int, line: socket.socket) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with line:
        line.sendall(b"%d\n" % code)


def _live(wish: _Wish) -> NoReturn:
    os.chdir(wish.folder)
    os.environ.clear()
    os.environ.update(wish.environment)
    nothing = os.open(os.devnull, os.O_RDONLY)
    numbers = [0, 1, 2] if wish.keeps is None else [0, 1, 2, wish.keeps]
    for number, descriptor in zip(numbers, (nothing, *wish.descriptors), strict=True):
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
    sys.argv = ["masterx", *wish.arguments]
    from app.cli import main

    try:
        code = main()
    except SystemExit as asked:  # by argparse
        code = int(asked.code or 0)
    # An interpreter's end, but for taking apart, object by object, what this process shares with those beside it: that
    # takes 100 ms.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


_LATER = """
    numpy.random aiohttp splintr sympy app.api.banner app.api.server app.context.recall.search app.routing.predictor
    app.providers.gemini app.providers.groq app.providers.offline app.storage.mongo app.storage.redis app.storage.sqlite
"""
"""What a command loads only where it needs it."""


def _load() -> None:
    for module in ("app.cli", *_LATER.split()):
        import_module(module)
    from app.context.facts.rules import rules
    from app.context.tokens import o200k
    from app.storage.migrate import steps

    rules()
    steps()
    o200k().count("Antidisestablishmentarianism")  # a word that is no token; the first one takes 120 ms
    if "coverage" in sys.modules and (measuring := sys.modules["coverage"].Coverage.current()):
        # It was started with this process, and has looked at every file once; what is forked goes on with it, and
        # notes only what it runs itself.
        measuring.save()
    gc.freeze()  # what all of them share is not copied because one collects


if __name__ == "__main__":
    _load()
    if (born := _serve(sys.argv[1])) is None:
        os._exit(0)  # nobody reads any more what it would measure of its own end
    _live(born)
