"""What operators are told by the real service: alerts with causes, signed webhooks, and health while servers hang."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from app.alerting.telling import signed
from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx, cli
from tests.e2e.two import Two, catalogue
from tests.mongod import Mongod, in_database
from tests.valkey import Valkey

SECRET = "a secret of the test"
ALERTS = """
[breaker]
minutes = 0

[webhook.oncall]
url = "{url}/hook"
secret = "ONCALL_SECRET"

[webhook.moved]
url = "{url}/moved"
secret = "ONCALL_SECRET"
"""


@dataclass
class Receiver:
    """A webhook's server: one address takes deliveries, the other sends them elsewhere."""

    url: str = ""
    heard: asyncio.Queue[tuple[dict[str, str], bytes]] = field(default_factory=asyncio.Queue)
    moved: int = 0
    followed: int = 0

    async def hook(self, request: web.Request) -> web.Response:
        self.heard.put_nowait((dict(request.headers), await request.read()))
        return web.Response(status=204)

    async def redirect(self, request: web.Request) -> web.Response:
        self.moved += 1
        return web.Response(status=307, headers={"Location": f"{self.url}/elsewhere"})

    async def elsewhere(self, request: web.Request) -> web.Response:
        self.followed += 1
        return web.Response()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made, application = Receiver(), web.Application()
    application.router.add_post("/hook", made.hook)
    application.router.add_post("/moved", made.redirect)
    application.router.add_route("*", "/elsewhere", made.elsewhere)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def test_a_provider_that_is_down_becomes_an_alert_with_its_cause_and_a_signed_message(
    start: AsyncStart, provider: MisbehavingProvider, receiver: Receiver, tmp_path: Path
) -> None:
    async with MisbehavingProvider() as healthy:
        (tmp_path / "alerts.toml").write_text(ALERTS.format(url=receiver.url))
        listed = catalogue(tmp_path, provider, healthy)
        masterx = await start(
            MASTERX_PROVIDERS=listed, MASTERX_ALERTS=str(tmp_path / "alerts.toml"), ONCALL_SECRET=SECRET
        )
        provider.script(fault="503")
        two, session = Two(masterx, provider, healthy), await masterx.session()
        async with asyncio.timeout(PATIENCE):
            while (await two.models())["first"]["breaker"]["state"] == "closed":
                await two.ask(session)
        headers, body = await asyncio.wait_for(receiver.heard.get(), PATIENCE)
    said = json.loads(body)
    assert headers["X-MasterX-Signature"] == signed(SECRET.encode(), headers["X-MasterX-Timestamp"], body)
    assert headers["X-MasterX-Delivery"] == said["id"]
    assert (said["type"], said["alert"]["rule"], said["alert"]["subject"]) == (
        "alert.opened",
        "breaker",
        "first/first-1",
    )
    status, found = await masterx.call("GET", "/v1/alerts?state=open")
    (alert,) = found["data"]
    assert (status, alert["id"]) == (200, said["alert"]["id"])
    assert alert["causes"][0]["what"].startswith("first")
    assert "breaker" in alert["causes"][0]["evidence"]
    status, quiet = await masterx.call("POST", f"/v1/alerts/{alert['id']}:quiet", {"minutes": 5})
    assert (status, quiet["state"]) == (200, "quiet")
    assert (await masterx.call("GET", "/v1/alerts?state=open"))[1]["data"] == []
    async with asyncio.timeout(PATIENCE):
        while not receiver.moved:
            await asyncio.sleep(0.05)
    assert receiver.followed == 0
    health = await part(masterx, "providers", "degraded")
    assert "first/first-1" in health["parts"]["providers"]["detail"]


async def test_a_webhook_without_its_secret_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "alerts.toml").write_text('[webhook.x]\nurl = "http://x"\nsecret = "NOT_SET"')
    code, _, errors = await cli(tmp_path, {"MASTERX_ALERTS": "alerts.toml"}, "serve", "--port", "0")
    assert code != 0
    assert errors.strip() == "masterx: MASTERX_ALERTS: webhook.x.secret: the variable NOT_SET is not set"


async def part(masterx: Masterx, name: str, status: str) -> dict[str, Any]:
    """Waits until the service says this of a part."""
    async with asyncio.timeout(PATIENCE):
        while (found := (await masterx.call("GET", "/health"))[1])["parts"][name]["status"] != status:
            await asyncio.sleep(0.1)
    whole: dict[str, Any] = found
    return whole


async def test_health_answers_while_mongod_and_redis_hang(start: AsyncStart, mongod: Mongod, valkey: Valkey) -> None:
    masterx = await start(MASTERX_STORE=in_database(mongod.url, "health"), MASTERX_CACHE=valkey.url)
    mongod.hang()
    valkey.hang()
    try:
        await part(masterx, "cache", "degraded")
        found = await part(masterx, "store", "down")
        assert (found["status"], found["ready"]) == ("down", False)
        store, loop = found["parts"]["store"], found["parts"]["loop"]
        assert (store["ms"], store["advice"] is not None) == (None, True)
        assert store["score"] < loop["score"]
        assert (await masterx.call("GET", "/health/ready"))[0] == 503
        async with asyncio.timeout(PATIENCE):
            while not (listed := (await masterx.call("GET", "/v1/alerts"))[1]["data"]):
                await asyncio.sleep(0.1)
        assert [(alert["rule"], alert["causes"][0]["what"]) for alert in listed] == [("store", "the store")]
    finally:
        mongod.go_on()
        valkey.resume()
    assert (await part(masterx, "store", "ok"))["ready"]
