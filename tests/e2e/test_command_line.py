"""The command line against real stores, caches and providers."""

import asyncio
import os
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.e2e.service import PATIENCE, ROOT, cli, fresh


def store(folder: Path) -> dict[str, str]:
    return {"MASTERX_STORE": f"sqlite:///{folder}/masterx.db"}


async def test_migrate_says_what_it_would_do_does_it_and_may_run_twice(
    tmp_path: Path, production: dict[str, str]
) -> None:
    assert "would apply 0001" in (await cli(tmp_path, production, "migrate", "--dry-run"))[1]
    assert "would apply 0001" in (await cli(tmp_path, production, "migrate", "--dry-run"))[1]
    assert "applied 0001" in (await fresh(tmp_path, production, "migrate"))[1]
    assert "nothing to do" in (await cli(tmp_path, production, "migrate"))[1]


async def test_several_migrations_at_once_apply_each_step_once(tmp_path: Path, production: dict[str, str]) -> None:
    outcomes = await asyncio.gather(*(cli(tmp_path, production, "migrate") for _ in range(4)))
    assert [code for code, _, _ in outcomes] == [0, 0, 0, 0]
    assert sum("applied 0001" in output for _, output, _ in outcomes) == 1


async def test_a_mongodb_that_was_not_migrated_is_refused(tmp_path: Path, mongo_url: str) -> None:
    code, _, errors = await cli(tmp_path, {"MASTERX_STORE": mongo_url}, "serve", "--port", "0")
    assert code == 1
    assert "masterx migrate" in errors
    assert errors.count("\n") == 1


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    assert (await cli(tmp_path, store(tmp_path), "migrate"))[0] == 0
    with sqlite3.connect(tmp_path / "masterx.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    code, _, errors = await cli(tmp_path, store(tmp_path), "serve", "--port", "0")
    assert code == 1
    assert "install the version of MasterX that wrote it" in errors


HEAVY = ("numpy", "fsrs", "pypdf", "sympy", "tiktoken", "snowballstemmer", "fastapi", "uvicorn", "pymongo")


@pytest.mark.parametrize("arguments", ["--version", "keys list", "migrate"])
async def test_a_plain_command_does_not_carry_what_only_a_service_needs(tmp_path: Path, arguments: str) -> None:
    told = (
        "import sys\nfrom app.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        f"print('carried', *(name for name in {HEAVY!r} if name in sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", told, *arguments.split()),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **store(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert output.decode().splitlines()[-1] == "carried"
