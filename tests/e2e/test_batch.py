"""Many turns in one call: each gets its own result or its own error."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS
from tests.e2e.service import cli, closed
from tests.e2e.surface import Surface, surface

__all__ = ["surface"]

shared = pytest.mark.asyncio(loop_scope="module")
ANSWER = "".join(TEXTS)
PATH = "/v1/turns:batch"


async def test_each_turn_gets_its_own_result_in_the_order_given(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    one, two = await masterx.session("ada"), await masterx.session("bob")
    turns = [
        {"session_id": one, "message": "First [[lat=30]]"},
        {"session_id": "nope", "message": "Hi"},
        {"session_id": two, "message": "Hi", "task": "practice"},
        {"session_id": one, "message": "Second"},
        {"session_id": two, "message": " "},
        {"session_id": two, "message": "x" * 32_001},
        {"session_id": two, "message": "Hi", "task": "dance"},
        {"session_id": two, "message": "Hi", "idempotency_key": "two words"},
        {"session_id": "\x00", "message": "Hi"},
        {"session_id": one, "message": "Third"},
    ]
    status, told = await masterx.call("POST", PATH, {"turns": turns})
    assert status == 200
    results = told["data"]
    assert [r["status"] for r in results] == [200, 404, 200, 200, 422, 422, 422, 422, results[8]["status"], 200]
    assert results[8]["status"] in (404, 422)
    assert results[1]["error"]["type"] == "/problems/session-not-found"
    assert [r["error"]["errors"][0]["field"] for r in results[4:8]] == [
        "message",
        "message",
        "task",
        "idempotency_key",
    ]
    assert results[2]["turn"]["task"] == "practice"
    assert [results[n]["turn"]["seq"] for n in (0, 3, 9)] == [1, 2, 3]
    assert await masterx.turns(one) == [results[n]["turn"] for n in (9, 3, 0)]
    last = next(seen for seen in reversed(provider.requests) if "Third" in str(seen.body))
    # The learner's own words come after what the tutor is told.
    said = [message["content"].rpartition("</notes>\n\n")[2] for message in last.body["messages"][1:]]
    assert said == ["First [[lat=30]]", ANSWER, "Second", ANSWER, "Third"]


@shared
async def test_a_body_of_another_shape_is_refused_whole_with_each_field_named(surface: Surface) -> None:
    masterx = surface.masterx
    session = await masterx.session()
    item = {"session_id": session, "message": "Hi"}
    bad: list[tuple[object, list[str]]] = [
        ({}, ["turns"]),
        ({"turns": []}, ["turns"]),
        ({"turns": [item] * 101}, ["turns"]),
        ({"turns": "Hi"}, ["turns"]),
        (
            {"turns": [item, {"session_id": 7, "mesage": "Hi"}]},
            ["turns.1.session_id", "turns.1.message", "turns.1.mesage"],
        ),
        ({"turns": [None], "more": 1}, ["turns.0", "more"]),
    ]
    for body, fields in bad:
        status, problem = await masterx.call("POST", PATH, body)
        assert (status, [e["field"] for e in problem["errors"]]) == (422, fields)
    assert await masterx.turns(session) == []


@shared
async def test_sixteen_run_side_by_side_and_all_are_kept(surface: Surface) -> None:
    masterx, before = surface.masterx, surface.provider.accepted
    sessions = await asyncio.gather(*(masterx.session(f"learner-{n}") for n in range(100)))
    turns = [{"session_id": session, "message": f"Question {n} [[lat=40]]"} for n, session in enumerate(sessions)]
    status, told = await masterx.call("POST", PATH, {"turns": turns})
    assert status == 200
    assert [r["turn"]["message"] for r in told["data"]] == [turn["message"] for turn in turns]
    assert surface.provider.accepted - before <= 16


@shared
async def test_keys_make_a_batch_repeatable(surface: Surface) -> None:
    masterx, before = surface.masterx, len(surface.provider.requests)
    session = await masterx.session()
    body: dict[str, Any] = {"turns": [{"session_id": session, "message": text} for text in ("One", "Two")]}
    body["turns"].append({"session_id": session, "message": "Three", "idempotency_key": "own"})
    first = await masterx.call("POST", PATH, body, Idempotency_Key="batch")
    assert await masterx.call("POST", PATH, body, Idempotency_Key="batch") == first
    assert len(surface.provider.requests) == before + 3
    body["turns"][2]["message"] = "Four"
    _, told = await masterx.call("POST", PATH, body, Idempotency_Key="batch")
    assert [r["status"] for r in told["data"]] == [200, 200, 409]


@shared
async def test_a_turn_that_fails_does_not_take_the_others_along(surface: Surface) -> None:
    masterx = surface.masterx
    session, other = await masterx.session(), await masterx.session()
    turns = [(session, "Hi [[fault=500]]"), (session, "Hi"), (other, "Hi")]
    body = {"turns": [{"session_id": s, "message": m} for s, m in turns]}
    _, told = await masterx.call("POST", PATH, body)
    assert [r["status"] for r in told["data"]] == [503, 200, 200]
    kept = (await masterx.turns(session))[-1]
    assert (told["data"][0]["turn_id"], kept["state"]) == (kept["id"], "failed")


@shared
async def test_a_client_that_leaves_loses_none_of_them(surface: Surface) -> None:
    masterx, provider = surface.masterx, surface.provider
    sessions = [await masterx.session() for _ in range(20)]
    body = {"turns": [{"session_id": session, "message": "Hi"} for session in sessions]}
    provider.script(stop=0, times=1)
    async with aiohttp.ClientSession() as leaver:
        call = asyncio.create_task(leaver.post(masterx.url + PATH, json=body))
        await provider.asked(len(provider.requests) + 1)
        call.cancel()
    provider.go_on()
    for session in sessions:
        assert (await closed(masterx, session))["reply"] == ANSWER


async def test_a_batch_begins_nothing_more_while_the_service_shuts_down(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start("--port", "0", "--grace", "30")
    session = await masterx.session()
    body = {"turns": [{"session_id": session, "message": "Hi [[stop=0]]"} for _ in range(3)]}
    call = asyncio.create_task(masterx.call("POST", PATH, body))
    await provider.asked(1)
    masterx.signal(signal.SIGTERM)
    await masterx.logged("draining")
    provider.go_on()
    status, told = await call
    assert (status, [r["status"] for r in told["data"]]) == (200, [200, 503, 503])
    assert told["data"][0]["turn"]["reply"] == ANSWER
    assert await masterx.ended() == 0


async def test_another_learners_session_is_not_found_for_a_learners_key(start: AsyncStart, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/masterx.db"
    masterx = await start(MASTERX_AUTH="required", MASTERX_STORE=store)
    keys = [
        (await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "create", "--role", *role.split()))[1].strip()
        for role in ("service", "learner --learner ada")
    ]
    front_end, ada = ({"Authorization": f"Bearer {key}"} for key in keys)
    hers, his = await masterx.session("ada", **front_end), await masterx.session("bob", **front_end)
    body = {"turns": [{"session_id": s, "message": "Hi"} for s in (his, hers)]}
    _, told = await masterx.call("POST", PATH, body, **ada)
    assert [r["status"] for r in told["data"]] == [404, 200]
    assert (await masterx.call("POST", PATH, body))[0] == 401
