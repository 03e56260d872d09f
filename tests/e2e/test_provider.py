"""The misbehaving provider does what it is told, in this process and as one of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS

ROOT = Path(__file__).parents[2]


async def asked(url: str, words: str = "Hi") -> tuple[int, Any]:
    """Status and answer of one call of the openai dialect."""
    body = {"model": "m", "messages": [{"role": "user", "content": words}]}
    async with aiohttp.ClientSession() as http, http.post(f"{url}/chat/completions", json=body) as response:
        return response.status, await response.json()


async def test_it_behaves_until_told_otherwise(provider: MisbehavingProvider) -> None:
    status, answer = await asked(provider.url("openai"))
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "".join(TEXTS))
    assert provider.requests[0].body["messages"][0]["content"] == "Hi"


async def test_a_script_is_for_all_dialects_or_for_one(provider: MisbehavingProvider) -> None:
    provider.script("groq", fault="401")
    assert (await asked(provider.url("openai")))[0] == 200
    assert (await asked(provider.url("groq") + "/openai/v1"))[0] == 401
    provider.script(fault="503")
    assert (await asked(provider.url("openai")))[0] == 503
    provider.reset()
    assert (await asked(provider.url("openai")))[0] == 200


async def test_a_script_may_be_for_a_number_of_requests(provider: MisbehavingProvider) -> None:
    provider.script(fault="503", times=2)
    assert [(await asked(provider.url("openai")))[0] for _ in range(4)] == [503, 503, 200, 200]


async def test_a_directive_in_the_last_message_goes_first(provider: MisbehavingProvider) -> None:
    provider.script(fault="503")
    assert (await asked(provider.url("openai"), "What is ½? [[fault=429 retry=7]]"))[0] == 429
    _, answer = await asked(provider.url("openai"), "[[fault=none n=2]]")
    assert answer["choices"][0]["message"]["content"] == "".join(TEXTS[:2])


async def test_a_fault_that_it_does_not_know_is_refused_when_it_is_scripted(provider: MisbehavingProvider) -> None:
    with pytest.raises(ValueError, match="no such fault: hnag"):
        provider.script(fault="hnag")


async def test_it_lists_its_models() -> None:
    async with MisbehavingProvider(models=("m-1", "m-2")) as provider, aiohttp.ClientSession() as http:
        async with http.get(provider.url("openai") + "/models") as response:
            assert [model["id"] for model in (await response.json())["data"]] == ["m-1", "m-2"]
        async with http.get(provider.url("gemini") + "/v1/models") as response:
            assert [model["name"] for model in (await response.json())["models"]] == ["models/m-1", "models/m-2"]


@asynccontextmanager
async def process() -> AsyncIterator[str]:
    """The provider as a process of its own; its address."""
    arguments = (sys.executable, "-m", "tests.e2e.provider", "--models", "m-1")
    running = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        ready, url = (await asyncio.wait_for(running.stdout.readline(), 30)).decode().split()
        assert ready == "ready"
        yield url
    finally:
        running.terminate()
        await running.communicate()


async def test_as_a_process_it_is_controlled_by_http() -> None:
    async with process() as url, aiohttp.ClientSession() as http:
        async with http.post(f"{url}/_control", json={"fault": "503"}) as response:
            assert response.status == 200
        assert (await asked(f"{url}/openai/v1"))[0] == 503
        async with http.get(f"{url}/_control") as response:
            [seen] = (await response.json())["requests"]
            assert (seen["dialect"], seen["body"]["model"], seen["abandoned"]) == ("openai", "m", False)
        async with http.delete(f"{url}/_control"):
            assert (await asked(f"{url}/openai/v1"))[0] == 200


async def test_as_a_process_it_can_be_gone_for_a_while() -> None:
    async with process() as url, aiohttp.ClientSession() as http:
        async with http.post(f"{url}/_control", json={"refuse": 0.3}):
            pass
        statuses: list[int | None] = []
        async with asyncio.timeout(30):
            while statuses[-2:] != [None, 200]:
                try:
                    statuses.append((await asked(f"{url}/openai/v1"))[0])
                except aiohttp.ClientError:
                    statuses.append(None)
                    await asyncio.sleep(0.02)
