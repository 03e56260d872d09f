"""Which provider is asked, over the real service: by limits, consent, what is seen of them, and who is busy."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE
from tests.e2e.two import Two, catalogue

StartTwo = Callable[..., Awaitable[Two]]


@pytest.fixture
async def second() -> AsyncIterator[MisbehavingProvider]:
    async with MisbehavingProvider() as running:
        yield running


@pytest.fixture
def start_two(
    start: AsyncStart, provider: MisbehavingProvider, second: MisbehavingProvider, tmp_path: Path
) -> StartTwo:
    """Starts the service with a policy that differs from the first one in the lines given, as `(old, new)`."""

    async def begin(*changes: tuple[str, str], strengths: tuple[float, float] = (0.9, 0.2)) -> Two:
        entries = catalogue(tmp_path, provider, second, 120, 120, strengths=strengths)
        masterx = await start(MASTERX_PROVIDERS=entries, MASTERX_POLICY=changed(tmp_path, *changes))
        return Two(masterx, provider, second)

    return begin


def mode(name: str) -> tuple[str, str]:
    return 'mode = "adaptive"', f'mode = "{name}"'


def forbidding(*providers: str, workspace: str = "default") -> tuple[str, str]:
    names = ", ".join(f'"{name}"' for name in providers)
    return "[strategies.support]", f"[workspaces.{workspace}]\nforbid = [{names}]\n\n[strategies.support]"


async def test_a_hundred_turns_at_a_time_make_no_more_calls_than_providers_say_are_left(start_two: StartTwo) -> None:
    two = await start_two()
    two.first.script(limit=11)
    two.second.script(limit=120)
    assert (await two.ask())["provider"] == "first"
    assert (await two.models())["first"]["left"] == {"requests": 10, "tokens": None}
    sessions = [await two.masterx.session(f"learner-{n}") for n in range(100)]
    turns = await asyncio.gather(*map(two.ask, sessions))
    assert {turn["provider"] for turn in turns} == {"first", "second"}
    assert "busy" not in {attempt["outcome"] for turn in turns for attempt in turn["attempts"]}
    assert 1 < len(two.first.requests) <= 11
    models = await two.models()
    assert models["first"]["rank"]["general"]["place"] == 2
    assert models["first"]["rank"]["general"]["why"].endswith("no room left in its rate limits")
    metrics = await two.metrics()
    assert 'masterx_provider_left{limit="requests",model="first-1",provider="first"} 0.0' in metrics


async def test_the_last_one_is_asked_whatever_is_left(start_two: StartTwo) -> None:
    two = await start_two()
    two.first.script(headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "8760h"})
    two.second.script(fault="503")
    assert [(await two.ask())["provider"] for _ in range(3)] == ["first"] * 3


async def test_a_provider_that_a_workspace_forbids_is_never_asked(start_two: StartTwo) -> None:
    two = await start_two(forbidding("first"))
    assert [(await two.ask())["provider"] for _ in range(3)] == ["second"] * 3
    two.second.script(fault="503")
    turn = await two.ask()
    assert (turn["provider"], turn["degraded"]) == ("offline", True)
    assert await two.listed() == ["masterx", "second-1", "rules"]
    assert await two.pinned("first-1") == (await two.masterx.call("GET", "/v1/models/first-1"))[0] == 404
    assert len(two.first.requests) == 0
    models = await two.models()
    assert (models["first"]["forbidden_here"], models["second"]["forbidden_here"]) == (True, False)


async def test_an_operator_is_not_told_what_other_workspaces_forbid(start_two: StartTwo) -> None:
    two = await start_two(forbidding("first", workspace="another"))
    assert await two.listed() == ["masterx", "first-1", "second-1", "rules"]
    assert {model["forbidden_here"] for model in (await two.models()).values()} == {False}
    status, body = await two.masterx.call("GET", "/v1/providers")
    assert (status, "another" in str(body)) == (200, False)


async def test_a_model_that_is_not_for_a_task_answers_who_names_it(start_two: StartTwo) -> None:
    two = await start_two(strengths=(0.0, 0.2))
    assert (await two.ask())["provider"] == "second"
    assert await two.listed() == ["masterx", "first-1", "second-1", "rules"]
    assert await two.pinned("first-1") == 200
    assert len(two.first.requests) == 1


async def test_where_all_are_forbidden_the_offline_tutor_answers(start_two: StartTwo) -> None:
    two = await start_two(forbidding("first", "second"))
    turn = await two.ask()
    assert (turn["provider"], turn["degraded"], turn["attempts"][0]["outcome"]) == ("offline", True, "ok")
    assert (len(two.first.requests), len(two.second.requests)) == (0, 0)


async def test_where_all_are_forbidden_and_degraded_mode_is_off_the_turn_fails_clearly(start_two: StartTwo) -> None:
    two = await start_two(forbidding("first", "second"), ("degraded = true", "degraded = false"))
    status, body = await two.masterx.ask(await two.masterx.session(), "Tell me more")
    assert (status, body["code"] if "code" in body else body["type"].rsplit("/")[-1]) == (503, "no-provider")
    assert (len(two.first.requests), len(two.second.requests)) == (0, 0)


async def test_in_a_hurry_a_provider_that_becomes_slow_loses_its_place_and_regains_it(start_two: StartTwo) -> None:
    two = await start_two(mode("latency"))
    two.first.script(lat=700)
    assert (await two.ask())["provider"] == "first"  # nothing is known: the stronger one
    assert await two.pinned("second-1") == 200
    assert (await two.ask())["provider"] == "second"
    assert (await two.models())["first"]["rank"]["general"]["place"] == 2
    two.first.reset()
    two.second.script(lat=2_500)
    async with asyncio.timeout(PATIENCE):
        while (await two.ask())["provider"] != "first":
            pass
    model = (await two.models())["first"]
    assert model["rank"]["general"]["place"] == 1
    assert model["rank"]["general"]["why"].startswith("first token 0.")


async def test_turns_go_to_the_less_busy_of_near_equals(start_two: StartTwo) -> None:
    two = await start_two(strengths=(0.8, 0.79))
    assert [(await two.ask())["provider"] for _ in range(3)] == ["first"] * 3
    two.first.script(stop=1)
    held = asyncio.create_task(two.ask(await two.masterx.session("held")))
    async with asyncio.timeout(PATIENCE):
        while (await two.models())["first"]["under_way"] == 0:
            await asyncio.sleep(0.02)
    assert (await two.ask())["provider"] == "second"
    await two.first.asked(4)
    two.first.go_on()
    assert (await held)["provider"] == "first"
    assert (await two.models())["first"]["under_way"] == 0


async def test_an_operator_sees_what_each_place_is_made_of(start_two: StartTwo) -> None:
    two = await start_two()
    untried = (await two.models())["second"]
    assert untried["health"]["first_token_ms"] is None
    assert untried["rank"]["general"]["why"] == "strength 0.2, 100% success, nothing seen yet"
    assert untried["rank"]["planning"]["why"].startswith("strength 0.5 (unstated), ")
    two.first.script(fault="503", times=1)
    assert [(await two.ask())["provider"] for _ in range(3)] == ["second", "first", "first"]
    models = await two.models()
    assert models["first"]["health"]["failed"]["count"] == 3
    assert models["first"]["health"]["failed"]["mean"] == pytest.approx(1 / 3, abs=0.01)
    assert models["second"]["health"]["first_token_ms"]["count"] == 1
    place = models["first"]["rank"]["general"]
    assert (place["place"], place["score"]) == (1, pytest.approx(0.9 * (1 - 1 / 13), abs=0.15))
    assert "92% success" in place["why"]
    assert models["first"]["throttled"] == 0
