"""`masterx doctor` before real servers: what is wrong is named, with what to do about it."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
import redis

from app.clock import SystemClock
from app.doctor.examine import Patient, examine
from app.doctor.findings import Finding
from app.settings import load
from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, ROOT, cli
from tests.mongod import Mongod, free_port
from tests.valkey import Valkey

Found = dict[str, Finding]


async def doctor(
    folder: Path, settings: Mapping[str, str] | None = None, port: int | None = None, patience: float = PATIENCE
) -> Found:
    """What the doctor finds, by what it is about."""
    looked = load({"MASTERX_STORE": f"sqlite:///{folder}/masterx.db", **(settings or {})})
    # A port of its own, so that a service that happens to run on this machine does no harm.
    patient = Patient(looked, SystemClock(), "127.0.0.1", port or free_port(), patience)
    return {found.about: found async for found in examine(patient, lambda what: None)}


async def told(folder: Path, settings: Mapping[str, str], code: int) -> Found:
    """What the command says."""
    ended, output, errors = await cli(folder, settings, "doctor", "--json", "--port", str(free_port()))
    assert ended == code, (output, errors)
    found = json.loads(output)
    assert found["problems"] == sum(one["verdict"] == "problem" for one in found["findings"])
    return {one["about"]: Finding(**one) for one in found["findings"]}


def asking(provider: MisbehavingProvider, folder: Path, model: str = "fake-1") -> dict[str, str]:
    """Settings whose only model is one of the misbehaving provider."""
    provider.models = ("fake-1",)
    return {
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": provider.url("openai"),
        "MASTERX_PROVIDERS": catalogue(folder, model),
    }


def problems(found: Found) -> dict[str, str]:
    return {about: one.advice or "" for about, one in found.items() if one.verdict == "problem"}


async def test_it_finds_all_well_and_changes_nothing(tmp_path: Path, provider: MisbehavingProvider) -> None:
    found = await told(tmp_path, asking(provider, tmp_path), code=0)
    assert problems(found) == {}, found
    well = ("settings", "policy", "catalogue", "folder", "store", "cache", "port", "clock")
    assert {found[about].verdict for about in well} == {"ok"}
    assert found["openai/fake-1"].verdict == found["openai/fake-1 beside its SDK"].verdict == "ok"
    assert found["openai/fake-1 in the provider's list"].verdict == "ok"
    assert os.listdir(tmp_path) == ["catalogue.toml"]


async def test_every_dialect_is_compared_with_its_sdk(tmp_path: Path, provider: MisbehavingProvider) -> None:
    keys = {f"{name.upper()}_API_KEY": "k" for name in ("groq", "gemini", "openai")}
    urls = {f"{name.upper()}_BASE_URL": provider.url(name) for name in ("groq", "gemini", "openai")}
    found = await told(tmp_path, {**keys, **urls}, code=1)  # it lists no models
    compared = {about: one for about, one in found.items() if about.endswith("beside its SDK")}
    assert {about.split("/")[0] for about in compared} == {"openai", "groq", "gemini"}
    assert {one.verdict for one in compared.values()} == {"ok"}, compared


async def test_a_wrong_key_a_model_that_is_gone_and_nobody_there_are_told_apart(
    tmp_path: Path, provider: MisbehavingProvider
) -> None:
    gone = await doctor(tmp_path, asking(provider, tmp_path, "gone-1"))
    assert "catalogue" in problems(gone)["openai/gone-1 in the provider's list"]
    provider.script(fault="401")
    wrong = await doctor(tmp_path, asking(provider, tmp_path))
    assert "check OPENAI_API_KEY" in problems(wrong)["openai/fake-1"]
    nobody = {**asking(provider, tmp_path), "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    alone = await doctor(tmp_path, nobody)
    assert "http://127.0.0.1:9/v1 cannot be reached" in problems(alone)["openai/fake-1"]
    assert "OPENAI_BASE_URL" in problems(alone)["openai/fake-1"]
    assert "openai/fake-1 beside its SDK" not in alone


async def test_files_and_settings_that_cannot_be_worked_with_are_findings(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("version =\n", "utf-8")
    files = await doctor(
        tmp_path,
        {"MASTERX_PROVIDERS": str(broken), "MASTERX_POLICY": str(broken), "MASTERX_CACHE": "redis://:x:y"},
    )
    assert set(problems(files)) == {"policy", "catalogue", "cache"}
    assert "MASTERX_POLICY" in problems(files)["policy"]
    assert "MASTERX_PROVIDERS" in problems(files)["catalogue"]
    unknown = await told(tmp_path, {"MASTERX_STOER": "x"}, code=1)
    assert "did you mean MASTERX_STORE" in unknown["settings"].detail
    (tmp_path / ".env").write_bytes(b"OPENAI_API_KEY=\xff\n")
    unreadable = await told(tmp_path, {}, code=1)
    assert unreadable["settings"].detail == ".env: cannot be read: it is not UTF-8 text"
    code, _, errors = await cli(tmp_path, {}, "serve", "--port", "0")
    assert (code, errors) == (2, "masterx: .env: cannot be read: it is not UTF-8 text\n")


async def test_a_place_where_no_store_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_text("no database at all " * 100, "utf-8")
    wanted = {
        f"{tmp_path}/junk.db": ("store", "name another file"),
        f"{tmp_path}/nowhere/x.db": ("folder", f"mkdir -p {tmp_path}/nowhere"),
        f"{tmp_path}": ("folder", "name a file in it"),
        "/proc/x.db": ("folder", "write there"),
    }
    looks = (doctor(tmp_path, {"MASTERX_STORE": f"sqlite:///{path}"}) for path in wanted)
    for found, (about, advice) in zip(await asyncio.gather(*looks), wanted.values(), strict=True):
        assert advice in problems(found)[about]


async def test_a_mongodb_is_looked_into(tmp_path: Path, mongod: Mongod) -> None:
    other = mongod.url.replace("replicaSet=tests", "replicaSet=other")
    wanted = {
        mongod.url: ("schema", "run `masterx migrate`"),
        other: ("store", "say replicaSet=tests in MASTERX_STORE"),
        mongod.url.replace("127.0.0.1", "ada:secret@127.0.0.1"): ("store", "check user and password"),
        "mongodb://127.0.0.1:9": ("store", "start the server"),
    }
    # Where nobody is, the driver looks again until its time is up.
    looks = (doctor(tmp_path, {"MASTERX_STORE": url}, patience=15 if ":9" in url else PATIENCE) for url in wanted)
    every = await asyncio.gather(*looks)
    for found, (about, advice) in zip(every, wanted.values(), strict=True):
        assert advice in problems(found)[about]
        assert "secret" not in str(found)
    assert every[0]["replica set"].detail == "tests, 1 member(s)"
    assert every[0]["clock beside MongoDB"].verdict == "ok"
    assert (await cli(tmp_path, {"MASTERX_STORE": mongod.url}, "migrate"))[0] == 0
    assert problems(await doctor(tmp_path, {"MASTERX_STORE": mongod.url})) == {}


async def test_a_cache_is_looked_into(tmp_path: Path, valkey: Valkey) -> None:
    settings = {"MASTERX_CACHE": valkey.url}
    found = await doctor(tmp_path, settings)
    assert found["cache memory"].detail.endswith("no limit")
    assert found["clock beside the cache"].verdict == found["cache role"].verdict == "ok"
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", "50mb")
        found = await doctor(tmp_path, settings)
        assert found["cache memory"].verdict == "note"
        assert "allkeys-lru" in str(found["cache memory"].advice)
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.replicaof("127.0.0.1", "9")
    found = await doctor(tmp_path, settings)
    assert problems(found)["cache role"] == "name 127.0.0.1:9 in MASTERX_CACHE"
    assert found["cache memory"].verdict == "ok"
    valkey.kill()
    assert "MASTERX_CACHE" in problems(await doctor(tmp_path, settings))["cache"]


async def test_a_port_that_is_taken_is_named_unless_masterx_has_it(
    tmp_path: Path, start: AsyncStart, provider: MisbehavingProvider
) -> None:
    taken = await doctor(tmp_path, port=provider.port)
    assert "masterx serve --port" in problems(taken)["port"]
    masterx = await start()
    ours = await doctor(tmp_path, port=int(masterx.url.rpartition(":")[2]))
    assert ours["port"].detail.endswith("MasterX serves there")


async def test_a_low_limit_of_open_files_is_noted(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f"ulimit -n 256; exec {sys.executable} -m app doctor --port {free_port()}"),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert "note     open files: limit 256\n           → each open stream takes two files" in output.decode()
    assert output.decode().endswith("\nall well\n")


@pytest.mark.parametrize(("ahead", "verdict"), [(3_600, "problem"), (-20, "note"), (0, "ok")])
async def test_the_clock_is_compared_with_a_providers(
    tmp_path: Path, provider: MisbehavingProvider, ahead: int, verdict: str
) -> None:
    async with dated(ahead) as url:
        settings = {**asking(provider, tmp_path), "OPENAI_BASE_URL": url}
        found = (await doctor(tmp_path, settings))["clock beside openai"]
    assert found.verdict == verdict
    assert verdict == "ok" or "NTP" in str(found.advice)


@asynccontextmanager
async def dated(ahead: int) -> AsyncIterator[str]:
    """A server whose clock is so many seconds ahead, and that has nothing else to say."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        date = formatdate(time.time() + ahead, usegmt=True)
        writer.write(
            f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


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
