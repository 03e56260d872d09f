"""Work in the background that fails does not end the service, says so, and goes on when it can."""

import asyncio
from pathlib import Path
from typing import Any

from app.storage.ports import ANSWERS
from app.storage.sqlite import SqliteStore
from tests.e2e.conftest import AsyncStart
from tests.e2e.service import PATIENCE, Masterx

ODD = {"id": "0", "workspace": "default", "learner_id": "odd", "seq": 1, "schema": 1, "pending": "yes"}
"""A sheet of answers without answers, which stands before all others that are to be counted."""


async def failures(masterx: Masterx) -> dict[str, float]:
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        lines = [line for line in (await answer.text()).splitlines() if line.startswith("masterx_background_failures")]
    return {line.split('"')[1]: float(line.split()[-1]) for line in lines}


async def part(masterx: Masterx, status: str) -> dict[str, Any]:
    """What `/health` says of work in the background, when it says this."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found: dict[str, Any] = (await masterx.call("GET", "/health"))[1]
            if found["parts"]["background"]["status"] == status:
                return found
            await asyncio.sleep(0.05)


async def test_a_record_that_cannot_be_read_stops_only_the_work_that_needs_it_and_only_while_it_is_there(
    start: AsyncStart, tmp_path: Path
) -> None:
    masterx = await start()
    assert (await part(masterx, "ok"))["status"] == "ok"
    assert (await failures(masterx))["counts"] == 0
    store = await SqliteStore.open(tmp_path / "masterx.db")
    try:
        await store.insert(ANSWERS, ODD)
        body = {"answers": [{"skill": "fractions", "correct": True}]}
        assert (await masterx.call("POST", "/v1/learners/ada/answers", body))[0] == 200
        await masterx.logged("counts is started again in 1 s")
        session = await masterx.session()
        found, (status, _) = await asyncio.gather(part(masterx, "degraded"), masterx.ask(session, "What is a half?"))
        assert (found["ready"], status) == (True, 200)
        assert found["parts"]["background"]["detail"] == "failed of late, and started again: counts"
        assert await store.count(ANSWERS, {"pending": "yes"}) == 2
        await store.delete(ANSWERS, {"id": "0"})
        async with asyncio.timeout(PATIENCE):
            while await store.count(ANSWERS, {"pending": "yes"}):
                await asyncio.sleep(0.02)
    finally:
        await store.close()
    told = await failures(masterx)
    assert told.pop("counts") >= 1
    assert set(told.values()) == {0.0}
    assert "Traceback" in masterx.log()
