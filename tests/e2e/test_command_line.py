"""The command line against real stores, caches and providers."""

import asyncio
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import cli


def store(folder: Path) -> dict[str, str]:
    return {"MASTERX_STORE": f"sqlite:///{folder}/masterx.db"}


async def test_migrate_says_what_it_would_do_does_it_and_may_run_twice(
    tmp_path: Path, production: dict[str, str]
) -> None:
    assert "would apply 0001" in (await cli(tmp_path, production, "migrate", "--dry-run"))[1]
    assert "would apply 0001" in (await cli(tmp_path, production, "migrate", "--dry-run"))[1]
    assert "applied 0001" in (await cli(tmp_path, production, "migrate"))[1]
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


async def test_doctor_finds_all_well(tmp_path: Path, provider: MisbehavingProvider) -> None:
    found = await doctor(tmp_path, provider, {"MASTERX_PROVIDERS": catalogue(tmp_path)})
    assert found["problems"] == 0, found
    verdicts = {one["about"]: one["verdict"] for one in found["findings"]}
    assert verdicts["store"] == verdicts["cache"] == verdicts["schema"] == "ok"
    assert verdicts["openai/fake-1"] == verdicts["openai/fake-1 beside its SDK"] == "ok"
    assert verdicts["openai/fake-1 in the provider's list"] == "ok"


async def test_doctor_compares_every_dialect_with_its_sdk(tmp_path: Path, provider: MisbehavingProvider) -> None:
    keys = {f"{name.upper()}_API_KEY": "k" for name in ("groq", "gemini")}
    urls = {f"{name.upper()}_BASE_URL": provider.url(name) for name in ("groq", "gemini")}
    found = await doctor(tmp_path, provider, {**keys, **urls})
    compared = [one for one in found["findings"] if one["about"].endswith("beside its SDK")]
    assert {one["about"].split("/")[0] for one in compared} == {"openai", "groq", "gemini"}
    assert {one["verdict"] for one in compared} == {"ok"}, compared


async def test_doctor_names_what_is_wrong_and_what_to_do(tmp_path: Path, provider: MisbehavingProvider) -> None:
    provider.script(fault="401")
    settings = {"MASTERX_CACHE": "redis://127.0.0.1:9", "MASTERX_PROVIDERS": catalogue(tmp_path, "gone-1")}
    found = await doctor(tmp_path, provider, settings, code=1)
    problems = {one["about"]: one["advice"] for one in found["findings"] if one["verdict"] == "problem"}
    assert "MASTERX_CACHE" in problems["cache"]
    assert "OPENAI_API_KEY" in problems["openai/gone-1"]
    code, output, _ = await cli(tmp_path, {"MASTERX_STORE": "mongodb://127.0.0.1:9"}, "doctor")
    assert code == 1
    assert re.search(r"PROBLEM\s+store", output)
    assert "note" in output


async def test_doctor_names_a_model_that_is_gone(tmp_path: Path, provider: MisbehavingProvider) -> None:
    found = await doctor(tmp_path, provider, {"MASTERX_PROVIDERS": catalogue(tmp_path, "gone-1")}, code=1)
    listed = next(one for one in found["findings"] if one["about"] == "openai/gone-1 in the provider's list")
    assert listed["verdict"] == "problem"


async def doctor(
    folder: Path, provider: MisbehavingProvider, settings: dict[str, str], code: int = 0
) -> dict[str, Any]:
    """What the doctor says of a service with these settings and the misbehaving provider."""
    provider.models = ("fake-1",)
    own = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": provider.url("openai"), **store(folder), **settings}
    ended, output, errors = await cli(folder, own, "doctor", "--json")
    assert ended == code or "MASTERX_PROVIDERS" not in settings, (output, errors)
    found: dict[str, Any] = json.loads(output)
    return found


def catalogue(folder: Path, model: str = "fake-1") -> str:
    """A catalogue of one model."""
    path = folder / "catalogue.toml"
    path.write_text(
        f"""
        [[model]]
        provider = "openai"
        model = "{model}"
        dialect = "openai"
        base_url = "https://api.openai.com/v1"
        key = "OPENAI_API_KEY"
        context_window = 8192
        max_output = 1024
        tokenizer = "o200k"
        """,
        "utf-8",
    )
    return str(path)
