"""Providers that fail, over the real service: who is asked, what an operator sees, and how it comes back."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import UNDEGRADED, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS
from tests.e2e.service import cli
from tests.e2e.two import Two, catalogue


@pytest.fixture
async def second() -> AsyncIterator[MisbehavingProvider]:
    async with MisbehavingProvider() as running:
        yield running


@pytest.fixture
async def two(start: AsyncStart, provider: MisbehavingProvider, second: MisbehavingProvider, tmp_path: Path) -> Two:
    return Two(await start(MASTERX_PROVIDERS=catalogue(tmp_path, provider, second)), provider, second)


async def test_a_provider_that_keeps_failing_is_left_alone_seen_and_reset(two: Two) -> None:
    two.first.script(fault="503")
    turns = [await two.ask() for _ in range(14)]
    assert {turn["provider"] for turn in turns} == {"second"}
    assert [len(turn["attempts"]) for turn in turns] == [2] * 10 + [1] * 4
    assert turns[0]["attempts"][0]["cost_usd"] is None
    assert turns[0]["attempts"][1]["cost_usd"] == turns[0]["usage"]["cost_usd"] > 0
    model = (await two.models())["first"]
    assert (model["breaker"]["state"], model["breaker"]["shared"]) == ("open", False)
    assert 10 < model["breaker"]["closed_to_calls_for_s"] <= 17
    assert model["rank"]["general"]["place"] == 1
    assert 'masterx_breaker_state{model="first-1",provider="first",state="open"} 1.0' in await two.metrics()
    two.first.reset()
    status, body = await two.masterx.call("POST", "/v1/providers/first:reset")
    assert (status, body["data"][0]["breaker"]["state"]) == (200, "closed")
    assert (await two.ask())["provider"] == "first"
    assert (await two.masterx.call("POST", "/v1/providers/nobody:reset"))[0] == 404


async def test_turns_that_wait_for_a_provider_that_froze_fall_over_together_before_their_time(
    start: AsyncStart, provider: MisbehavingProvider, second: MisbehavingProvider, tmp_path: Path
) -> None:
    patient = catalogue(tmp_path, provider, second, first_token=120, total=120)
    two = Two(await start(MASTERX_PROVIDERS=patient), provider, second)
    for _ in range(12):  # so many good ones that the breaker does not open, too
        assert (await two.ask())["provider"] == "first"
    two.first.script(fault="hang")
    sessions = [await two.masterx.session(f"learner-{n}") for n in range(8)]
    async with asyncio.timeout(60):  # half of what a model may take to its first token
        turns = await asyncio.gather(*map(two.ask, sessions))
    assert {turn["provider"] for turn in turns} == {"second"}
    assert (await two.models())["first"]["silent"] is True
    # Now and then one of them asks whether it is back.
    assert 1 in [len((await two.ask())["attempts"]) for _ in range(3)]
    two.first.reset()
    async with asyncio.timeout(30):
        while (await two.ask())["provider"] != "first":
            await asyncio.sleep(0.05)
    assert (await two.models())["first"]["silent"] is False


async def test_a_turn_in_one_piece_falls_over_from_a_provider_that_hangs(two: Two) -> None:
    two.first.script(fault="hang")
    status, turn = await two.masterx.call(
        "POST", f"/v1/sessions/{await two.masterx.session()}/turns", {"message": "Tell me more", "task": "general"}
    )
    assert (status, turn["provider"], turn["degraded"]) == (200, "second", False)


async def test_a_refused_key_is_not_tried_by_any_model_that_uses_it(two: Two) -> None:
    two.first.script(fault="401")
    # Both models of this catalogue are asked with the same key.
    turns = [await two.ask() for _ in range(3)]
    assert [(turn["provider"], turn["degraded"]) for turn in turns] == [("offline", True)] * 3
    assert (len(two.first.requests), len(two.second.requests)) == (1, 0)


async def test_what_one_replica_learns_the_others_know(
    start: AsyncStart,
    provider: MisbehavingProvider,
    second: MisbehavingProvider,
    mongo_url: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    settings = {
        "MASTERX_STORE": mongo_url,
        "MASTERX_CACHE": redis_url,
        "MASTERX_PROVIDERS": catalogue(tmp_path, provider, second),
    }
    here = Two(await start(**settings), provider, second)
    there = Two(await start(**settings), provider, second)
    assert (await there.ask())["provider"] == "first"
    provider.script(fault="503")
    for _ in range(12):
        await here.ask()
    async with asyncio.timeout(30):
        while (await there.models())["first"]["breaker"]["state"] != "open":
            await asyncio.sleep(0.02)
    asked = len(provider.requests)
    turn = await there.ask()
    assert (turn["provider"], len(turn["attempts"]), len(provider.requests)) == ("second", 1, asked)
    assert (await there.models())["first"]["breaker"]["shared"] is True


async def test_when_nobody_answers_the_learner_is_told_when_the_provider_expects_to(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, UNDEGRADED))
    for asked, told in (("17", "17"), ("31536000", "3600"), ("0", "5"), ("soon", "5")):
        provider.script(fault="429", retry=asked)
        session = await masterx.session()
        path = f"{masterx.url}/v1/sessions/{session}/turns"
        async with masterx.http.post(path, json={"message": "Hi"}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, told), asked


async def test_only_operators_see_and_reset_providers(start: AsyncStart, tmp_path: Path) -> None:
    store = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    masterx = await start(MASTERX_AUTH="required", **store)
    for role, expected in (("service", 403), ("operator", 200)):
        _, key, _ = await cli(tmp_path, store, "keys", "create", "--role", role)
        header = {"Authorization": f"Bearer {key.strip()}"}
        assert (await masterx.call("GET", "/v1/providers", **header))[0] == expected
        assert (await masterx.call("POST", "/v1/providers/openai:reset", **header))[0] == expected
    assert (await masterx.call("GET", "/v1/providers"))[0] == 401


MARK = "(another model goes on)"


async def test_an_answer_that_breaks_off_is_gone_on_with_by_another_model_where_the_policy_says_so(
    start: AsyncStart, provider: MisbehavingProvider, second: MisbehavingProvider, tmp_path: Path
) -> None:
    settings = {
        "MASTERX_PROVIDERS": catalogue(tmp_path, provider, second),
        "MASTERX_POLICY": changed(tmp_path, ('continued = ""', f'continued = " {MARK} "')),
    }
    two = Two(await start(**settings), provider, second)
    provider.script(fault="reset", after=3)
    turn = await two.ask()
    before, after = turn["reply"].split(f" {MARK} ")
    assert (before, turn["state"], turn["continued"]) == ("".join(TEXTS[:3]), "complete", True)
    assert after == "".join(TEXTS)
    assert turn["provider"] == "second"
    assert [(a["provider"], a["outcome"]) for a in turn["attempts"]] == [("first", "broken"), ("second", "ok")]
    assert second.requests[-1].body["messages"][-2] == {"role": "assistant", "content": before}
    second.script(fault="reset", after=2)
    session = await two.masterx.session()
    assert [event async for event in two.masterx.stream(session, "Tell me more")][-1].name == "error"
    turn = (await two.masterx.turns(session))[0]
    assert (turn["state"], turn["continued"]) == ("incomplete", True)


async def test_an_answer_that_breaks_off_ends_there_by_default(two: Two) -> None:
    two.first.script(fault="reset", after=3)
    session = await two.masterx.session()
    told = [event async for event in two.masterx.stream(session, "Tell me more")]
    assert told[-1].name == "error"
    turn = (await two.masterx.turns(session))[0]
    assert (turn["reply"], turn["state"], turn["continued"]) == ("".join(TEXTS[:3]), "incomplete", False)
    assert two.second.requests == deque()


async def test_an_answer_that_a_content_policy_ends_is_guarded(two: Two) -> None:
    two.first.script(fault="filter")
    session = await two.masterx.session()
    status, answer = await two.masterx.call(
        "POST", f"/v1/sessions/{session}/turns", {"message": "Tell me more", "task": "general"}
    )
    assert (status, answer["state"], answer["finish_reason"]) == (200, "guarded", "content_filter")
    assert 'masterx_turns_total{provider="first",state="guarded"' in await two.metrics()


async def test_a_model_that_is_slower_than_it_usually_is_gets_a_second_one_beside_it(
    start: AsyncStart, provider: MisbehavingProvider, second: MisbehavingProvider, tmp_path: Path
) -> None:
    settings = {
        "MASTERX_PROVIDERS": catalogue(tmp_path, provider, second),
        "MASTERX_POLICY": changed(
            tmp_path, ("share = 0.0", "share = 0.05"), ('tasks = ["quick_answer"]', 'tasks = ["general"]')
        ),
    }
    two = Two(await start(**settings), provider, second)
    session = await two.masterx.session()
    for _ in range(20):
        assert (await two.ask(session))["provider"] == "first"
    provider.script(stop=0)
    turn = await two.ask(session)
    provider.go_on()
    assert [(a["provider"], a["outcome"]) for a in turn["attempts"]] == [("first", "outrun"), ("second", "ok")]
    assert turn["provider"] == "second"
    async with asyncio.timeout(30):
        await provider.requests[-1].ended.wait()
    assert provider.requests[-1].abandoned
    assert (await two.models())["first"]["breaker"]["window"]["failed"] == 0
