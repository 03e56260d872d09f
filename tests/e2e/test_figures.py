"""What operators and teachers see of the last minutes, and of theirs only."""

import asyncio
import signal

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import PATIENCE, Masterx, cli


async def test_figures_are_for_operators_of_the_workspace_and_outlive_the_process(
    start: AsyncStart, mongo_url: str, redis_url: str
) -> None:
    settings = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url, "MASTERX_AUTH": "required"}
    masterx, other = await start(**settings), await start(**settings)
    keys = {}
    for name, role, workspace in (("op", "operator", "a"), ("other", "operator", "b"), ("teacher", "teacher", "a")):
        made = ("keys", "create", "--role", role, "--workspace", workspace)
        code, out, errors = await cli(masterx.folder, masterx.environment, *made)
        assert code == 0, errors
        keys[name] = {"Authorization": f"Bearer {out.split()[0]}"}
    status, session = await masterx.call("POST", "/v1/sessions", {"learner_id": "ada"}, **keys["op"])
    assert status == 201
    for n in range(3):
        path = f"/v1/sessions/{session['id']}/turns"
        assert (await masterx.call("POST", path, {"message": f"Question {n}"}, **keys["op"]))[0] == 200
    status, found = await masterx.call("GET", "/v1/metrics?window=1m", **keys["op"])
    assert (status, found["window"], found["turns"]["count"]) == (200, "1m", 3)
    assert found["latency"]["total_ms"]["count"] == found["providers"][0]["calls"] == 3
    assert found["breakers"][0]["state"] == "closed"
    assert found["http"]["rate"] > 0
    async with asyncio.timeout(PATIENCE):
        while (shown := await turns_of(other, "1m", keys["op"])) < 3:
            await asyncio.sleep(0.1)
    assert shown == 3
    assert (await masterx.call("GET", "/v1/metrics", **keys["other"]))[1]["turns"]["count"] == 0
    assert (await masterx.call("GET", "/v1/metrics?workspace=a", **keys["other"]))[0] == 404
    status, taught = await masterx.call("GET", "/v1/metrics", **keys["teacher"])
    assert (status, taught["engagement"]["learners"]) == (200, 1)
    assert {"cost_usd", "providers", "forecasts", "http"} & taught.keys() == set()
    status, problem = await masterx.call("GET", "/v1/metrics?window=2h", **keys["op"])
    assert (status, problem["errors"][0]["message"]) == (422, "must be one of 1m, 5m, 1h, 24h")
    masterx.signal(signal.SIGTERM)
    assert await masterx.ended() == 0
    again = await start(**settings)
    async with asyncio.timeout(PATIENCE):
        while (shown := await turns_of(again, "24h", keys["op"])) < 3:  # they are read while others are served
            await asyncio.sleep(0.1)
    assert shown == 3


async def turns_of(masterx: Masterx, window: str, key: dict[str, str]) -> int:
    """How many turns the service has counted in a window."""
    status, found = await masterx.call("GET", f"/v1/metrics?window={window}", **key)
    assert status == 200, found
    return int(found["turns"]["count"])
