"""Budgets over the real service: never passed, whoever asks, whatever breaks; and a clear word when they are spent."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import WITHOUT_LOTS, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx, cli

CATALOGUE = """
[[model]]
provider = "{name}"
model = "{name}-1"
dialect = "openai"
base_url = "{url}"
key = "OPENAI_API_KEY"
{prices}
context_window = 100_000
max_output = 64
tokenizer = "o200k"
strengths = {{ general = {strength} }}
"""
DEAR = "prices = { input = 10.0, output = 20.0 }"
CHEAP = "prices = { input = 1.0, output = 2.0 }"
MESSAGE = "Tell me more"


@dataclass
class World:
    """Starts services whose policy has budgets."""

    start: AsyncStart
    folder: Path
    provider: MisbehavingProvider

    async def __call__(self, budgets: str, *prices: str, own: str = "", ttl: str = "0", **environment: str) -> Masterx:
        """A service with this `[budgets]` table, what the default workspace has of its `own`, and models with these
        prices, strongest first; answers are kept for `ttl` seconds."""
        said = [(f'{name} = "refuse"\n', "") for name in ("when_spent", "unpriced") if name in budgets]
        # By strength alone: a machine so busy that the first model is slow to speak is no reason to ask the other.
        strength = ('mode = "adaptive"', 'mode = "quality"')
        table = ("[budgets]\n", f"[workspaces.default]\n{own}\n[budgets]\n{budgets}\n")
        # A layer left out by lot makes one prompt cheaper than the next.
        changed(self.folder, ("\nttl = 0\n", f"\nttl = {ttl}\n"), WITHOUT_LOTS, *said, strength, table)
        models = [
            CATALOGUE.format(name=f"model{n}", url=self.provider.url("openai"), prices=one, strength=0.9 - n / 10)
            for n, one in enumerate(prices or (CHEAP,))
        ]
        (self.folder / "providers.toml").write_text("".join(models))
        files = {name: str(self.folder / f"{name.split('_')[1].lower()}.toml") for name in _FILES}
        return await self.start(**files, **environment)


_FILES = ("MASTERX_POLICY", "MASTERX_PROVIDERS")


@pytest.fixture
def world(start: AsyncStart, tmp_path: Path, provider: MisbehavingProvider) -> World:
    return World(start, tmp_path, provider)


async def ask(masterx: Masterx, session: str | None = None, message: str = MESSAGE, **headers: str) -> tuple[int, Any]:
    session = session or await masterx.session()
    body = {"message": message, "task": "general"}
    return await masterx.call("POST", f"/v1/sessions/{session}/turns", body, **headers)


async def budgets(masterx: Masterx, learner: str = "ada") -> tuple[dict[str, Any], dict[str, Any]]:
    """The workspace's and the learner's."""
    status, body = await masterx.call("GET", f"/v1/budgets?learner_id={learner}")
    assert status == 200, body
    return body["workspace"], body["learner"]


async def settled(masterx: Masterx) -> float:
    """What the workspace has spent, once nothing is held."""
    async with asyncio.timeout(PATIENCE):
        while (workspace := (await budgets(masterx))[0])["reserved_usd"]:
            await asyncio.sleep(0.02)
    return float(workspace["spent_usd"])


async def metric(masterx: Masterx, line: str) -> float:
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        text = await answer.text()
    return float(next(found for found in text.splitlines() if found.startswith(line)).rsplit(" ", 1)[1])


async def test_two_hundred_turns_at_once_never_pass_the_workspace_s_limit(
    world: World, production: dict[str, str]
) -> None:
    limit = 0.0075  # of some fifty answers; the most that one may cost is four times that of what they do
    masterx = await world(f"workspace_usd = {limit}\nlearner_usd = 1.0", **production)
    sessions = [await masterx.session(f"learner-{n % 20}") for n in range(200)]
    seen: list[float] = []

    async def watch() -> None:
        while True:
            workspace, _ = await budgets(masterx)
            seen.append(workspace["spent_usd"] + workspace["reserved_usd"])

    watching = asyncio.ensure_future(watch())
    answers = await asyncio.gather(*(ask(masterx, session) for session in sessions))
    for session in sessions:  # one after the other until nothing is left
        answers.append(await ask(masterx, session))
        await settled(masterx)
        if answers[-1][0] == 402:
            break
    assert not watching.done()
    watching.cancel()
    assert {status for status, _ in answers} == {200, 402}
    costs = [turn["usage"]["cost_usd"] for status, turn in answers if status == 200]
    assert await settled(masterx) == pytest.approx(sum(costs), abs=1e-9)
    assert len(world.provider.requests) == len(costs) >= 40
    assert sum(costs) <= limit < sum(costs) + 0.001
    assert max(seen) <= limit
    spent = [(await budgets(masterx, f"learner-{n}"))[1]["spent_usd"] for n in range(20)]
    assert sum(spent) == pytest.approx(sum(costs), abs=1e-9)
    assert await metric(masterx, 'masterx_budget_usd_total{kind="settled"}') == pytest.approx(sum(costs))
    assert await metric(masterx, 'masterx_budget_short_total{instead="refuse"}') == len(answers) - len(costs)


async def test_killed_in_the_middle_of_answers_nothing_is_lost_and_nothing_is_over(
    world: World, production: dict[str, str]
) -> None:
    masterx = await world("workspace_usd = 1.0\nlearner_usd = 0.003", **production)
    cost = (await ask(masterx))[1]["usage"]["cost_usd"]
    assert await settled(masterx) == cost
    world.provider.script(stop=3)
    sessions = [await masterx.session() for _ in range(3)]
    streams = [masterx.stream(session, MESSAGE) for session in sessions]
    for stream in streams:
        assert (await anext(stream)).name == "turn.started"
    before = await budgets(masterx)
    assert before[0]["reserved_usd"] == before[1]["reserved_usd"] > 3 * cost
    await masterx.kill()
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]
    world.provider.reset()
    await masterx.start()
    assert {(await masterx.turns(session))[0]["state"] for session in sessions} == {"incomplete"}
    # Until it is certain what became of them they stay held; then they are charged in full.
    assert await budgets(masterx) == before
    assert (await ask(masterx, await masterx.session("ben")))[0] == 200
    answers = [await ask(masterx) for _ in range(20)]
    assert answers[-1][0] == 402
    workspace, ada = await budgets(masterx)
    assert ada["spent_usd"] + ada["reserved_usd"] <= 0.003
    assert workspace["reserved_usd"] == ada["reserved_usd"] == before[0]["reserved_usd"]


async def test_when_it_is_spent_a_cheaper_model_is_asked_as_long_as_one_can_be_paid_for(world: World) -> None:
    masterx = await world('workspace_usd = 0.012\nwhen_spent = "cheaper"', DEAR, CHEAP)
    answers: list[tuple[int, Any]] = []
    while not answers or answers[-1][0] == 200:
        answers.append(await ask(masterx))
        await settled(masterx)
    providers = [turn["provider"] for status, turn in answers if status == 200]
    assert providers == sorted(providers)
    assert set(providers) == {"model0", "model1"}
    assert await settled(masterx) <= 0.012
    assert await metric(masterx, 'masterx_budget_short_total{instead="cheaper"}') >= providers.count("model1")


async def test_a_cheaper_answer_is_told_to_nobody_who_can_pay_for_a_better_one(world: World) -> None:
    masterx = await world('learner_usd = 0.012\nwhen_spent = "cheaper"', DEAR, CHEAP, ttl="3600")
    turns: list[dict[str, Any]] = []
    while not turns or turns[-1]["provider"] == "model0":
        status, turn = await ask(masterx, message=f"Tell me {len(turns)} times more")
        assert status == 200
        turns.append(turn)
        await settled(masterx)
    assert turns[-1]["provider"] == "model1"
    told = [(await ask(masterx, await masterx.session(who), turns[-1]["message"]))[1] for who in ("ben", "cleo")]
    assert [(one["provider"], one["cached"]) for one in told] == [("model0", False), ("model0", True)]


async def test_when_it_is_spent_the_offline_tutor_answers(world: World) -> None:
    masterx = await world('workspace_usd = 0.0\nwhen_spent = "offline"')
    status, turn = await ask(masterx)
    assert (status, turn["provider"], turn["degraded"], turn["state"]) == (200, "offline", True, "complete")
    assert not world.provider.requests
    assert await settled(masterx) == 0.0
    chat = {"model": "model0-1", "messages": [{"role": "user", "content": "Hi"}]}
    assert (await masterx.call("POST", "/v1/chat/completions", chat))[0] == 429  # who names a model wants no other


async def test_every_entrance_says_that_the_budget_is_spent_and_nothing_is_written(world: World) -> None:
    masterx = await world("workspace_usd = 0.0")
    session = await masterx.session()
    path = f"/v1/sessions/{session}/turns"
    for stream in (False, True):
        async with masterx.http.post(f"{masterx.url}{path}", json={"message": "Hi", "stream": stream}) as answer:
            problem = await answer.json(content_type="application/problem+json")
            assert answer.status == problem["status"] == 402
            assert 0 < int(answer.headers["retry-after"]) <= 86_400
        assert problem["type"] == "/problems/budget-spent"
        assert problem["detail"] == "this workspace's budget for today is spent; it is renewed at midnight UTC"
    async with connect(f"ws{masterx.url[4:]}/v1/sessions/{session}/chat") as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "message", "message": "Hi"}))
        frame = json.loads(await socket.recv())
    assert (frame["type"], frame["problem"]["type"]) == ("error", "/problems/budget-spent")
    items = {"turns": [{"session_id": session, "message": "Hi"}, {"session_id": "nobody's", "message": "Hi"}]}
    status, body = await masterx.call("POST", "/v1/turns:batch", items)
    assert (status, [one["status"] for one in body["data"]]) == (200, [402, 404])
    for stream in (False, True):
        chat = {"model": "masterx", "user": "eve", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
        async with masterx.http.post(f"{masterx.url}/v1/chat/completions", json=chat) as answer:
            error = (await answer.json())["error"]
            assert (answer.status, answer.headers["x-should-retry"]) == (429, "false")
        assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert await masterx.turns(session) == []
    assert (await masterx.call("GET", "/v1/sessions?learner_id=eve"))[1]["data"] == []
    assert not world.provider.requests


async def test_a_learner_s_budget_is_theirs_alone_and_a_workspace_may_have_its_own(world: World) -> None:
    masterx = await world("learner_usd = 0.001", own="workspace_usd = 1.0")
    while (answer := await ask(masterx))[0] == 200:
        pass  # how many fit depends on how soon what was held for the one before is given back
    assert answer[0] == 402
    assert answer[1]["detail"].startswith("this learner's budget")
    assert (await ask(masterx, await masterx.session("ben")))[0] == 200
    await settled(masterx)
    workspace, ada = await budgets(masterx)
    assert (workspace["limit_usd"], ada["limit_usd"]) == (1.0, 0.001)
    assert ada["left_usd"] == pytest.approx(0.001 - ada["spent_usd"])
    assert workspace["spent_usd"] > ada["spent_usd"] > 0


async def test_an_answer_is_told_again_when_there_is_no_money_for_another(world: World) -> None:
    masterx = await world("workspace_usd = 0.0008")
    session = await masterx.session()
    first = await ask(masterx, session, Idempotency_Key="k")
    await settled(masterx)
    while (await ask(masterx, session))[0] == 200:
        await settled(masterx)
    assert await ask(masterx, session, Idempotency_Key="k") == first


async def test_a_cancelled_answer_is_charged_the_most_it_may_have_cost(world: World) -> None:
    masterx = await world("workspace_usd = 1.0")
    session = await masterx.session()
    world.provider.script(stop=3)
    async with aclosing(_stream(masterx, session)) as stream:
        started = await anext(stream)
        held = (await budgets(masterx))[0]["reserved_usd"]
        assert held > 0
        status, turn = await masterx.call("POST", f"/v1/turns/{started['id']}:cancel")
    assert (status, turn["state"], turn["attempts"][0]["cost_usd"]) == (200, "cancelled", None)
    assert await settled(masterx) == held


async def test_erasing_a_session_in_the_middle_of_an_answer_does_not_make_it_free(world: World) -> None:
    masterx = await world("workspace_usd = 1.0")
    session = await masterx.session()
    world.provider.script(stop=3)
    async with aclosing(_stream(masterx, session)) as stream:
        await anext(stream)
        held = (await budgets(masterx))[0]["reserved_usd"]
        assert (await masterx.call("DELETE", f"/v1/sessions/{session}"))[0] == 204
        *_, last = [data async for data in stream]
    assert last["state"] == "cancelled"
    assert (await masterx.call("GET", f"/v1/sessions/{session}"))[0] == 404
    assert await settled(masterx) == held > 0


async def test_erasing_a_session_on_another_replica_does_not_make_its_answer_free(
    world: World, production: dict[str, str]
) -> None:
    one = await world("workspace_usd = 1.0", **production)
    two = await world("workspace_usd = 1.0", **production)
    session = await one.session()
    world.provider.script(stop=3)
    async with aclosing(_stream(one, session)) as stream:
        await anext(stream)
        assert (await two.call("DELETE", f"/v1/sessions/{session}"))[0] == 204
        world.provider.go_on()
        assert [data async for data in stream]
    assert await settled(two) > 0


async def test_what_a_shutdown_cuts_short_is_settled_before_the_process_ends(world: World) -> None:
    masterx = await world("workspace_usd = 1.0")
    masterx.arguments = ("--port", "0", "--grace", "0.2")
    await masterx.kill()
    await masterx.start()
    world.provider.script(stop=3)
    async with aclosing(_stream(masterx, await masterx.session())) as stream:
        await anext(stream)
        held = (await budgets(masterx))[0]["reserved_usd"]
        masterx.signal(signal.SIGTERM)
        assert await masterx.ended() == 0
    await masterx.start()
    workspace, _ = await budgets(masterx)
    assert (workspace["spent_usd"], workspace["reserved_usd"]) == (held, 0.0)


async def test_a_call_that_broke_after_it_was_paid_for_counts(world: World) -> None:
    masterx = await world("workspace_usd = 1.0", DEAR, CHEAP)
    world.provider.script(fault="empty", times=1)
    status, turn = await ask(masterx)
    assert (status, [attempt["outcome"] for attempt in turn["attempts"]]) == (200, ["broken", "ok"])
    assert await settled(masterx) > 0.005 > 10 * turn["usage"]["cost_usd"]  # ten times the price, and in full


async def test_a_call_that_was_refused_costs_nothing(world: World) -> None:
    masterx = await world("workspace_usd = 1.0", DEAR, CHEAP)
    world.provider.script(fault="503", times=1)
    turn = (await ask(masterx))[1]
    assert [attempt["outcome"] for attempt in turn["attempts"]] == ["down", "ok"]
    assert await settled(masterx) == turn["usage"]["cost_usd"]


@pytest.mark.parametrize(("unpriced", "asked"), [("refuse", "offline"), ("allow", "model0")])
async def test_a_model_without_a_price_is_asked_only_where_the_policy_allows_it(
    world: World, unpriced: str, asked: str
) -> None:
    masterx = await world(f'workspace_usd = 1.0\nunpriced = "{unpriced}"', "")
    status, turn = await ask(masterx)
    assert (status, turn["provider"]) == (200, asked)
    assert await settled(masterx) == 0.0


async def test_only_operators_see_budgets(world: World, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/masterx.db"
    masterx = await world("workspace_usd = 1.0", MASTERX_STORE=store, MASTERX_AUTH="required")
    for role, expected in (("service", 403), ("operator", 200)):
        code, secret, errors = await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "create", "--role", role)
        assert code == 0, errors
        found = await masterx.call("GET", "/v1/budgets", Authorization=f"Bearer {secret.strip()}")
        assert found[0] == expected
    assert (found[1]["workspace"]["left_usd"], found[1]["learner"]) == (1.0, None)


async def test_without_limits_nothing_is_counted(world: World) -> None:
    masterx = await world("")
    assert (await ask(masterx))[0] == 200
    workspace, learner = await budgets(masterx)
    assert workspace == learner == {"limit_usd": None, "spent_usd": 0.0, "reserved_usd": 0.0, "left_usd": None}


async def _stream(masterx: Masterx, session: str) -> AsyncGenerator[dict[str, Any], None]:
    async for event in masterx.stream(session, MESSAGE):
        yield event.data
