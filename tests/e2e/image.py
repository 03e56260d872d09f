"""What the Dockerfile makes, made without an engine: the builder's own commands, run in a folder of this machine."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.service import ROOT

USER = 10001
_PREFIX = "/opt/masterx"
_BASE = "/usr/local/bin/python3"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile, its continued lines joined."""

    name: str
    argument: str

    @property
    def words(self) -> list[str]:
        """The words of the form that needs no shell; `JSONDecodeError` for the other one."""
        found: list[str] = json.loads(self.argument[self.argument.index("[") :])
        return found


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, from its FROM on."""
    found: list[list[Instruction]] = []
    for instruction in _instructions((ROOT / "Dockerfile").read_text("utf-8")):
        if instruction.name == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def only(stage: list[Instruction], name: str) -> Instruction:
    """The one instruction of a stage with this name."""
    (found,) = (instruction for instruction in stage if instruction.name == name)
    return found


def copied(stage: list[Instruction]) -> Iterator[tuple[list[str], str]]:
    """What a stage copies from the project: the sources, and where to."""
    for instruction in stage:
        words = instruction.argument.split()
        if instruction.name == "COPY" and not words[0].startswith("--from"):
            yield words[:-1], words[-1]


def environment(stage: list[Instruction]) -> dict[str, str]:
    """What a stage's ENV sets."""
    pairs = " ".join(instruction.argument for instruction in stage if instruction.name == "ENV").split()
    return dict(pair.split("=", 1) for pair in pairs)


def build(folder: Path, python: str) -> Path:
    """Runs the builder's commands: its `/opt/masterx` is `folder/opt`, its `/src` is `folder/src`."""
    source = folder / "src"
    source.mkdir()
    builder = stages()[1]
    for names, target in copied(builder):
        for name in names:
            _copy(ROOT / name, source / target / (Path(name).name if target == "./" else ""))
    for instruction in builder:
        if instruction.name == "RUN" and instruction.words[0] == "uv":
            _run(instruction.words, source, {_PREFIX: str(folder / "opt"), _BASE: python})
    return folder / "opt"


def base() -> tuple[str, int | None]:
    """An interpreter, and a user that is not us and may run it; no user where we cannot become another one."""
    if os.geteuid() == 0:
        for python in (str(Path(sys.base_prefix, "bin", "python3")), "/usr/bin/python3"):
            if _serves(python, USER):
                return python, USER
    return str(Path(sys.base_prefix, "bin", "python3")), None


def uv() -> str | None:
    """The program that `setup.sh` installs with."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def _instructions(text: str) -> Iterator[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        if line.strip():
            yield Instruction(*line.split(maxsplit=1))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _run(words: list[str], folder: Path, places: dict[str, str]) -> None:
    command = [uv() or "uv", *(places.get(word, word) for word in words[1:])]
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={"UV_SYSTEM_CERTS": "1", **os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _serves(python: str, user: int) -> bool:
    check = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    try:
        return (
            subprocess.run(check, user=user, group=user, extra_groups=(), check=False, capture_output=True).returncode
            == 0
        )
    except OSError:
        return False
