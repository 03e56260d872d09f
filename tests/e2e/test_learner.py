"""What is believed of a learner is in the context of their next turn: what they cannot do yet, what is due, what they
are like as they and their teachers let it stand, and how they do right now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import changed
from tests.e2e.service import Masterx, cli

WANTED = ("# How to teach:", "[workspaces.default]\naffect = true\n\n# How to teach:")


async def post(masterx: Masterx, answers: list[dict[str, Any]], learner: str = "ada") -> list[str]:
    """The ids of answers that were kept."""
    status, body = await masterx.call("POST", f"/v1/learners/{learner}/answers", {"answers": answers})
    assert status == 200, body
    return [row["id"] for row in body["data"]]


async def context(masterx: Masterx, session: str, message: str = "How do I go on?") -> str:
    """All that a model would read."""
    status, body = await masterx.call("POST", "/v1/context", {"session_id": session, "message": message})
    assert status == 200, body
    return "\n".join(str(message["content"]) for message in body["messages"])


async def traits(masterx: Masterx) -> dict[str, Any]:
    status, body = await masterx.call("GET", "/v1/learners/ada/profile")
    assert status == 200, body
    found: dict[str, Any] = body["traits"]
    return found


async def test_weak_skills_and_due_reviews_are_in_the_next_context(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    assert "fractions" not in await context(masterx, session)
    await post(masterx, [{"skill": "adding fractions", "correct": n % 5 == 0} for n in range(15)])
    told = await context(masterx, session)
    assert "adding fractions: right in about" in told
    assert "Review due" not in told
    long_ago = (datetime.now(UTC) - timedelta(days=200)).isoformat()
    session = await masterx.session("bob")
    await post(masterx, [{"skill": "square roots", "correct": True, "at": long_ago}], "bob")
    assert "Review due: square roots" in await context(masterx, session)


async def test_traits_come_from_answers_are_told_to_the_model_and_hold_what_people_said(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    given = [
        {"skill": "sums", "correct": day % 10 < share, "response_ms": 20_000, "hints": 1, "at": at(day, hour)}
        for day in range(20)
        for hour, share in ((9, 10), (20, 3))
    ]
    ids = await post(masterx, given)
    found = await traits(masterx)
    assert 19 < found["pace"]["value"] < 21
    assert (found["help_seeking"]["value"], found["time_of_day"]["value"]) == (1.0, "morning")
    assert found["pace"]["evidence"] == ids[-5:]
    assert (await masterx.call("PUT", "/v1/learners/ada", {"timezone": "Asia/Tokyo"}))[0] == 200
    assert (await traits(masterx))["time_of_day"]["value"] == "evening"
    told = await context(masterx, session)
    assert "Pace: takes about 20 s an answer" in told
    assert "asks for hints often" in told
    path = "/v1/learners/ada/profile"
    assert (await masterx.call("PUT", f"{path}/pace", {"value": 75}))[0] == 200
    assert (await masterx.call("PUT", f"{path}/help_seeking", {"hidden": True}))[0] == 200
    told = await context(masterx, session)
    assert "Pace: takes about 75 s an answer" in told
    assert "hints often" not in told


def at(day: int, hour: int) -> str:
    return (datetime(2026, 1, 1, hour, 30, tzinfo=UTC) + timedelta(days=day)).isoformat()


async def test_a_profile_is_the_same_after_a_rebuild_and_forgets_an_erased_session(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    kept, erased = await masterx.session(), await masterx.session()
    for n in range(3):
        await masterx.ask(kept, f"Give me an example of fraction {n}")
        await masterx.ask(erased, "I love football, tell me more")
    await post(masterx, [{"skill": "sums", "correct": n % 2 == 0, "response_ms": 9_000 + n} for n in range(30)])
    before = await traits(masterx)
    assert before["interests"]["value"] == ["football"]
    code, _, errors = await cli(masterx.folder, masterx.environment, "rebuild")
    assert code == 0, errors
    again = await start(**production)
    assert await traits(again) == before
    assert (await again.call("DELETE", f"/v1/sessions/{erased}"))[0] == 204
    after = await traits(again)
    assert after["interests"]["value"] is None
    assert (after["explanation_form"], after["pace"]) == (before["explanation_form"], before["pace"])


async def test_errors_in_a_row_are_a_strain_that_is_told_with_its_evidence(start: AsyncStart, tmp_path: Path) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, WANTED))
    session = await masterx.session()
    ids = await post(masterx, [{"skill": "sums", "correct": False, "response_ms": 900} for _ in range(5)])
    status, told = await masterx.call("GET", "/v1/learners/ada/affect")
    assert status == 200
    now = told["now"]
    assert {signal["name"]: signal["evidence"] for signal in now["signals"]} == {
        "repeated_errors": ids,
        "very_fast": ids,
    }
    assert now["frustration"] == now["strain"] == 0.58
    _, turn = await masterx.ask(session, "ugh, this is so annoying, I hate fractions")
    _, later = await masterx.call("GET", "/v1/learners/ada/affect")
    assert later["now"]["label"] == "frustration"
    assert later["now"]["frustration"] > max(turn["reading"]["affect"]["frustration"], 0.58)
    assert "make the next step small enough" in await context(masterx, session, "ugh, this is so annoying, I hate it")


async def test_what_they_do_is_no_sign_of_anything_where_affect_is_not_wanted(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    await post(masterx, [{"skill": "sums", "correct": False, "response_ms": 900} for _ in range(5)])
    assert (await masterx.call("GET", "/v1/learners/ada/affect"))[1]["now"] is None
    assert "How they seem to feel" not in await context(masterx, session, "ugh, this is so annoying")
