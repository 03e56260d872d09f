"""`masterx replay` against real services: what it plays, and what it says when something is in the way."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.forked import covered
from tests.e2e.policies import WITHOUT_LOTS, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import ROOT, cli, command

LOCOMO = ROOT.parent / "shared" / "data" / "locomo"


def recorded(folder: Path, *lines: Mapping[str, object] | str) -> str:
    path = folder / "talk.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return path.name


def said(learner: str, *messages: str, **others: str) -> list[dict[str, str]]:
    return [{"learner_id": learner, "message": message, **others} for message in messages]


async def replayed(
    folder: Path, environment: Mapping[str, str], *arguments: str, code: int = 0
) -> tuple[dict[str, Any], str]:
    ended, output, errors = await cli(folder, environment, "replay", *arguments, "--json")
    assert ended == code, (output, errors)
    found: dict[str, Any] = json.loads(output)
    return found, errors


def all_kept(turns: int) -> dict[str, int]:
    return {"answered": turns, "kept": turns, "strange": 0, "not_read_back": 0}


async def refused(folder: Path, *arguments: str) -> str:
    """The complaint about a replay that did not begin."""
    ended, output, errors = await cli(folder, {}, "replay", *arguments)
    assert (ended, output) == (1, ""), errors
    return errors


async def test_a_recording_is_played_and_kept_without_a_trace_and_without_a_cost(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, provider: MisbehavingProvider
) -> None:
    settings = tmp_path_factory.mktemp("settings")
    one, other = said("ada", "What is 1/2 + 1/4?", "I think 2/6", "why?"), said("bob", "Hello", "Solve x + 1 = 3")
    name = recorded(tmp_path, *(line for pair in zip(one, other, strict=False) for line in pair), one[2])
    policy = changed(settings, WITHOUT_LOTS)
    paid = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": provider.url("openai"), "MASTERX_POLICY": policy}
    found, errors = await replayed(tmp_path, paid, name)
    assert found["turns"].pop("per_second") > 0
    assert found["turns"] == {"planned": 5, "played": 5, "failed": 0, "skipped_lines": 0, "problems": []}
    assert found["kept"] == all_kept(5)
    assert found["router"]["turns"] == {"offline/rules": 5}
    assert found["context"]["layers"]["history"] == {"empty": 2, "kept": 3}
    assert found["cache"]["snapshot_hits"] > found["cache"]["snapshot_misses"] > 0
    assert {one["count"] for one in found["latency"].values()} == {5}
    assert "answered by offline/rules" in errors
    assert not provider.requests
    assert os.listdir(tmp_path) == [name]


async def test_the_table_is_for_people(tmp_path: Path) -> None:
    name = recorded(tmp_path, *said("ada", "Hello", "What is 2 + 2?"), {"learner_id": "ada"})
    code, output, errors = await cli(tmp_path, {}, "replay", name, "--skip-bad")
    assert code == 0, errors
    assert "2 of 2 turns in 1 dialogues" in output
    assert "kept 2 of 2" in output
    assert "1 bad lines skipped" in output
    assert "own overhead" in output
    assert "talk.jsonl line 3: message: Field required" in errors


async def test_configured_providers_are_asked_when_that_is_wished(
    tmp_path: Path, provider: MisbehavingProvider
) -> None:
    paid = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": provider.url("openai")}
    settings = {**paid, "MASTERX_STORE": f"sqlite:///{tmp_path}/mine.db"}
    name = recorded(tmp_path, *said("ada", "Hi", "Ho"))
    found, _ = await replayed(tmp_path, settings, name, "--providers", "--keep", "--stream")
    assert all(model.startswith("openai/") for model in found["router"]["turns"])
    assert found["cache"]["cached_tokens"] > 0
    assert found["router"]["cost_usd"] > 0
    assert found["kept"]["kept"] == 2
    with sqlite3.connect(tmp_path / "mine.db") as db:
        assert db.execute("SELECT count(*) FROM turns").fetchone() == (2,)
    db.close()


async def test_it_plays_on_mongodb_and_redis(tmp_path: Path, mongo_url: str, redis_url: str) -> None:
    settings = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url}
    name = recorded(tmp_path, *said("ada", "Hi", "Ho"), *said("bob", "Hi"))
    code, _, errors = await cli(tmp_path, settings, "replay", name, "--keep")
    assert (code, "masterx migrate" in errors) == (1, True)
    assert (await cli(tmp_path, settings, "migrate"))[0] == 0
    found, _ = await replayed(tmp_path, settings, name, "--keep")
    assert found["kept"] == all_kept(3)


async def test_a_running_service_is_played_through_with_its_faults(
    tmp_path: Path, start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    lines = said("ada", "Hi", "[[fault=cut after=3]] Hm", "[[fault=500]] So", "Bye")
    name = recorded(tmp_path, *lines)
    found, _ = await replayed(tmp_path, {}, name, "--url", masterx.url + "/")
    assert (found["turns"]["failed"], found["kept"]) == (0, all_kept(4))
    assert (found["router"]["fell_over"], found["router"]["degraded"]) == (2, 2)
    found, _ = await replayed(tmp_path, {}, name, "--url", masterx.url, "--stream", code=1)
    assert found["turns"]["failed"] == 1
    assert found["turns"]["problems"][0].startswith("talk.jsonl line 2: 502 answer-broke-off")
    assert (found["kept"], found["router"]["fell_over"]) == (all_kept(3), 1)


async def test_a_service_that_wants_a_key_gets_it_from_a_file(tmp_path: Path, start: AsyncStart) -> None:
    settings = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    key = (await cli(tmp_path, settings, "keys", "create", "--role", "service"))[1]
    masterx = await start(MASTERX_AUTH="required", **settings)
    name = recorded(tmp_path, *said("ada", "Hi"))
    found, _ = await replayed(tmp_path, {}, name, "--url", masterx.url, code=1)
    assert "401" in found["stopped"]
    assert "--key-file" in found["stopped"]
    (tmp_path / "key").write_text(key, "utf-8")
    found, _ = await replayed(tmp_path, {}, name, "--url", masterx.url, "--key-file", "key")
    assert found["kept"]["kept"] == 1


async def test_where_it_cannot_be_played_is_one_clear_complaint(tmp_path: Path, provider: MisbehavingProvider) -> None:
    name = recorded(tmp_path, *said("ada", "Hi"))
    complaints = {
        ("--url", "http://127.0.0.1:9"): "masterx: http://127.0.0.1:9: no answer",
        ("--url", provider.url("openai")): "that is no MasterX service",
    }
    complained = await asyncio.gather(*(refused(tmp_path, name, *arguments) for arguments in complaints))
    for wanted, errors in zip(complaints.values(), complained, strict=True):
        assert wanted in errors
        assert errors.count("\n") == 1


async def test_standard_input_is_played_as_well(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "replay", "-", "--json"),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **covered()},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(json.dumps(said("ada", "Hi")[0]).encode())
    assert json.loads(output)["kept"]["kept"] == 1


async def test_an_interrupt_ends_it_with_a_report(
    tmp_path: Path, start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    provider.script(lat=200)
    name = recorded(tmp_path, *said("ada", *map(str, range(500))))
    playing = await command(tmp_path, {}, "replay", name, "--json", "--url", masterx.url)
    await provider.asked(2)
    playing.signal(signal.SIGINT)
    code, output, _ = await playing.ended()
    found = json.loads(output)
    assert code == 130
    assert found["stopped"] == "interrupted"
    assert 500 > found["turns"]["played"] == found["kept"]["kept"] > 0


async def test_a_second_interrupt_does_not_wait_for_a_provider(tmp_path: Path, provider: MisbehavingProvider) -> None:
    provider.script(lat=60_000)
    paid = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": provider.url("openai"), "TMPDIR": str(tmp_path)}
    name = recorded(tmp_path, *said("ada", "Hi", "Ho"))
    playing = await command(tmp_path, paid, "replay", name, "--json", "--providers")
    await provider.asked(1)
    playing.signal(signal.SIGINT)
    playing.signal(signal.SIGTERM)
    code, output, errors = await playing.ended()
    assert code == 130
    assert json.loads(output)["turns"]["played"] == 0
    assert "Traceback" not in errors
    assert os.listdir(tmp_path) == ["talk.jsonl"]


async def test_a_service_that_is_restarted_meanwhile_gets_every_turn_once(
    tmp_path: Path, start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start(MASTERX_STORE=f"sqlite:///{tmp_path}/masterx.db")
    provider.script(stop=0)
    name = recorded(tmp_path, *said("ada", *map(str, range(30))))
    playing = await command(tmp_path, {}, "replay", name, "--json", "--url", masterx.url)
    await held_at(provider, 5)
    await masterx.kill()
    provider.reset()
    # It tries again for some seconds; how long a start takes is a matter of the machine.
    playing.signal(signal.SIGSTOP)
    masterx.arguments = ("--port", masterx.url.rpartition(":")[2])
    await masterx.start()
    playing.signal(signal.SIGCONT)
    _, output, _ = await playing.ended()
    found = json.loads(output)
    # The turn that was under way is kept as incomplete, so it counts as failed.
    assert found["turns"]["failed"] <= 1
    assert found["kept"]["kept"] == found["kept"]["answered"] == 30 - found["turns"]["failed"]
    assert found["kept"]["strange"] == 0
    assert found["stopped"] is None


async def test_a_service_that_goes_away_ends_it_with_a_report(
    tmp_path: Path, start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    provider.script(stop=0)
    name = recorded(tmp_path, *said("ada", *map(str, range(500))))
    playing = await command(tmp_path, {}, "replay", name, "--json", "--url", masterx.url)
    await held_at(provider, 5)
    await masterx.kill()
    provider.reset()
    code, output, _ = await playing.ended()
    found = json.loads(output)
    assert code == 1
    assert "no answer" in found["stopped"]
    assert found["turns"]["played"] >= 4
    kept = found["kept"]
    assert (kept["kept"], kept["not_read_back"]) == (0, kept["answered"])


@pytest.mark.skipif(not LOCOMO.is_dir(), reason="the LoCoMo dialogues of the evaluation kit are not beside the project")
async def test_the_locomo_dialogues_go_through(tmp_path: Path) -> None:
    found, errors = await replayed(tmp_path, {}, str(LOCOMO), "--limit", "10")
    assert (found["dialogues"], found["turns"]["played"]) == (5, 50)
    assert found["kept"] == all_kept(50)
    assert "README.md" in errors


async def held_at(provider: MisbehavingProvider, turn: int) -> None:
    """Lets a provider that stops at every answer give those before this turn; it is asked for this one."""
    for number in range(1, turn + 1):
        provider.go_on()
        await provider.asked(number)
