"""Experiments over the real service: begun, refused, looked at, stopped."""

import asyncio
from pathlib import Path
from typing import Any

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import cli

GOOD: dict[str, Any] = {
    "name": "hints or questions",
    "choice": "strategy",
    "arms": [{"arm": "hints", "share": 0.5}, {"arm": "socratic", "share": 0.5}],
    "control": "hints",
    "traffic": 0.6,
    "eligible": {"tasks": ["practice"]},
}


async def test_an_experiment_from_its_beginning_to_its_end(start: AsyncStart, tmp_path: Path) -> None:
    settings = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    masterx = await start(**settings)
    status, began = await masterx.call("POST", "/v1/experiments", GOOD)
    assert (status, began["state"], began["conclusion"]["then"]) == (201, "running", "wait")
    assert began["results"]["contrasts"][0]["effect"] is None

    async def refused(**fields: Any) -> list[str]:
        status, body = await masterx.call("POST", "/v1/experiments", {**GOOD, "name": "another", **fields})
        assert status == 422, body
        return [error["field"] for error in body["errors"]]

    assert await refused() == ["traffic"]
    assert await refused(control="socratic", traffic=0.3) == ["control"]
    assert await refused(eligible={"tasks": ["practice", "planning"]}, traffic=0.3) == ["eligible.tasks"]
    assert await refused(arms=[{"arm": "hints", "share": 0.5}, {"arm": "gpt", "share": 0.4}]) == [
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
    asked = "adopt", began["id"]
    code, said, errors = await cli(tmp_path, settings, *asked)
    assert (code, "nothing follows: its verdict is rerun 'hints'" in said) == (0, True), errors
    code, _, errors = await cli(tmp_path, settings, *asked, "--write", str(tmp_path / "next.toml"))
    assert (code, "nothing written: its verdict is rerun" in errors) == (2, True), errors
    assert (await masterx.call("GET", f"/v1/experiments/{began['id']}"))[1]["ended_at"] == body["ended_at"]
    assert (await masterx.call("GET", "/v1/experiments/none"))[0] == 404
    assert (await masterx.call("POST", "/v1/experiments", {**GOOD, "name": "again", "traffic": 1.0}))[0] == 201


async def test_learners_keep_their_arm_and_what_comes_of_it_is_measured(start: AsyncStart) -> None:
    masterx = await start()
    design = {"hours": 0.0002, "learners": 50, "outcome": "feedback"}
    wanted = {**GOOD, "traffic": 1.0, "design": design}
    _, began = await masterx.call("POST", "/v1/experiments", wanted)
    arms: dict[str, set[str]] = {}
    for n in range(40):  # of twenty learners the lot gives all the same arm once in half a million runs
        _, session = await masterx.call("POST", "/v1/sessions", {"learner_id": f"learner {n % 20}"})
        _, turn = await masterx.call(
            "POST", f"/v1/sessions/{session['id']}/turns", {"message": "3x = 6", "task": "practice"}
        )
        made = next(one for one in turn["decisions"] if one["choice"] == "strategy")
        assert (made["how"], made["experiment"], made["propensity"]) == ("experiment", began["id"], 0.5)
        assert made["arm"] == turn["strategy"]
        arms.setdefault(session["learner_id"], set()).add(made["arm"])
        await masterx.call("POST", f"/v1/turns/{turn['id']}/feedback", {"helpful": True})
    assert all(len(each) == 1 for each in arms.values())
    assert len(set.union(*arms.values())) == 2

    async def seen() -> list[dict[str, Any]]:
        _, body = await masterx.call("GET", f"/v1/experiments/{began['id']}")
        return list(body["results"]["arms"])

    async with asyncio.timeout(30):
        while sum(one["measured"] for one in await seen()) < 20:
            await asyncio.sleep(0.1)
    assert {one["mean"] for one in await seen()} == {1.0}
    assert sum(one["learners"] for one in await seen()) == 20
