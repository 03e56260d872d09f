"""The live channels of real processes: all that are documented, and what one replica told outlives it."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx
from tests.e2e.two import Two, catalogue

ALL = {"metrics", "alerts", "providers", "turns", "health", "experiments"}


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
    async with watched(other, "turns") as client, watched(one, ",".join(ALL)) as near:
        assert {(await heard(near))["channel"] for _ in ALL} == ALL
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


async def told(client: ClientConnection) -> dict[str, Any]:
    """The next event."""
    while (frame := await heard(client))["type"] != "event":
        pass
    found: dict[str, Any] = frame["data"]
    return found


async def test_an_alert_outlives_the_replica_that_opened_it(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, mongo_url: str, redis_url: str
) -> None:
    (tmp_path / "alerts.toml").write_text("[breaker]\nminutes = 0")
    async with MisbehavingProvider() as healthy:
        shared = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url, "MASTERX_ALERTS": f"{tmp_path}/alerts.toml"}
        shared["MASTERX_PROVIDERS"] = catalogue(tmp_path, provider, healthy)
        one, other = await start(**shared), await start(**shared)
        provider.script(fault="503")
        two = Two(one, provider, healthy)
        async with asyncio.timeout(PATIENCE), watched(one, "alerts") as near, watched(other, "alerts") as far:
            assert [(await heard(each))["data"] for each in (near, far)] == [[], []]
            while (await two.models())["first"]["breaker"]["state"] == "closed":
                await two.ask()
            opened = await told(near)
            await one.kill()
            assert (await told(far))["id"] == opened["id"]
            assert (await other.call("POST", f"/v1/alerts/{opened['id']}:quiet"))[1]["state"] == "quiet"
            states = [(await told(far))["state"]]
            while states[-1] != "quiet":
                states.append((await told(far))["state"])
            async with watched(other, "alerts") as late:
                assert [(alert["id"], alert["state"]) for alert in (await heard(late))["data"]] == [
                    (opened["id"], "quiet")
                ]
