"""Traces: what a collector is told of real turns, and that it can delay nobody."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from app.trail import own_trace, span_id
from tests.e2e.collector import Collector, attributes
from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.test_metrics import counted, families, scraped
from tests.e2e.two import Two, catalogue

SECRET = "My dog is called Bellerophon"
LEARNER = "learner-theaetetus"
CALLER, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with Collector() as running:
        yield running


@pytest.fixture
async def second() -> AsyncIterator[MisbehavingProvider]:
    async with MisbehavingProvider() as running:
        yield running


async def test_a_turn_is_one_span_with_its_context_its_calls_and_its_waits_inside(
    start: AsyncStart,
    collector: Collector,
    provider: MisbehavingProvider,
    second: MisbehavingProvider,
    tmp_path: Path,
) -> None:
    provider.script(fault="503")
    settings = {"MASTERX_PROVIDERS": catalogue(tmp_path, provider, second), "MASTERX_OTLP": collector.url}
    two = Two(await start(**settings), provider, second)
    session = await two.masterx.session(LEARNER)
    body = {"message": SECRET, "task": "general"}
    path, parent = f"/v1/sessions/{session}/turns", {"traceparent": f"00-{CALLER}-{SPAN}-01"}
    _, kept = await two.masterx.call("POST", path, body, **parent)
    await collector.until(turns=1)
    [turn] = collector.turns()
    inside = collector.of(turn)
    assert (turn.trace_id.hex(), turn.parent_span_id.hex()) == (CALLER, SPAN)
    assert {span.trace_id.hex() for span in collector.spans} == {CALLER}
    assert set(inside) == {"context", "open", "chat first-1", "chat second-1", "close"}
    assert all(turn.start_time_unix_nano <= one.start_time_unix_nano for one in inside.values())
    assert all(one.start_time_unix_nano <= one.end_time_unix_nano <= turn.end_time_unix_nano for one in inside.values())
    failed, answered = attributes(inside["chat first-1"]), attributes(inside["chat second-1"])
    assert (failed["error.type"], inside["chat first-1"].status.code) == ("down", Status.STATUS_CODE_ERROR)
    assert (answered["gen_ai.operation.name"], answered["gen_ai.provider.name"]) == ("chat", "second")
    assert answered["gen_ai.usage.output_tokens"] == kept["usage"]["output_tokens"]
    assert "error.type" not in answered
    told = attributes(turn)
    assert (told["masterx.turn.id"], told["gen_ai.conversation.id"]) == (kept["id"], session)
    assert told["masterx.state"] == "complete"
    context = attributes(inside["context"])
    sent = sum(value for key, value in context.items() if key.startswith("masterx.layer.") and key.endswith(".tokens"))
    assert 0 < sent <= context["masterx.context.tokens"] <= context["masterx.context.budget"]
    [*decisions] = (attributes(event) for event in turn.events if event.name == "decision")
    assert decisions
    assert all(0 < one["masterx.propensity"] <= 1 and one["masterx.arms"] >= 1 for one in decisions)
    assert collector.service["service.name"] == "masterx"
    for body_sent in collector.bodies:
        for secret in (SECRET, "Bellerophon", LEARNER, kept["reply"], two.masterx.environment["OPENAI_API_KEY"]):
            assert secret.encode() not in body_sent
    # Nobody else is told of the trace, unless the policy says so.
    assert not any("traceparent" in seen.headers for seen in (*provider.requests, *second.requests))


async def test_a_turn_without_a_caller_is_a_trace_of_its_own_and_one_that_is_not_recorded_is_none(
    start: AsyncStart, collector: Collector, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    policy = changed(tmp_path, ("traced = false", "traced = true"))
    masterx = await start(MASTERX_OTLP=collector.url, MASTERX_POLICY=policy)
    session = await masterx.session()
    unrecorded = {"traceparent": f"00-{CALLER}-{SPAN}-00", "X-Request-Id": "asked-1"}
    status, _ = await masterx.call("POST", f"/v1/sessions/{session}/turns", {"message": "What?"}, **unrecorded)
    assert status == 200
    _, kept = await masterx.ask(session, "Why?")
    await collector.until(turns=1)
    [turn] = collector.turns()
    assert turn.trace_id.hex() == own_trace(kept["id"])
    assert turn.parent_span_id == b""
    # The policy of this test lets providers know.
    parents = [seen.headers["traceparent"] for seen in provider.requests]
    assert parents[0].startswith(f"00-{CALLER}-")
    assert parents[0].endswith("-00")
    assert parents[-1] == f"00-{own_trace(kept['id'])}-{span_id(kept['id'])}-01"


async def test_a_collector_that_hangs_or_refuses_delays_no_turn_and_is_told_later(
    start: AsyncStart, collector: Collector
) -> None:
    collector.status = None
    masterx = await start(MASTERX_OTLP=collector.url)
    session = await masterx.session()
    assert (await masterx.ask(session, "One"))[0] == 200
    await collector.until(asked=1)  # and gets no answer
    for _ in range(5):
        assert (await masterx.ask(session, "More"))[0] == 200
    assert collector.turns() == []
    collector.status = 503
    await collector.until(asked=2)
    collector.status = 200
    await collector.until(turns=6)
    assert len({turn.span_id for turn in collector.turns()}) == 6
    told = families(await scraped(masterx))["masterx_traces"]
    assert counted(told, "masterx_traces_total", result="dropped") == 0


async def test_log_lines_carry_the_ids_of_what_they_are_about(start: AsyncStart, tmp_path: Path) -> None:
    masterx = await start()
    session = await masterx.session()
    asked = {"X-Request-Id": "asked-1", "traceparent": f"00-{CALLER}-{SPAN}-01"}
    message = {"message": "I want to kill myself"}
    _, turn = await masterx.call("POST", f"/v1/sessions/{session}/turns", message, **asked)
    await masterx.logged("may be in danger")
    lines = [json.loads(line) for line in masterx.log().splitlines() if line.startswith("{")]
    [line] = [one for one in lines if "may be in danger" in one["message"]]
    assert turn["id"] in line["message"]
    assert (line["request_id"], line["trace_id"]) == ("asked-1", CALLER)
