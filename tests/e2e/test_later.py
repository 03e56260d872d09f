"""Questions that no model answered, over the real service: offered, queued, taken back, and answered once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import UNDEGRADED, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx, closed
from tests.e2e.test_access import Caller, key
from tests.e2e.test_chat import chat

QUESTION = "How do I solve 3x + 5 = 20?"


async def degraded(masterx: Masterx, provider: MisbehavingProvider, session: str, message: str = QUESTION) -> Any:
    """A turn that the offline tutor answered because nobody listens at the provider's port."""
    async with provider.refusing():
        status, turn = await masterx.ask(session, message)
    assert (status, turn["degraded"]) == (200, True), turn
    return turn


async def later(masterx: Masterx, turn: Any, method: str = "POST") -> tuple[int, Any]:
    return await masterx.call(method, f"/v1/turns/{turn['id']}:ask-later")


async def come_back(masterx: Masterx) -> None:
    """Lets the service hear that the provider answers again: by another learner's turn."""
    _, turn = await masterx.ask(await masterx.session("somebody else"), "Hi")
    assert (turn["provider"], turn["degraded"]) == ("openai", False)


async def answered(masterx: Masterx, turn: Any) -> Any:
    """Waits until a turn's question was asked again; the turn that answered it."""
    async with asyncio.timeout(45):
        while (found := (await masterx.call("GET", f"/v1/turns/{turn['id']}"))[1])["later"]["state"] != "answered":
            await asyncio.sleep(0.05)
    _, answer = await masterx.call("GET", f"/v1/turns/{found['later']['turn_id']}")
    return answer


def answers(turns: list[dict[str, Any]], turn: Any) -> list[dict[str, Any]]:
    """The turns that asked a turn's question again, and were answered."""
    return [t for t in turns if t["answers"] == turn["id"] and t["state"] == "complete"]


