"""Experiments over the real service: begun, refused, looked at, stopped."""

from typing import Any

from tests.e2e.conftest import AsyncStart

GOOD: dict[str, Any] = {
    "name": "hints or guided",
    "choice": "strategy",
    "arms": [{"arm": "guided", "share": 0.5}, {"arm": "hints", "share": 0.5}],
    "control": "guided",
    "traffic": 0.6,
    "eligible": {"tasks": ["practice", "explanation"]},
}


async def test_an_experiment_from_its_beginning_to_its_end(start: AsyncStart) -> None:
    masterx = await start()
    status, began = await masterx.call("POST", "/v1/experiments", GOOD)
    assert (status, began["state"], began["conclusion"]["then"]) == (201, "running", "wait")
    assert began["results"]["contrasts"][0]["effect"] is None

    async def refused(**fields: Any) -> list[str]:
        status, body = await masterx.call("POST", "/v1/experiments", {**GOOD, "name": "another", **fields})
        assert status == 422, body
        return [error["field"] for error in body["errors"]]

    assert await refused() == ["traffic"]
    apart = {"eligible": {"tasks": ["planning"]}, "control": "guided"}
    assert await refused(**apart) == ["control"]
    assert await refused(arms=[{"arm": "guided", "share": 0.5}, {"arm": "gpt", "share": 0.4}]) == [
        "arms.1.arm",
        "arms",
        "traffic",
    ]
    assert await refused(choice="weather", arms=GOOD["arms"][:1]) == ["choice", "arms"]
    assert await refused(traffic=0.3, name=GOOD["name"]) == ["name"]
    assert await refused(traffic=0.3, unit="class") == ["unit"]

    status, listed = await masterx.call("GET", "/v1/experiments")
    assert (status, [one["id"] for one in listed["data"]]) == (200, [began["id"]])
    status, body = await masterx.call("POST", f"/v1/experiments/{began['id']}:stop", {"why": "enough"})
    assert (status, body["state"], body["ended_by"], body["ended_why"]) == (200, "stopped", "operator", "enough")
    assert body["conclusion"]["then"] == "rerun"
    assert (await masterx.call("GET", f"/v1/experiments/{began['id']}"))[1]["ended_at"] == body["ended_at"]
    assert (await masterx.call("GET", "/v1/experiments/none"))[0] == 404
    assert (await masterx.call("POST", "/v1/experiments", {**GOOD, "name": "again", "traffic": 1.0}))[0] == 201
