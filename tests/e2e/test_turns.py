"""A learner's message through the real server, over every provider and both ways to run."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import WITHOUT_LOTS, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS
from tests.e2e.service import PATIENCE, closed, events

ANSWER = "".join(TEXTS)


async def test_without_a_key_the_offline_tutor_answers_and_says_so(start: AsyncStart) -> None:
    masterx = await start(OPENAI_API_KEY="")
    session = await masterx.session()
    status, turn = await masterx.ask(session, "How do I solve 3x + 5 = 20?")
    assert status == 200
    assert turn["provider"] == "offline"
    assert turn["state"] == "complete"
    assert "?" in turn["reply"]
    assert turn["usage"]["cost_usd"] == 0.0


async def test_a_turn_comes_back_whole_and_is_kept(start: AsyncStart, production: dict[str, str]) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    status, turn = await masterx.ask(session, "Which is bigger, ½ or ¼?")
    assert status == 200
    assert turn["reply"] == ANSWER
    assert (turn["seq"], turn["finish_reason"], turn["degraded"]) == (1, "stop", False)
    assert turn["attempts"] == [{**turn["attempts"][0], "provider": "openai", "outcome": "ok"}]
    assert turn["timing"]["total_ms"] >= turn["timing"]["overhead_ms"] >= 0
    assert await masterx.turns(session) == [turn]
    assert (await masterx.call("GET", f"/v1/turns/{turn['id']}"))[1] == turn


async def test_a_stream_tells_the_same_turn_in_order(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    stream = masterx.stream(session, "Which is bigger? [[stop=3]]")
    told = [await anext(stream), await anext(stream)]
    assert told[-1].data == {"text": TEXTS[0]}  # the others are yet to be said
    provider.go_on()
    told += [event async for event in stream]
    assert [event.id for event in told] == list(range(1, len(told) + 1))
    assert told[0].name == "turn.started"
    assert told[0].data["provider"] == "openai"
    assert "".join(event.data["text"] for event in told if event.name == "delta") == ANSWER
    assert told[-1].name == "turn.completed"
    assert told[-1].data == (await masterx.turns(session))[0]


async def test_the_next_turn_remembers_the_last(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start()
    session = await masterx.session()
    await masterx.ask(session, "What is a fraction?")
    await masterx.ask(session, "And a decimal?")
    sent = provider.requests[-1].body["messages"]
    assert [m["role"] for m in sent] == ["system", "user", "assistant", "user"]
    assert (sent[1]["content"], sent[2]["content"]) == ("What is a fraction?", ANSWER)


async def test_memory_and_preferences_reach_the_prompt(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start()
    await masterx.call("POST", "/v1/sessions", {"learner_id": "ada", "subject": "fractions"})
    session = await masterx.session("ada")
    await masterx.ask(session, "Hello")
    assert (await masterx.call("PUT", "/v1/learners/ada", {"interests": ["football"]}))[0] == 200
    await masterx.ask(session, "Hello again")
    assert "football" not in provider.requests[-2].body["messages"][0]["content"]
    system = provider.requests[-1].body["messages"][0]["content"]
    assert "- Interests: football" in system
    assert "fractions" in system


@pytest.mark.parametrize("dialect", ["openai", "groq", "gemini"])
@pytest.mark.parametrize("stream", [False, True])
async def test_every_provider_can_be_pointed_elsewhere(
    start: AsyncStart, provider: MisbehavingProvider, dialect: str, stream: bool
) -> None:
    name = dialect.upper()
    masterx = await start(**{"OPENAI_API_KEY": "", f"{name}_API_KEY": "k", f"{name}_BASE_URL": provider.url(dialect)})
    session = await masterx.session()
    if stream:
        turn = [event async for event in masterx.stream(session, "Hi [[gap=1]]")][-1].data
    else:
        _, turn = await masterx.ask(session, "Hi")
    assert turn["provider"] == dialect
    assert turn["reply"] == ANSWER
    assert turn["usage"]["input_tokens"] > turn["usage"]["cached_tokens"] >= 0
    assert turn["usage"]["cost_usd"] > 0


async def test_a_provider_that_fails_before_its_first_word_is_not_noticed(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start(GROQ_API_KEY="k", GROQ_BASE_URL=provider.url("groq"))
    provider.script("groq", fault="500")
    session = await masterx.session()
    told = [event async for event in masterx.stream(session, "Hi")]
    assert told[0].data["provider"] == told[-1].data["provider"] == "openai"
    assert {a["outcome"] for a in told[-1].data["attempts"] if a["provider"] == "groq"} <= {"down"}
    assert told[-1].data["degraded"] is False


async def test_when_every_provider_is_out_the_offline_tutor_teaches_on(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    session = await masterx.session()
    async with provider.refusing():
        status, turn = await masterx.ask(session, "Why is the sky blue?")
    assert status == 200
    assert (turn["provider"], turn["degraded"]) == ("offline", True)


async def test_a_stream_that_breaks_off_is_told_as_what_it_is_and_kept(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[fault=cut after=4 stop=5]]")
    told = [await anext(stream), await anext(stream)]
    provider.go_on()
    told += [event async for event in stream]
    assert told[-1].name == "error"
    assert told[-1].data["type"] == "/problems/answer-broke-off"
    said = "".join(event.data["text"] for event in told if event.name == "delta")
    kept = (await masterx.turns(session))[0]
    assert (kept["state"], kept["reply"], kept["finish_reason"]) == ("incomplete", said, None)


async def test_a_client_that_leaves_loses_nothing(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[stop=3]]")
    async for event in stream:
        if event.name == "delta":
            break
    await stream.aclose()  # type: ignore[attr-defined]
    provider.go_on()
    kept = await closed(masterx, session)
    assert (kept["state"], kept["reply"]) == ("complete", ANSWER)


async def test_cancel_stops_the_provider_and_keeps_what_was_said(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start()
    session = await masterx.session()
    told, turn = [], None
    async for event in masterx.stream(session, "Hi [[stop=3]]"):
        told.append(event)
        if event.name == "delta" and turn is None:
            _, turn = await masterx.call("POST", f"/v1/turns/{told[0].data['id']}:cancel")
    assert turn is not None
    assert turn["state"] == "cancelled"
    assert told[-1].name == "turn.completed"
    assert told[-1].data == turn == (await masterx.turns(session))[0]
    assert turn["reply"] == "".join(event.data["text"] for event in told if event.name == "delta")
    await asyncio.wait_for(provider.requests[-1].ended.wait(), PATIENCE)
    assert provider.requests[-1].abandoned
    again = await masterx.call("POST", f"/v1/turns/{turn['id']}:cancel")
    assert again == (200, turn)


async def test_a_second_message_while_one_runs_is_refused(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    first = masterx.stream(session, "Hi [[stop=3]]")
    assert (await anext(first)).name == "turn.started"
    status, problem = await masterx.ask(session, "And now?")
    assert (status, problem["type"]) == (409, "/problems/session-busy")
    provider.go_on()
    assert [event.name async for event in first][-1] == "turn.completed"
    assert (await masterx.ask(session, "And now?"))[0] == 200


async def test_fifty_at_once_in_one_session_leave_one_record_each(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    answers = await asyncio.gather(*(masterx.ask(session, f"Question {n} [[lat=30]]") for n in range(50)))
    statuses = [status for status, _ in answers]
    assert set(statuses) <= {200, 409}
    kept = await masterx.turns(session)
    assert sorted(t["seq"] for t in kept) == list(range(1, statuses.count(200) + 1))


async def test_a_retry_with_an_idempotency_key_returns_the_first_answer(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    at_once = await asyncio.gather(*(masterx.ask(session, "Hi [[lat=50]]", Idempotency_Key="k1") for _ in range(5)))
    later = await masterx.ask(session, "Hi [[lat=50]]", Idempotency_Key="k1")
    assert all(answer == later for answer in at_once)
    assert len(provider.requests) == len(await masterx.turns(session)) == 1
    status, problem = await masterx.ask(session, "Something else", Idempotency_Key="k1")
    assert (status, problem["type"]) == (409, "/problems/idempotency-key-reused")


async def test_a_key_works_across_a_restart_and_as_a_stream(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    first = [event async for event in masterx.stream(session, "Hi", **{"Idempotency-Key": "k"})]
    await masterx.kill()
    await masterx.start()
    again = [event async for event in masterx.stream(session, "Hi", **{"Idempotency-Key": "k"})]
    assert again[-1].data == first[-1].data
    assert "".join(event.data["text"] for event in again if event.name == "delta") == ANSWER


async def test_a_broken_stream_is_taken_up_where_it_broke(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start()
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[n=40 gap=5 stop=20]]")
    heard = [await anext(stream) for _ in range(2)]
    await stream.aclose()  # type: ignore[attr-defined]
    path = f"{masterx.url}/v1/turns/{heard[0].data['id']}/stream"
    async with masterx.http.get(path, headers={"Last-Event-ID": "2"}) as answer:
        provider.go_on()
        heard += [event async for event in events(answer)]
    assert [event.id for event in heard] == list(range(1, len(heard) + 1))
    assert heard[-1].name == "turn.completed"
    assert "".join(e.data["text"] for e in heard if e.name == "delta") == heard[-1].data["reply"]


async def test_a_stream_can_be_taken_up_at_every_event_after_it_ended(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    told = [event async for event in masterx.stream(session, "Hi [[gap=3]]")]
    path = f"{masterx.url}/v1/turns/{told[0].data['id']}/stream"
    for after in range(len(told)):
        async with masterx.http.get(path, headers={"Last-Event-ID": str(after)}) as answer:
            assert [event async for event in events(answer)] == told[after:]
    async with masterx.http.get(path, headers={"Last-Event-ID": "999"}) as answer:
        assert answer.status == 409


async def test_a_stream_is_taken_up_on_another_replica(
    start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str
) -> None:
    here = await start(MASTERX_STORE=mongo_url, MASTERX_CACHE=redis_url)
    there = await start(MASTERX_STORE=mongo_url, MASTERX_CACHE=redis_url)
    session = await here.session()
    stream = here.stream(session, "Hi [[n=40 gap=5 stop=20]]")
    heard = [await anext(stream) for _ in range(2)]
    await stream.aclose()  # type: ignore[attr-defined]
    path = f"{there.url}/v1/turns/{heard[0].data['id']}/stream"
    async with there.http.get(path, headers={"Last-Event-ID": "2"}) as answer:
        provider.go_on()
        heard += [event async for event in events(answer)]
    assert [event.id for event in heard] == list(range(1, len(heard) + 1))
    assert heard[-1].name == "turn.completed"
    assert "".join(e.data["text"] for e in heard if e.name == "delta") == heard[-1].data["reply"]
    assert (await there.ask(session, "And on the other one?"))[0] == 200


async def test_the_receipt_tells_what_was_sent_and_what_was_cut(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, WITHOUT_LOTS))
    session = await masterx.session()
    _, turn = await masterx.ask(session, "Hi")
    status, receipt = await masterx.call("GET", f"/v1/turns/{turn['id']}/context")
    assert status == 200
    outcomes = {layer["name"]: layer["outcome"] for layer in receipt["layers"]}
    assert [name for name, outcome in outcomes.items() if outcome == "kept"] == ["instructions", "strategy", "message"]
    assert {"profile", "facts", "memory", "history", "retrieved"} < {n for n, o in outcomes.items() if o == "empty"}
    assert receipt["tokens"] <= receipt["budget"]
    body = {"session_id": session, "message": "And now?"}
    status, preview = await masterx.call("POST", "/v1/context", body)
    assert status == 200
    await masterx.ask(session, "And now?")
    assert provider.requests[-1].body["messages"] == preview["messages"]
    assert preview["full_tokens"] >= preview["tokens"]
    assert len(await masterx.turns(session)) == 2


async def test_feedback_is_kept(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    _, turn = await masterx.ask(session, "Hi")
    path = f"/v1/turns/{turn['id']}/feedback"
    status, kept = await masterx.call("POST", path, {"rating": 5, "comment": "Danke 😀"})
    assert (status, kept["rating"], kept["comment"]) == (201, 5, "Danke 😀")
    status, problem = await masterx.call("POST", path, {})
    assert (status, problem["type"]) == (422, "/problems/invalid")
    changing = [(await masterx.call("POST", path, {"rating": 1}))[0] for _ in range(20)]
    assert changing == [*[201] * 19, 409]


async def test_sessions_are_listed_changed_and_erased(start: AsyncStart, production: dict[str, str]) -> None:
    masterx = await start(**production)
    made = [await masterx.session("ada") for _ in range(5)]
    await masterx.session("bob")
    _, first = await masterx.call("GET", "/v1/sessions?learner_id=ada&limit=3")
    _, second = await masterx.call("GET", f"/v1/sessions?learner_id=ada&limit=3&cursor={first['next_cursor']}")
    assert [s["id"] for s in first["data"] + second["data"]] == made[::-1]
    assert second["next_cursor"] is None
    _, changed = await masterx.call("PATCH", f"/v1/sessions/{made[0]}", {"title": "Fractions"})
    assert changed["title"] == "Fractions"
    await masterx.ask(made[0], "Hi")
    assert (await masterx.call("DELETE", f"/v1/sessions/{made[0]}"))[0] == 204
    assert (await masterx.call("GET", f"/v1/sessions/{made[0]}"))[0] == 404
    assert (await masterx.ask(made[0], "Hi"))[0] == 404


async def test_every_answer_carries_its_id_and_timing(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    url = f"{masterx.url}/v1/sessions/{session}/turns"
    async with masterx.http.post(url, json={"message": "Hi"}, headers={"X-Request-Id": "abc-1"}) as answer:
        assert answer.headers["X-Request-Id"] == "abc-1"
        assert "overhead;dur=" in answer.headers["Server-Timing"]
    async with masterx.http.get(masterx.url + "/nowhere", headers={"X-Request-Id": "bad id\t!"}) as answer:
        problem = json.loads(await answer.text())
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        assert problem["request_id"] == answer.headers["X-Request-Id"] != "bad id\t!"


async def test_health_metrics_and_the_openapi_document_answer(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    await masterx.ask(session, "Hi")
    assert (await masterx.call("GET", "/health/live"))[0] == 200
    assert (await masterx.call("GET", "/health/ready"))[0] == 200
    _, health = await masterx.call("GET", "/health")
    assert (health["status"], health["parts"]["store"]["status"]) == ("ok", "ok")
    _, document = await masterx.call("GET", "/openapi.json")
    assert "TurnOut" in document["components"]["schemas"]
    assert "example" in json.dumps(document["paths"]["/v1/sessions/{session_id}/turns"]["post"])
    async with masterx.http.get(masterx.url + "/metrics") as answer:
        text = await answer.text()
    assert 'masterx_turns_total{provider="openai",state="complete",task=' in text
    assert "gen_ai_client_operation_duration_seconds_bucket" in text
    assert session not in text


async def test_three_hundred_turns_stay_inside_the_budget(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, WITHOUT_LOTS))
    session = await masterx.session()
    for n in range(300):
        status, turn = await masterx.ask(session, f"Question number {n}: why is that so?")
        assert status == 200
    assert turn["seq"] == 300
    _, receipt = await masterx.call("GET", f"/v1/turns/{turn['id']}/context")
    assert receipt["tokens"] <= receipt["budget"] < receipt["full_tokens"]
    history = next(layer for layer in receipt["layers"] if layer["name"] == "history")
    assert (history["outcome"], history["full_items"]) == ("cut", 299)
    await masterx.kill()
    await masterx.start()
    _, turn = await masterx.ask(session, "And after a restart?")
    _, receipt = await masterx.call("GET", f"/v1/turns/{turn['id']}/context")
    assert receipt["tokens"] <= receipt["budget"] < receipt["full_tokens"]
    after = next(layer for layer in receipt["layers"] if layer["name"] == "history")
    # Of the history only: what is found for a message may not be there in time right after a start.
    assert (after["outcome"], after["full_items"]) == ("cut", 300)
    assert after["full_tokens"] > history["full_tokens"]
