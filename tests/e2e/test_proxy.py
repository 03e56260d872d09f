"""Replicas on MongoDB and Redis behind the proxy of docker-compose.yml, as it stands there."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
import websockets

from tests.e2e.haproxy import Proxied, proxied
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx, cli
from tests.mongod import in_database

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Surroundings:
    """A client of the proxy that has a key, and what stands behind it."""

    def __init__(self, proxy: Proxied, provider: MisbehavingProvider, http: aiohttp.ClientSession) -> None:
        self.proxy, self.provider, self.http = proxy, provider, http

    async def session(self) -> str:
        """A new session's id."""
        async with self.http.post("/v1/sessions", json={"learner_id": "ada"}) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["id"])

    async def ask(self, session: str, message: str) -> tuple[int, Any]:
        """One turn as JSON: the status, and the body where it is one."""
        async with self.http.post(f"/v1/sessions/{session}/turns", json={"message": message}) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text

    async def opened(self) -> list[float]:
        """Turns that each replica has opened so far."""
        return [await _opened(self.http, replica) for replica in self.proxy.replicas]


async def _opened(http: aiohttp.ClientSession, replica: Masterx) -> float:
    async with http.get(f"{replica.url}/metrics") as answer:
        return sum(map(float, re.findall(r"^masterx_turns_opened_total{.*} (\S+)$", await answer.text(), re.M)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(
    tmp_path_factory: pytest.TempPathFactory, mongo_server: str, redis_url: str
) -> AsyncIterator[Surroundings]:
    folder = tmp_path_factory.mktemp("proxy")
    async with MisbehavingProvider() as provider:
        environment = {
            "MASTERX_STORE": in_database(mongo_server, f"test-{uuid4().hex[:12]}"),
            "MASTERX_CACHE": redis_url,
            "MASTERX_AUTH": "required",
            "OPENAI_API_KEY": f"sk-{uuid4().hex}",
            "OPENAI_BASE_URL": provider.url("openai"),
        }
        assert (await cli(folder, environment, "migrate"))[0] == 0
        key = (await cli(folder, environment, "keys", "create", "--role", "service"))[1].strip()
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            proxied(folder, environment) as proxy,
            aiohttp.ClientSession(proxy.url, headers=headers, timeout=aiohttp.ClientTimeout(30)) as http,
        ):
            yield Surroundings(proxy, provider, http)


async def test_a_stream_comes_through_word_by_word(here: Surroundings) -> None:
    session = await here.session()
    body = {"message": "[[n=100 gap=20]]", "stream": True}
    async with here.http.post(f"/v1/sessions/{session}/turns", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        pieces = [piece async for piece in answer.content.iter_any()]
    # Gathered for the 200 ms that a kernel may, they would be ten.
    assert len(pieces) > 20
    assert b"event: turn.completed" in pieces[-1]


async def test_a_page_is_served_to_whoever_has_no_key_yet(here: Surroundings) -> None:
    async with aiohttp.ClientSession() as nobody, nobody.get(f"{here.proxy.url}/") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")


async def test_a_session_stays_with_one_replica_and_sessions_are_spread(here: Surroundings) -> None:
    before = await here.opened()
    one = await here.session()
    for _ in range(4):
        assert (await here.ask(one, "hello"))[0] == 200
    after = await here.opened()
    assert sorted(b - a for a, b in zip(before, after, strict=True)) == [0, 4]
    for _ in range(12):
        assert (await here.ask(await here.session(), "hello"))[0] == 200
    assert all(b > a for a, b in zip(before, await here.opened(), strict=True))


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/%6detrics", "/metrics?x=1", "//metrics"])
async def test_figures_are_not_for_the_outside(here: Surroundings, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(here.proxy.url.rpartition(":")[2]))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: tutor\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.split()[1] == b"404"
    assert b"masterx_" not in answer


async def test_who_has_no_key_is_refused_by_the_service_not_by_the_proxy(here: Surroundings) -> None:
    async with aiohttp.ClientSession() as nobody:
        async with nobody.get(f"{here.proxy.url}/v1/sessions?learner_id=ada") as answer:
            assert (answer.status, answer.content_type) == (401, "application/problem+json")
        async with nobody.get(f"{here.proxy.url}/health/ready") as answer:
            assert answer.status == 200


async def test_a_chat_over_a_websocket_comes_through(here: Surroundings) -> None:
    url = f"{here.proxy.url.replace('http', 'ws', 1)}/v1/sessions/{await here.session()}/chat"
    async with websockets.connect(
        url, additional_headers={"Authorization": here.http.headers["Authorization"]}
    ) as chat:
        await chat.send(json.dumps({"type": "message", "message": "[[n=5]]"}))
        async with asyncio.timeout(PATIENCE):
            kinds = [json.loads(frame)["type"] async for frame in _until_completed(chat)]
    assert "delta" in kinds


async def _until_completed(chat: websockets.ClientConnection) -> AsyncIterator[str | bytes]:
    async for frame in chat:
        yield frame
        if json.loads(frame)["type"] == "turn.completed":
            return


async def test_a_turn_that_reached_a_replica_is_not_sent_again_when_it_dies(here: Surroundings) -> None:
    session = await here.session()
    asked = len(here.provider.requests)
    before = await here.opened()
    turn = asyncio.create_task(_alone(here, session, "[[fault=hang after=0]]"))
    await here.provider.asked(asked + 1)
    after = await here.opened()
    mine = next(r for r, a, b in zip(here.proxy.replicas, before, after, strict=True) if b > a)
    await mine.kill()
    assert await turn == 502
    assert len(here.provider.requests) == asked + 1
    await mine.start()
    await here.proxy.up(2)


async def _alone(here: Surroundings, session: str, message: str) -> int:
    """Asks on a connection of its own: on any other, HAProxy 2.6 closes it where 3.x answers."""
    url = f"{here.proxy.url}/v1/sessions/{session}/turns"
    async with (
        aiohttp.ClientSession(headers=here.http.headers) as http,
        http.post(url, json={"message": message}) as answer,
    ):
        return answer.status


async def test_a_replica_that_is_replaced_is_not_noticed(here: Surroundings) -> None:
    stopping = here.proxy.replicas[0]
    stopping.signal(signal.SIGTERM)
    ended = asyncio.create_task(stopping.ended())
    statuses = []
    while not ended.done():
        statuses.append((await here.ask(await here.session(), "hello"))[0])
    assert set(statuses) == {200}
    await stopping.start()
    await here.proxy.up(2)
    assert (await here.ask(await here.session(), "hello"))[0] == 200


async def test_nobody_there_is_said_at_once(here: Surroundings) -> None:
    for replica in here.proxy.replicas:
        await replica.kill()
    await here.proxy.up(0)
    async with here.http.get("/health/ready") as answer:
        assert answer.status == 503
    for replica in here.proxy.replicas:
        await replica.start()
    await here.proxy.up(2)
