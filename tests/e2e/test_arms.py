"""Choices over the real service: what is told of turns decides who is asked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.policy import load
from app.settings import CONFIG
from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx
from tests.e2e.two import catalogue

_PROFILES = ('profiles = ["standard", "recent", "grounded"]', 'profiles = ["standard"]')


@pytest.fixture
async def second() -> AsyncIterator[MisbehavingProvider]:
    async with MisbehavingProvider() as running:
        yield running


async def planned(masterx: Masterx, learner: str = "ada") -> Any:
    """A turn of a task in which nothing but the model is chosen."""
    session = await masterx.session(learner)
    body = {"message": "Help me to plan my week", "task": "planning"}
    status, turn = await masterx.call("POST", f"/v1/sessions/{session}/turns", body)
    assert status == 200, turn
    return turn


async def rewarded(masterx: Masterx, turn: dict[str, Any], **body: Any) -> int:
    return (await masterx.call("POST", f"/v1/turns/{turn['id']}/rewards", body))[0]


async def arms(masterx: Masterx, choice: str = "model") -> Any:
    status, body = await masterx.call("GET", f"/v1/arms?choice={choice}")
    assert status == 200, body
    return body


async def test_what_front_ends_tell_decides_who_is_asked_on_every_replica(
    start: AsyncStart,
    provider: MisbehavingProvider,
    second: MisbehavingProvider,
    tmp_path: Path,
    mongo_url: str,
    redis_url: str,
) -> None:
    settings = {
        "MASTERX_STORE": mongo_url,
        "MASTERX_CACHE": redis_url,
        "MASTERX_PROVIDERS": catalogue(tmp_path, provider, second),
        "MASTERX_POLICY": changed(tmp_path, _PROFILES),
    }
    masterx, replica = await start(**settings), await start(**settings)
    turns = [await planned(masterx, f"learner {n}") for n in range(24)]
    [decision] = turns[0]["decisions"]
    assert decision["context"] == "planning/unknown/unknown/unknown"
    assert {arm: decision[arm] for arm in ("choice", "how", "reason")} == {
        "choice": "model",
        "how": "fixed",
        "reason": "0 of 20 rewards are there",
    }
    assert decision["arm"] == f"{turns[0]['provider']}/{turns[0]['model']}"

    # The model that the catalogue prefers helps nobody.
    asked = {turn["provider"] for turn in turns}
    poor = turns[0]["provider"]
    for turn in turns:
        assert await rewarded(masterx, turn, source="independent", value=float(turn["provider"] != poor)) == 201
    assert await rewarded(masterx, turns[0], source="independent", value=1) == 409
    async with asyncio.timeout(PATIENCE):
        while (turn := await planned(masterx, "bob"))["provider"] in asked:
            assert await rewarded(masterx, turn, source="independent", value=0) == 201
    assert turn["decisions"][0]["how"] == "learned"
    assert 0 < turn["decisions"][0]["propensity"] <= 1
    shown = await arms(masterx)
    known = {one["arm"]: one for one in shown["data"]}
    assert known[f"{poor}/{poor}-1"]["gain"] < 0
    assert known[f"{poor}/{poor}-1"]["evidence"] >= 20
    _, listed = await masterx.call("GET", "/v1/providers")
    mine = {one["provider"]: one["arms"] for one in listed["data"]}
    assert mine[poor]["planning"]["evidence"] == known[f"{poor}/{poor}-1"]["evidence"]

    # The other replica hears of all of it.
    async with asyncio.timeout(PATIENCE):
        while (await arms(replica))["told"] != (await arms(masterx))["told"]:
            await asyncio.sleep(0.05)
    assert (await planned(replica, "carol"))["decisions"][0]["how"] == "learned"

    # Harm suspends it at once, and is told.
    hurt = next(turn for turn in turns if turn["provider"] == poor)
    other = next(name for name in ("first", "second") if name != poor)
    good = await planned(masterx, "eve")
    while good["provider"] != other:
        good = await planned(masterx, "eve")
    assert await rewarded(masterx, good, source="harm", note="gave the solution away") == 201
    assert await rewarded(masterx, hurt, source="harm", value=1) == 422
    async with asyncio.timeout(PATIENCE):
        while not (made := (await arms(masterx))["interventions"]):
            await asyncio.sleep(0.05)
    assert (made[-1]["what"], made[-1]["arm"]) == ("harm", f"{other}/{other}-1")


async def test_a_model_earns_nothing_where_another_answered_and_unknown_turns_are_refused(
    start: AsyncStart, provider: MisbehavingProvider, second: MisbehavingProvider, tmp_path: Path
) -> None:
    settings = {
        "MASTERX_PROVIDERS": catalogue(tmp_path, provider, second),
        "MASTERX_POLICY": changed(tmp_path, _PROFILES),
    }
    masterx = await start(**settings)
    first = (await planned(masterx))["provider"]
    failing = provider if first == "first" else second
    failing.script(fault="503")
    turn = await planned(masterx)
    assert turn["provider"] != first
    status, problem = await masterx.call("POST", f"/v1/turns/{turn['id']}/rewards", {"source": "review", "value": 1})
    assert (status, "was not made by what was chosen" in problem["detail"]) == (409, True)
    assert await rewarded(masterx, {"id": "nobody's"}, source="review", value=1) == 404
    status, problem = await masterx.call("POST", f"/v1/turns/{turn['id']}/rewards", {"source": "review"})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["value"])
    assert await rewarded(masterx, turn, source="latency", value=1) == 422
    status, said = await masterx.call("POST", f"/v1/turns/{turn['id']}/feedback", {"rating": 5})
    assert (status, said["rating"]) == (201, 5)
    assert (await arms(masterx))["told"] == {"model": 0, "strategy": 0, "variant": 0, "profile": 0}
    assert (await masterx.call("GET", "/v1/arms?choice=hat"))[0] == 422


async def test_the_model_is_told_the_variant_that_was_chosen_after_the_strategy(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx, hints = await start(), load(CONFIG / "policy.toml").strategies["hints"]
    halves = [{"arm": f"hints/{name}", "share": 0.5} for name in ("standard", "ask_first")]
    trial = {"name": "ask first", "choice": "variant", "arms": halves, "control": "hints/standard"}
    mixed = [halves[0], {"arm": "guided/shorter", "share": 0.5}]
    assert (await masterx.call("POST", "/v1/experiments", {**trial, "arms": mixed}))[0] == 422
    status, began = await masterx.call("POST", "/v1/experiments", trial)
    assert status == 201, began
    seen, learners = dict[str, Any](), (f"learner {n}" for n in range(50))
    while len(seen) < 2:
        _, turn = await masterx.ask(await masterx.session(next(learners)), "Give me exercise 3 on fractions")
        [made] = [one for one in turn["decisions"] if one["choice"] == "variant"]
        assert (turn["strategy"], made["how"], made["experiment"]) == ("hints", "experiment", began["id"])
        assert made["arms"] == ["hints/standard", "hints/ask_first", "hints/with_reason"]
        asked = provider.requests[-1].body["messages"][-1]["content"]
        assert hints.text in asked
        assert (hints.variants["ask_first"] in asked) is (made["arm"] == "hints/ask_first")
        _, context = await masterx.call("GET", f"/v1/turns/{turn['id']}/context")
        seen[made["arm"]] = {layer["name"]: layer["why"] for layer in context["layers"]}["strategy"]
        assert (await masterx.call("POST", f"/v1/turns/{turn['id']}/feedback", {"helpful": True}))[0] == 201
    assert seen == {"hints/standard": "hints", "hints/ask_first": "hints/ask_first"}
    async with asyncio.timeout(PATIENCE):
        while {one["arm"] for one in (await arms(masterx, "variant"))["data"] if one["evidence"]} != {*seen}:
            await asyncio.sleep(0.05)


async def test_a_right_answer_without_help_after_a_turn_on_its_skill_is_a_reward(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    path, wrong = "/v1/learners/ada/answers", {"answers": [{"skill": "adding fractions", "correct": False}]}
    assert (await masterx.call("POST", path, wrong))[0] == 200
    _, turn = await masterx.ask(session, "Give me exercise 3 on adding fractions")
    assert turn["reading"]["skills"] == ["adding fractions"]
    assert {one["choice"]: one["arm"] for one in turn["decisions"]}["strategy"] == turn["strategy"]
    right = {"answers": [{"skill": "adding fractions", "correct": True}]}
    assert (await masterx.call("POST", path, right))[0] == 200
    async with asyncio.timeout(PATIENCE):
        while (found := await arms(masterx, "strategy"))["told"]["strategy"] == 0:
            await asyncio.sleep(0.05)
    rewarded = {one["arm"]: one for one in found["data"]}[turn["strategy"]]
    assert (rewarded["evidence"], rewarded["gain"], rewarded["share"]) == (1.0, 0.5, 1.0)
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        told = await answer.text()
    assert 'masterx_choices_rewards_total{source="independent"} 1.0' in told
    assert 'masterx_choices_decisions_total{choice="strategy",how="fixed"} 1.0' in told
