"""What layers are worth, over the real service: from ratings to an estimate, and to the next policy."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock, iso
from app.context.worth import LEAST
from app.policy import load
from app.settings import CONFIG
from app.storage.ports import SESSIONS, TURNS
from app.storage.records import to_doc
from app.vocabulary import Explored, Receipt, Session, State, Task, Turn
from tests.contract.conftest import open_store
from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import changed
from tests.e2e.service import Masterx, cli

LAYERS = ("memory", "history")
WITHOUT = Explored(LAYERS, 0.005, "memory", 0.0)
WHOLE = Explored(LAYERS, 0.98)
CLOCK = SystemClock()


def turn(seq: int, explored: Explored | None, **fields: Any) -> Turn:
    """A closed turn of a model, as the service keeps it."""
    receipt = Receipt(2_048, 500, 600, "o200k", "1", (), explored=explored)
    made = Turn(
        *(CLOCK.id(), "default", "s1", "ada", seq, "Why?", iso(CLOCK.now())),
        state=State.COMPLETE,
        reply="Because.",
        task=Task.PRACTICE,
        provider="openai",
        policy="1",
        receipt=receipt,
    )
    return replace(made, **fields)


async def seeded(folder: Path, environment: Mapping[str, str], turns: list[Turn]) -> None:
    """Puts turns into a store that no service runs on yet."""
    assert (await cli(folder, environment, "migrate"))[0] == 0
    store = await open_store(environment["MASTERX_STORE"].removeprefix("sqlite:///"))
    at = iso(CLOCK.now())
    await store.insert(SESSIONS, to_doc(Session("s1", "default", "ada", at, at)))
    await asyncio.gather(*(store.insert(TURNS, to_doc(one)) for one in turns))
    await store.close()


async def rate(masterx: Masterx, rated: Turn, **feedback: Any) -> None:
    status, body = await masterx.call("POST", f"/v1/turns/{rated.id}/feedback", feedback)
    assert status == 201, body


async def rows(masterx: Masterx) -> dict[tuple[str | None, str, float], dict[str, Any]]:
    status, body = await masterx.call("GET", "/v1/context/worth")
    assert status == 200, body
    return {(row["task"], row["layer"], row["factor"]): row for row in body["data"]}


async def test_a_layer_without_which_answers_are_worse_gets_more_weight(
    start: AsyncStart, tmp_path: Path, production: dict[str, str]
) -> None:
    policy = changed(tmp_path, ("memory = 0.5", "memory = 0.5  # earlier sessions"))
    settings = {**production, "MASTERX_POLICY": policy}
    without = [turn(n, WITHOUT) for n in range(1, 41)]
    whole = [turn(n, WHOLE) for n in range(41, 101)]
    await seeded(tmp_path, settings, [*without, *whole])
    masterx = await start(**settings)
    assert await rows(masterx) == {}
    await asyncio.gather(*(rate(masterx, one, rating=1 + n % 3) for n, one in enumerate(without)))
    await asyncio.gather(*(rate(masterx, one, rating=3 + n % 3) for n, one in enumerate(whole)))

    found = await rows(masterx)
    memory = found["practice", "memory", 0.0]
    assert (memory["whole"], memory["shrunk"]) == (60, 40)
    assert memory["low"] < 0.5 < memory["high"]
    assert memory["low"] > 0
    assert found[None, "memory", 0.0] == {**memory, "task": None}
    assert found["practice", "history", 0.0]["estimate"] is None
    _, body = await masterx.call("GET", "/v1/context/worth")
    assert (body["policy"], body["weights"]["memory"], body["proposed"]["memory"]) == ("1", 0.5, 0.6)

    written = tmp_path / "next.toml"
    code, said, errors = await cli(tmp_path, settings, "weights", "--write", str(written))
    assert code == 0, errors
    assert "memory = 0.6  (was 0.5)" in said
    assert "version 2" in said
    assert "memory = 0.6  # earlier sessions" in written.read_text("utf-8")
    assert load(written).version == "2"
    assert load(written).tasks == load(CONFIG / "policy.toml").tasks
    code, _, errors = await cli(tmp_path, settings, "weights", "--write", str(written))
    assert (code, errors) == (2, f"masterx: weights --write {written}: File exists\n")

    # The next version begins with no evidence, and moves nothing before it has some of its own.
    code, said, errors = await cli(
        tmp_path, {**settings, "MASTERX_POLICY": str(written)}, "weights", "--write", str(tmp_path / "third.toml")
    )
    assert (code, "no rated turn" in said, "no weight moves" in said) == (0, True, True), errors


async def test_only_first_ratings_of_turns_that_are_evidence_count(
    start: AsyncStart, tmp_path: Path, production: dict[str, str]
) -> None:
    good = turn(1, WHOLE)
    others = [
        turn(2, None),
        turn(3, WHOLE, degraded=True),
        turn(4, WHOLE, state=State.INCOMPLETE),
        turn(5, WHOLE, cached=True),
        turn(6, WHOLE, provider="offline"),
    ]
    await seeded(tmp_path, production, [good, *others])
    masterx = await start(**production)
    await rate(masterx, good, comment="Hm.")
    assert await rows(masterx) == {}
    await asyncio.gather(*(rate(masterx, good, helpful=True) for _ in range(5)))
    await rate(masterx, good, rating=1)
    for one in others:
        await rate(masterx, one, rating=5)
    found = await rows(masterx)
    assert {row["whole"] for row in found.values()} == {1}
    assert {row["shrunk"] for row in found.values()} == {0}
    assert LEAST > 1
    assert all(row["estimate"] is None for row in found.values())
    _, receipt = await masterx.call("GET", f"/v1/turns/{good.id}/context")
    assert receipt["explored"] == {"layers": ["memory", "history"], "propensity": 0.98, "layer": None, "factor": 1.0}


async def test_operators_alone_see_it_and_of_their_workspace_alone(start: AsyncStart, tmp_path: Path) -> None:
    settings = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db", "MASTERX_AUTH": "required"}
    one = turn(1, WHOLE)
    await seeded(tmp_path, settings, [one])
    keys = {}
    for role, workspace in (("operator", "default"), ("operator", "other"), ("service", "default")):
        code, secret, errors = await cli(tmp_path, settings, "keys", "create", "--role", role, "--workspace", workspace)
        assert code == 0, errors
        keys[role, workspace] = f"Bearer {secret.strip()}"
    masterx = await start(**settings)
    rated = await masterx.call(
        "POST", f"/v1/turns/{one.id}/feedback", {"rating": 5}, Authorization=keys["service", "default"]
    )
    assert rated[0] == 201
    found = {who: await masterx.call("GET", "/v1/context/worth", Authorization=key) for who, key in keys.items()}
    assert found["service", "default"][0] == 403
    assert len(found["operator", "default"][1]["data"]) == 8
    assert found["operator", "other"][1]["data"] == []


@pytest.mark.parametrize("file", ["", "/nowhere/policy.toml"])
async def test_without_evidence_nothing_is_written(tmp_path: Path, file: str) -> None:
    settings = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    code, said, errors = await cli(tmp_path, settings, "weights", *(["--write", file] if file else []))
    assert code == 0, errors
    assert "no rated turn" in said
    assert "memory = 0.5" in said
    assert load(CONFIG / "policy.toml").context.weights["memory"] == 0.5
