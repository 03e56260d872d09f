"""A learner's own: exported whole, erased whole, on both stores and on every replica."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.storage.ports import KINDS, OF_LEARNER
from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx, cli


async def a_life(masterx: Masterx, learner: str) -> tuple[str, str]:
    """A learner with preferences, a session, a turn and feedback; the ids of session and turn."""
    assert (await masterx.call("PUT", f"/v1/learners/{learner}", {"level": "B1"}))[0] == 200
    session = await masterx.session(learner)
    status, turn = await masterx.ask(session, f"I am {learner} and afraid of fractions")
    assert status == 200
    assert (await masterx.call("POST", f"/v1/turns/{turn['id']}/feedback", {"rating": 5}))[0] == 201
    return session, turn["id"]


async def export(masterx: Masterx, learner: str) -> dict[str, Any]:
    async with masterx.http.get(f"{masterx.url}/v1/learners/{learner}/export") as answer:
        assert answer.status == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        found: dict[str, Any] = json.loads(await answer.text())
        return found


async def gone(masterx: Masterx, session: str) -> None:
    """Waits until a replica has heard that a session is no more."""
    async with asyncio.timeout(PATIENCE):
        while (await masterx.call("GET", f"/v1/sessions/{session}"))[0] != 404:
            await asyncio.sleep(0.02)


def test_every_kind_by_learner_is_exported_and_erased() -> None:
    by_learner = {k.name for k in KINDS if any(i.fields[:2] == ("workspace", "learner_id") for i in k.indexes)}
    assert {kind.name for kind in OF_LEARNER} == by_learner


async def test_an_erased_learner_is_gone_on_every_replica_and_the_others_are_as_they_were(
    start: AsyncStart, production: dict[str, str]
) -> None:
    here = await start(**production)
    there = await start(**production) if "MASTERX_CACHE" in production else here
    ada, bob = f"ada-{uuid4().hex}", f"bob-{uuid4().hex}"  # on a cache that other tests use, too
    session, turn = await a_life(here, ada)
    kept, _ = await a_life(there, bob)
    assert (await there.call("GET", f"/v1/sessions/{session}"))[0] == 200
    exported = await export(there, ada)
    assert [doc["message"] for doc in exported["turns"]] == [f"I am {ada} and afraid of fractions"]
    assert [doc["rating"] for doc in exported["feedback"]] == [5]
    assert [doc["preferences"] for doc in exported["learners"]] == [{"level": "B1"}]
    assert bob not in json.dumps(exported)

    status, receipt = await here.call("DELETE", f"/v1/learners/{ada}")
    assert status == 200
    learned = receipt["erased"].pop("learned", 0)  # what was derived from the turn, if that came to it before
    assert receipt["erased"] == {"turns": 1, "sessions": 1, "feedback": 1, "rewards": 1, "learners": 1}
    assert receipt["total"] == 5 + learned
    status, again = await there.call("DELETE", f"/v1/learners/{ada}")
    assert (status, again["erased"], again["total"]) == (200, {}, 0)
    for masterx in (here, there):
        await gone(masterx, session)
        assert (await masterx.call("GET", f"/v1/turns/{turn}"))[0] == 404
        assert (await masterx.call("GET", f"/v1/learners/{ada}"))[1]["preferences"] == {}
        assert len(await masterx.turns(kept)) == 1
    left = await export(there, ada)
    assert {name: docs for name, docs in left.items() if isinstance(docs, list) and docs} == {}
    assert len((await export(there, bob))["turns"]) == 1


async def test_an_answer_under_way_is_stopped_and_leaves_nothing(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    here = await start(**production)
    there = await start(**production) if "MASTERX_CACHE" in production else here
    ada = f"ada-{uuid4().hex}"
    session = await here.session(ada)
    provider.script(stop=3)
    stream = here.stream(session, "Tell me a long story")
    # What becomes of the turn is told to whoever listens, and nothing of it is kept.
    assert (await anext(stream)).name == "turn.started"
    status, receipt = await there.call("DELETE", f"/v1/learners/{ada}")
    assert status == 200
    assert receipt["erased"]["turns"] == 1
    await gone(here, session)
    provider.go_on()
    assert [event.data["state"] async for event in stream if "state" in event.data] in ([], ["cancelled"])


@pytest.mark.parametrize("whole", [False, True], ids=["session", "learner"])
async def test_a_turn_that_is_erased_by_a_replica_that_cannot_stop_it_ends_as_cancelled(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, whole: bool
) -> None:
    store = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}  # and no cache by which they hear of each other
    here, there = await start(**store), await start(**store)
    session = await here.session("ada")
    provider.script(stop=3)
    stream = here.stream(session, "Tell me a long story")
    assert (await anext(stream)).name == "turn.started"
    assert (await there.call("DELETE", "/v1/learners/ada" if whole else f"/v1/sessions/{session}"))[0] in (200, 204)
    provider.go_on()
    last = [event async for event in stream][-1]
    assert (last.name, last.data["state"]) == ("turn.completed", "cancelled")
    assert "unexpectedly" not in here.log()
    assert not any(docs for docs in (await export(there, "ada")).values() if isinstance(docs, list))


async def test_who_may_erase_and_export(start: AsyncStart, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/masterx.db"
    masterx = await start(MASTERX_AUTH="required", MASTERX_STORE=store)

    async def key(*arguments: str) -> dict[str, str]:
        code, secret, errors = await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "create", *arguments)
        assert code == 0, errors
        return {"Authorization": f"Bearer {secret.strip()}"}

    ada, bob = await key("--role", "learner", "--learner", "ada"), await key("--role", "learner", "--learner", "bob")
    teacher, elsewhere = await key("--role", "teacher"), await key("--role", "operator", "--workspace", "south")
    await masterx.session("ada", **ada)
    for path, method in (("/v1/learners/ada", "DELETE"), ("/v1/learners/ada/export", "GET")):
        assert (await masterx.call(method, path))[0] == 401
        assert (await masterx.call(method, path, **bob))[0] == 404
        assert (await masterx.call(method, path, **teacher))[0] == 403
        status, found = await masterx.call(method, path, **elsewhere)
        assert status == 200
        assert not found.get("total", 0)
        assert not found.get("sessions", [])
    status, receipt = await masterx.call("DELETE", "/v1/learners/ada", **ada)
    assert status == 200
    assert receipt["erased"] == {"sessions": 1, "keys": 1}


async def test_while_a_learner_writes_their_memory_is_fetched_and_a_deleted_session_is_not_in_it(
    start: AsyncStart,
) -> None:
    masterx = await start()
    session = await masterx.session("ada")
    async with masterx.http.ws_connect(f"{masterx.url}/v1/sessions/{session}/chat") as chat:
        assert (await chat.receive_json())["state"] == "ready"
        await chat.send_json({"type": "typing"})
        async with asyncio.timeout(PATIENCE):
            while 'masterx_preloads_total{result="made"} 1.0' not in (text := await metrics(masterx)):
                await asyncio.sleep(0.02)
    assert "masterx_memories_warm 1.0" in text
    assert (await masterx.call("DELETE", f"/v1/sessions/{session}"))[0] == 204
    assert "masterx_memories_warm 0.0" in await metrics(masterx)


async def metrics(masterx: Masterx) -> str:
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        return await answer.text()
