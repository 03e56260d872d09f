"""The live channels of real processes: what one replica told outlives it."""

import json
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import Masterx


def watched(masterx: Masterx, channels: str) -> connect:
    """A connection to come."""
    return connect(f"{masterx.url.replace('http', 'ws', 1)}/v1/live?channels={channels}")


async def heard(client: ClientConnection) -> dict[str, Any]:
    """The next frame."""
    frame: dict[str, Any] = json.loads(await client.recv())
    return frame


async def test_what_a_replica_told_is_known_on_another_when_it_is_killed(
    start: AsyncStart, tmp_path: Path, redis_url: str
) -> None:
    one = await start(MASTERX_CACHE=redis_url)
    other = await start(MASTERX_CACHE=redis_url, MASTERX_STORE=f"sqlite:///{tmp_path}/other.db")
    async with watched(other, "turns") as client, watched(one, "turns,health,providers") as near:
        assert {(await heard(near))["channel"] for _ in range(3)} == {"turns", "health", "providers"}
        before = [event["id"] for event in (await heard(client))["data"]]
        turn = (await one.ask(await one.session(), "Hi"))[1]
        event = await heard(client)
        assert (event["type"], event["data"]["id"], event["data"]["state"]) == ("event", turn["id"], "complete")
        assert not {"message", "reply"} & set(event["data"])
        one.signal(signal.SIGKILL)
        await one.ended()
        later = (await other.ask(await other.session(), "Hello"))[1]
        assert (await heard(client))["data"]["id"] == later["id"]
        async with watched(other, "turns") as late:
            ids = [event["id"] for event in (await heard(late))["data"]]
            assert ids == [*before, turn["id"], later["id"]][-50:]


async def test_an_address_that_is_too_long_is_refused_and_the_connection_closed(start: AsyncStart) -> None:
    service: Masterx = await start()
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{service.url}/v1/live?channels={'m,' * 10_000}")
    assert refused.value.status == 400
