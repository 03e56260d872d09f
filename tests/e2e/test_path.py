"""Paths and forecasts through the real service."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.conftest import AsyncStart
from tests.e2e.test_access import Caller, key
from tests.e2e.test_courses import COURSE

PATH = "/v1/learners/ada/path"
FORECAST = "/v1/learners/ada/forecast"


async def test_a_new_learner_is_led_through_the_course(start: AsyncStart) -> None:
    masterx = await start()
    assert (await masterx.call("PUT", "/v1/courses/algebra", COURSE))[0] == 201
    status, path = await masterx.call("GET", f"{PATH}?course_id=algebra")
    assert (status, [step["skill"] for step in path["steps"]]) == (200, ["fractions", "linear"])
    assert path["steps"][0] == {
        "kind": "learn",
        "skill": "fractions",
        "title": "Fractions",
        "minutes": 40.0,
        "gain": 0.3,
        "why": "not tried yet; learning it adds about 0.30 in 40 minutes; it opens one more",
        "mastery": None,
        "recall": None,
    }
    _, short = await masterx.call("GET", f"{PATH}?course_id=algebra&minutes=45")
    assert ([step["skill"] for step in short["steps"]], short["left"]) == (["fractions"], 1)
    _, planned = await masterx.call("GET", f"{PATH}?course_id=algebra&minutes=45&until=2999-01-01")
    assert planned["errors"][0]["field"] == "until"
    status, forecast = await masterx.call("GET", f"{FORECAST}?course_id=algebra&by={_soon()}")
    assert (status, forecast["probability"], forecast["why"]) == (200, None, "there is no answer to tell it from yet")
    assert (await masterx.call("GET", PATH))[1]["steps"] == []


async def test_what_makes_no_sense_is_refused_by_name(start: AsyncStart) -> None:
    masterx = await start()
    for query, field in (
        ("minutes=0", "minutes"),
        ("minutes=abc", "minutes"),
        ("minutes=-5", "minutes"),
        ("minutes=1e3", "minutes"),
        ("until=soon&minutes=5", "until"),
        ("until=2001-01-01&minutes=5", "until"),
        ("until=9999-12-31&minutes=5", "until"),
        (f"until={_soon()}", "minutes"),
        ("limit=0", "limit"),
        ("course_id=", "course_id"),
    ):
        status, problem = await masterx.call("GET", f"{PATH}?{query}")
        assert (status, problem["errors"][0]["field"]) == (422, field), query
    for query, field in (("by=2999-01-01", "skill"), ("skill=a&course_id=b&by=x", "skill"), ("skill=a", "by")):
        status, problem = await masterx.call("GET", f"{FORECAST}?{query}")
        assert (status, problem["errors"][0]["field"]) == (422, field), query
    for path in (f"{PATH}?course_id=nowhere", f"{FORECAST}?course_id=nowhere&by={_soon()}"):
        assert (await masterx.call("GET", path))[1]["type"] == "/problems/course-not-found"


async def test_a_learner_sees_only_their_own_path(start: AsyncStart, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/masterx.db"
    masterx = await start(MASTERX_AUTH="required", MASTERX_STORE=store)
    ada = Caller(masterx, await key(tmp_path, store, "--role", "learner", "--learner", "ada"))
    teacher = Caller(masterx, await key(tmp_path, store, "--role", "teacher"))
    foreign = Caller(masterx, await key(tmp_path, store, "--role", "operator", "--workspace", "other"))
    assert (await teacher("PUT", "/v1/courses/algebra", COURSE))[0] == 201
    for caller, status in ((ada, 200), (teacher, 200), (foreign, 404)):
        assert (await caller("GET", f"{PATH}?course_id=algebra"))[0] == status
    assert (await ada("GET", "/v1/learners/bob/path"))[0] == 404
    assert (await ada("GET", f"/v1/learners/bob/forecast?skill=a&by={_soon()}"))[0] == 404
    assert (await masterx.call("GET", PATH))[0] == 401


def _soon() -> str:
    return (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


async def test_answers_move_the_path_and_the_forecast(start: AsyncStart, production: dict[str, str]) -> None:
    masterx = await start(**production)
    assert (await masterx.call("PUT", "/v1/courses/algebra", COURSE))[0] == 201
    now = datetime.now(UTC)
    times = [(now - timedelta(days=day, minutes=n)).isoformat() for day in range(9, 2, -1) for n in range(6, 0, -1)]
    right = [{"skill": "fractions", "correct": True, "at": at} for at in times]
    status, _ = await masterx.call("POST", "/v1/learners/ada/answers", {"answers": right})
    assert status == 200
    _, path = await masterx.call("GET", f"{PATH}?course_id=algebra")
    assert path["mastered"] == 1
    learning = [step["skill"] for step in path["steps"] if step["kind"] == "learn"]
    assert learning == ["linear"]
    status, skill = await masterx.call("GET", f"{FORECAST}?skill=fractions&by={_soon()}")
    assert (status, skill["what"], skill["at_risk"]) == (200, "mastery", False)
    assert skill["low"] < skill["expected"] < skill["high"]
    assert skill["days_observed"] == 10
    _, course = await masterx.call("GET", f"{FORECAST}?course_id=algebra&by={_soon()}")
    assert (course["what"], course["now"]) == ("progress", 0.3333)
    assert course["answers_per_day"] > 4
    _, other = await masterx.call("GET", f"/v1/learners/bob/forecast?course_id=algebra&by={_soon()}")
    assert other["probability"] is None
