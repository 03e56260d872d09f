"""The README says what is so, and its commands do what it says."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.settings import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PRINTED = "127.0.0.1:8000"


def block(language: str, holding: str) -> str:
    """The code block in a language that holds some text."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(code for code in blocks if holding in code)


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """Where `make run`, as printed but for the port, serves; in an environment as good as empty."""
    assert re.search(r"^make run\b", block("sh", "make test"), re.MULTILINE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keep = {name: os.environ[name] for name in os.environ if name in ("PATH", "HOME") or name.startswith("COVERAGE_")}
    process = await asyncio.create_subprocess_exec(
        *("make", "run", f"ARGS=--port {port}"),
        cwd=ROOT,
        env={**keep, "MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db", "GROQ_API_KEY": "", "OPENAI_API_KEY": ""},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while b"Providers" not in (line := await process.stdout.readline()):
                assert line, "make run ended"
        yield f"127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def run(*command: str) -> str:
    """What a command prints."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return output.decode()


async def test_the_quick_start_answers(address: str) -> None:
    told = await run("bash", "-c", block("sh", "curl -N").replace(PRINTED, address))
    assert "event: turn.started" in told
    assert told.rstrip().splitlines()[-1].startswith('data: {"id":')
    assert '"state":"complete"' in told
    said = await run(sys.executable, "-c", block("python", "OpenAI(").replace(PRINTED, address))
    assert "3x" in said
    page = await run("curl", "-s", f"http://{address}/")
    assert "<title>MasterX" in page


def test_the_settings_are_those_of_the_code() -> None:
    printed = re.search(r"<!-- settings.*?-->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)
    assert printed is not None
    assert printed[1].strip() == table().strip()


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:app|config|tests|bench|deploy)/[\w./]*)`", README))
    named |= set(re.findall(r"\]\((docs/[\w./-]*)\)", README))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
