"""Summaries that a model makes in the background: used where right, refused where not, and never unasked."""

import asyncio
from pathlib import Path
from typing import Any

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import WITHOUT_LOTS, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx

SMALL = ("budget = 2048", "budget = 1024")
BY_A_MODEL = ('summaries = "extractive"', 'summaries = "model"')
MESSAGE = "My hamster Vincent weighs 47 grams today, and I wonder whether that is enough for a hamster of that age."
GOOD = "The learner wonders whether Vincent weighs enough: 47 grams."


def asked_for(provider: MisbehavingProvider) -> list[dict[str, Any]]:
    """The requests for a summary so far."""
    return [one.body for one in provider.requests if "You sum up" in str(one.body["messages"][0]["content"])]


async def counted(masterx: Masterx, result: str, least: int) -> None:
    """Waits until so many summaries had this result."""
    name = f'masterx_summaries_total{{result="{result}"}}'
    async with asyncio.timeout(PATIENCE):
        while True:
            async with masterx.http.get(f"{masterx.url}/metrics") as answer:
                told = [line for line in (await answer.text()).splitlines() if line.startswith(name)]
            if told and float(told[0].split()[-1]) >= least:
                return
            await asyncio.sleep(0.05)


async def told(masterx: Masterx, session: str, provider: MisbehavingProvider) -> str:
    """The notes of one more turn."""
    before = len(asked_for(provider)), len(provider.requests)
    status, turn = await masterx.ask(session, MESSAGE)
    assert status == 200, (turn, before)
    mine = [one for one in list(provider.requests)[before[1] :] if "You sum up" not in str(one.body["messages"][0])]
    return str(mine[-1].body["messages"][-1]["content"]).partition("</notes>")[0]


async def until_asked(masterx: Masterx, session: str, provider: MisbehavingProvider, times: int) -> None:
    """Turns until a summary was asked for so many times."""
    for _ in range(40):
        if len(asked_for(provider)) >= times:
            return
        await told(masterx, session, provider)
    raise AssertionError(f"{len(asked_for(provider))} summaries were asked for in 40 turns")


async def summaries_of(masterx: Masterx) -> list[dict[str, Any]]:
    status, found = await masterx.call("GET", "/v1/learners/ada/export")
    assert status == 200
    return list(found["summaries"])


async def test_a_summary_that_loses_a_number_is_refused_and_a_good_one_stands_in_the_next_prompt_until_it_is_erased(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, production: dict[str, str]
) -> None:
    masterx = await start(**production, MASTERX_POLICY=changed(tmp_path, WITHOUT_LOTS, SMALL, BY_A_MODEL))
    session = await masterx.session("ada")
    provider.script(text="The hamster Vincent is weighed.")
    await until_asked(masterx, session, provider, 1)
    await counted(masterx, "refused", 1)
    assert "- learner: " in (await told(masterx, session, provider)).partition("Earlier in this session")[2]
    assert await summaries_of(masterx) == []
    provider.script(text=GOOD)
    times = len(asked_for(provider))
    await until_asked(masterx, session, provider, times + 1)
    await counted(masterx, "accepted", 1)
    assert f"Earlier in this session:\n- {GOOD}" in await told(masterx, session, provider)
    [kept] = await summaries_of(masterx)
    turns = {turn["id"]: turn["seq"] for turn in await masterx.turns(session)}
    assert kept["model"].startswith("openai/")
    assert [turns[id_] for id_ in kept["turn_ids"]] == kept["seqs"]
    assert (await masterx.call("DELETE", f"/v1/sessions/{session}"))[0] == 204
    assert await summaries_of(masterx) == []


async def test_no_model_is_asked_for_a_summary_where_the_policy_does_not_say_so(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, WITHOUT_LOTS, SMALL))
    session = await masterx.session("ada")
    provider.script(text=GOOD)
    for _ in range(14):
        notes = await told(masterx, session, provider)
    assert "Earlier in this session" in notes
    assert len(provider.requests) == 14
