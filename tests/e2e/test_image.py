"""The image of the Dockerfile: its commands run, and what they make serves as another user with nothing to write to."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import image
from tests.e2e.service import ROOT
from tests.mongod import free_port

BUILDER, FINAL = image.stages()[1], image.stages()[-1]


@dataclass(frozen=True, slots=True)
class Image:
    """What was built: the virtual environment, the volume, and who may write to the latter."""

    installed: Path
    data: Path
    user: int | None

    def run(self, words: list[str]) -> subprocess.Popen[str]:
        """Starts a command as a container would: nothing but the image's own environment."""
        settings = {name: value.replace("/data", str(self.data)) for name, value in image.environment(FINAL).items()}
        settings["PATH"] = f"{self.installed}/bin:/usr/bin:/bin"
        return subprocess.Popen(
            [shutil.which(words[0], path=settings["PATH"]) or words[0], *words[1:]],
            cwd=self.data,
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=self.user,
            group=self.user,
            extra_groups=() if self.user else None,
        )

    def said(self, *words: str) -> tuple[int, str, str]:
        """Runs a command to its end: exit code, standard output, standard error."""
        with self.run([*words]) as process:
            output, errors = process.communicate(timeout=30)
            return process.returncode, output, errors

    def files(self) -> set[str]:
        """Everything that is installed."""
        return {str(path) for path in self.installed.rglob("*")}


@pytest.fixture(scope="module")
def built() -> Iterator[Image]:
    """The image, in a folder that another user can reach."""
    if image.uv() is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no uv: pip install uv")
    python, user = image.base()
    with tempfile.TemporaryDirectory(prefix="masterx-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o750)
        if user:
            os.chown(data, user, user)
        installed = image.build(folder, python)
        shutil.rmtree(folder / "src")
        yield Image(installed, data, user)


def test_what_was_built_serves_as_another_user_with_nothing_else_to_write_to(built: Image) -> None:
    before = built.files()
    entrance = image.only(FINAL, "ENTRYPOINT").words
    code, _, errors = built.said(*entrance, *image.only(FINAL, "CMD").words, "--port", "0")
    assert (code, "masterx keys create" in errors) == (2, True)
    code, key, errors = built.said(*entrance, "keys", "create", "--role", "service")
    assert code == 0, errors
    port = free_port()
    with built.run([*entrance, "serve", "--port", str(port)]) as process:
        try:
            healthy = _health(port)
            _wait(lambda: built.said(*healthy)[0] == 0)
            completed = _turn(port, key.strip())
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=15)
    assert process.returncode == 0
    assert completed["state"] == "complete"
    assert built.said(*healthy)[0] != 0
    assert {path.name for path in built.data.iterdir()} <= {"masterx.db", "masterx.db-pieces", "masterx.db-wal"}
    assert built.files() == before


def test_what_is_no_python_came_along(built: Image) -> None:
    (site,) = built.installed.glob("lib/python3.*/site-packages")
    for folder, pattern in (("config", "*.toml"), ("migrations", "*.py"), ("app/web", "**/*.*")):
        wanted = {path.relative_to(ROOT) for path in (ROOT / folder).glob(pattern) if "__pycache__" not in path.parts}
        assert [str(path) for path in wanted if not (site / path).exists()] == []


def test_nothing_needs_a_shell() -> None:
    for stage in (BUILDER, FINAL):
        for instruction in stage:
            if instruction.name in {"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "VOLUME"}:
                assert instruction.words, instruction


def test_it_runs_as_a_number_that_is_not_root() -> None:
    assert image.only(FINAL, "USER").argument == f"{image.USER}:{image.USER}"
    assert image.only(FINAL, "STOPSIGNAL").argument == "SIGTERM"


def test_every_base_is_pinned() -> None:
    default = re.search(r"^ARG PYTHON=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.M)
    assert default is not None
    assert re.fullmatch(r"3\.\d+\.\d+-slim-\w+", default[1])
    bases = [stage[0].argument.split()[0].replace("${PYTHON}", default[1]) for stage in image.stages()]
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    sent = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert sent == {name for names, _ in image.copied(BUILDER) for name in names}
    assert not any(fnmatch(".env", name) for name in sent)


def _health(port: int) -> list[str]:
    return [word.replace("8000", str(port)) for word in image.only(FINAL, "HEALTHCHECK").words]


def _turn(port: int, key: str) -> dict[str, Any]:
    session = _post(port, "/v1/sessions", {"learner_id": "ada"}, key)["id"]
    return _post(port, f"/v1/sessions/{session}/turns", {"message": "How do I solve 3x + 5 = 20?"}, key)


def _post(port: int, path: str, body: dict[str, str], key: str) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {key}"})
    found: dict[str, Any] = json.load(connection.getresponse())
    connection.close()
    return found


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)