async def test_a_question_is_answered_once_when_a_model_can_be_asked_again(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    turn = await degraded(masterx, provider, session)
    assert {"kind": "ask_later", "text": None} in turn["offers"]
    assert turn["later"] is None
    status, queued = await later(masterx, turn)
    assert (status, queued["later"]) == (200, {"state": "waiting", "turn_id": None})
    assert (await later(masterx, turn))[1]["later"] == queued["later"]
    await come_back(masterx)
    answer = await answered(masterx, turn)
    assert (answer["message"], answer["provider"], answer["degraded"]) == (QUESTION, "openai", False)
    assert (answer["offers"], answer["later"]) == ([], None)
    turns = await masterx.turns(session)
    assert [t["id"] for t in turns] == [answer["id"], turn["id"]]
    assert turns[1]["later"] == {"state": "answered", "turn_id": answer["id"]}
    assert (await later(masterx, turn))[1]["later"]["state"] == "answered"
    assert (await later(masterx, turn, "DELETE"))[1]["later"]["state"] == "answered"
    async with masterx.http.get(f"{masterx.url}/metrics") as metrics:
        assert 'masterx_questions_settled_total{state="answered"} 1.0' in await metrics.text()


async def test_only_what_no_model_answered_is_asked_later(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start()
    session = await masterx.session()
    _, good = await masterx.ask(session, QUESTION)
    assert (good["offers"], good["later"]) == ([], None)
    status, problem = await later(masterx, good)
    assert (status, problem["type"]) == (409, "/problems/not-asked-later")
    assert (await masterx.call("POST", "/v1/turns/nobody:ask-later"))[0] == 404
    turn = await degraded(masterx, provider, session)
    await later(masterx, turn)
    await come_back(masterx)
    answer = await answered(masterx, turn)
    assert (await later(masterx, answer))[0] == 409


async def test_a_question_to_a_model_that_was_named_is_not_asked_of_others_later(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    session = await masterx.session()
    _, models = await masterx.call("GET", "/v1/models")
    named = next(one["id"] for one in models["data"] if one["owned_by"] == "openai")
    body = {"model": named, "messages": [{"role": "user", "content": QUESTION}]}
    async with provider.refusing():
        status, _ = await masterx.call("POST", "/v1/chat/completions", body, X_Session_Id=session)
    assert status == 503
    turn = await closed(masterx, session)
    assert (turn["state"], turn["offers"]) == ("failed", [])
    status, problem = await later(masterx, turn)
    assert (status, problem["type"]) == (409, "/problems/not-asked-later")
    assert "by name" in problem["detail"]


async def test_what_is_taken_back_is_not_asked(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start()
    mine, other = await masterx.session(), await masterx.session()
    unwanted, wanted = await degraded(masterx, provider, mine), await degraded(masterx, provider, other)
    for turn in (unwanted, wanted):
        assert (await later(masterx, turn))[0] == 200
    for _ in range(2):
        status, turn = await later(masterx, unwanted, "DELETE")
        assert (status, turn["later"]) == (200, None)
    await come_back(masterx)
    await answered(masterx, wanted)
    assert [t["id"] for t in await masterx.turns(mine)] == [unwanted["id"]]


async def test_so_many_of_one_learner_wait_and_no_more(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start()
    session = await masterx.session()
    turns = [await degraded(masterx, provider, session, f"Question {n}?") for n in range(21)]
    statuses = [(await later(masterx, turn))[0] for turn in turns]
    assert statuses == [200] * 20 + [409]
    assert (await later(masterx, turns[20]))[1]["type"] == "/problems/queue-full"
    other = await degraded(masterx, provider, await masterx.session("bob"))
    assert (await later(masterx, other))[0] == 200
    await later(masterx, turns[0], "DELETE")
    assert (await later(masterx, turns[20]))[0] == 200


async def test_a_question_of_an_erased_session_is_erased_with_it(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    session = await masterx.session()
    turn = await degraded(masterx, provider, session)
    await later(masterx, turn)
    assert (await masterx.call("DELETE", f"/v1/sessions/{session}"))[0] == 204
    asked = len(provider.requests)
    kept = await degraded(masterx, provider, await masterx.session())
    await later(masterx, kept)
    await come_back(masterx)
    await answered(masterx, kept)
    assert len(provider.requests) == asked + 2


async def test_a_service_killed_while_it_asks_again_asks_once_more_and_answers_once(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    turn = await degraded(masterx, provider, session, f"{QUESTION} [[stop=1]]")
    await later(masterx, turn)
    await come_back(masterx)
    async with asyncio.timeout(30):
        while len(await masterx.turns(session)) < 2:
            await asyncio.sleep(0.02)
    await masterx.kill()
    provider.go_on()
    going = asyncio.ensure_future(let_go(provider))
    await masterx.start()
    answer = await answered(masterx, turn)
    going.cancel()
    turns = await masterx.turns(session)
    assert [t["id"] for t in answers(turns, turn)] == [answer["id"]]
    assert [t["state"] for t in turns] == ["complete", "incomplete", "complete"]


async def let_go(provider: MisbehavingProvider) -> None:
    """Lets every answer go on, whenever it stops."""
    while True:
        provider.go_on()
        await asyncio.sleep(0.05)


async def test_two_replicas_ask_once(
    start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str
) -> None:
    shared = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url}
    one, two = await start(**shared), await start(**shared)
    sessions = [await one.session(f"learner-{n}") for n in range(6)]
    turns = [await degraded(one, provider, session) for session in sessions]
    await asyncio.gather(*(later(replica, turn) for replica, turn in zip([one, two] * 3, turns, strict=True)))
    await asyncio.gather(come_back(one), come_back(two))
    for turn, session in zip(turns, sessions, strict=True):
        answer = await answered(two, turn)
        found = await one.turns(session)
        assert [t["id"] for t in found] == [answer["id"], turn["id"]]


async def test_where_nobody_steps_in_a_failed_question_may_be_asked_later_too(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, UNDEGRADED))
    session = await masterx.session()
    async with provider.refusing():
        assert (await masterx.ask(session, QUESTION))[0] == 503
    turn = await closed(masterx, session)
    assert (turn["state"], turn["offers"]) == ("failed", [{"kind": "ask_later", "text": None}])
    await later(masterx, turn)
    await come_back(masterx)
    assert (await answered(masterx, turn))["state"] == "complete"


async def test_offers_are_in_events_and_frames_and_described(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start()
    session = await masterx.session()
    async with provider.refusing():
        events = [event async for event in masterx.stream(session, "What is 1/2 + 1/3?")]
        async with chat(masterx, session) as talk:
            frames = await talk.ask("What is 1/2 + 1/4?")
    for turn in (events[-1].data, frames[-1]["turn"]):
        assert [offer["kind"] for offer in turn["offers"]] == ["hint", "ask_later"]
        assert "Which number is a multiple of both denominators" in turn["offers"][0]["text"]
        assert turn["later"] is None
    assert (await masterx.call("GET", f"/v1/turns/{turn['id']}"))[1]["offers"] == turn["offers"]
    _, document = await masterx.call("GET", "/openapi.json")
    assert {"post", "delete"} <= set(document["paths"]["/v1/turns/{turn_id}:ask-later"])
    assert {"offers", "later", "answers"} <= set(document["components"]["schemas"]["TurnOut"]["properties"])


async def test_who_may_not_speak_for_a_learner_has_nothing_asked_for_them(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/masterx.db"
    masterx = await start(MASTERX_AUTH="required", MASTERX_STORE=store)
    ada = Caller(masterx, await key(tmp_path, store, "--role", "learner", "--learner", "ada"))
    others = {
        404: ("--role", "learner", "--learner", "bob"),
        403: ("--role", "teacher"),
    }
    _, session = await ada("POST", "/v1/sessions", {"learner_id": "ada"})
    async with provider.refusing():
        _, turn = await ada("POST", f"/v1/sessions/{session['id']}/turns", {"message": QUESTION})
    path = f"/v1/turns/{turn['id']}:ask-later"
    for status, role in others.items():
        other = Caller(masterx, await key(tmp_path, store, *role))
        assert [(await other(method, path))[0] for method in ("POST", "DELETE")] == [status] * 2
    assert (await masterx.call("POST", path))[0] == 401
    assert (await ada("POST", path))[1]["later"]["state"] == "waiting"
    assert (await ada("DELETE", path))[1]["later"] is None


@pytest.mark.parametrize("when", ["before", "after"])
async def test_another_replica_takes_over_from_one_that_died_while_it_asked(
    start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str, when: str
) -> None:
    """It died before the model answered, or after: in the first case it is asked again, in the second it was heard."""
    shared = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url}
    one = await start(**shared)
    session = await one.session()
    turn = await degraded(one, provider, session, f"{QUESTION} [[stop=1]]" if when == "before" else QUESTION)
    await later(one, turn)
    await come_back(one)
    async with asyncio.timeout(30):
        while len(turns := await one.turns(session)) < 2 or (when == "after" and turns[0]["state"] == "open"):
            await asyncio.sleep(0.01)
    await one.kill()
    two = await start(**shared)
    going = asyncio.ensure_future(let_go(provider))
    answer = await answered(two, turn)
    going.cancel()
    assert [t["id"] for t in answers(await two.turns(session), turn)] == [answer["id"]]
