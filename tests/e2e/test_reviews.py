"""Chances, due dates and what is said of them, through the real service, as a learner or a teacher would read them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.conftest import AsyncStart

ANSWERS = {
    "answers": [
        {"skill": "linear equations", "correct": False},
        {"skill": "linear equations", "correct": False, "hints": 2},
        {"skill": "fractions", "correct": True, "response_ms": 3000},
    ]
}


async def test_the_first_answers_lead_to_chances_and_dates_that_make_sense(start: AsyncStart) -> None:
    masterx = await start()
    _, told = await masterx.call("POST", "/v1/learners/ada/answers", ANSWERS)
    _, reviews = await masterx.call("GET", "/v1/learners/ada/reviews")
    found = {review["skill"]: review for review in reviews["data"]}
    hard, easy = found["linear equations"], found["fractions"]
    assert [review["skill"] for review in reviews["data"]] == ["linear equations", "fractions"]
    assert 0.15 < hard["recall"] < 0.5 < 0.8 < easy["recall"] < 1.0
    assert 0.0 < easy["value"] < hard["value"] < 1.0
    now = datetime.now(UTC)
    assert datetime.fromisoformat(hard["due_at"]) - now < timedelta(minutes=11)
    assert timedelta(hours=20) < datetime.fromisoformat(easy["due_at"]) - now < timedelta(days=4)
    assert (reviews["overdue"], hard["why"], easy["why"]) == (0, "due", "due")
    _, path = await masterx.call("GET", "/v1/learners/ada/path")
    assert not any("due since" in step["why"] for step in path["steps"])
    assert [step["skill"] for step in path["steps"]].count("linear equations") == 1
    _, mastery = await masterx.call("GET", "/v1/learners/ada/mastery")
    by = (now + timedelta(days=30)).date()
    _, forecast = await masterx.call("GET", f"/v1/learners/ada/forecast?skill=fractions&by={by}")
    assert all(round(figure, 4) == figure for figure in _figures([told, reviews, path, mastery, forecast]))


async def test_what_was_learned_weeks_ago_is_due_since_then_and_known_less(start: AsyncStart) -> None:
    masterx = await start()
    ago = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    answers = [{"skill": "old", "correct": True, "at": ago}, {"skill": "new", "correct": True}]
    assert (await masterx.call("POST", "/v1/learners/ada/answers", {"answers": answers}))[0] == 200
    _, reviews = await masterx.call("GET", "/v1/learners/ada/reviews")
    found = {review["skill"]: review for review in reviews["data"]}
    assert found["old"]["why"] == "overdue"
    assert 0.4 < found["old"]["recall"] < 0.85 < found["new"]["recall"]
    assert found["old"]["value"] > found["new"]["value"] > 0.0
    _, path = await masterx.call("GET", "/v1/learners/ada/path?limit=1")
    since = f"due since {found['old']['due_at'][:10]}; the chance that it is still known is "
    assert all(step["why"].startswith(since) for step in path["steps"] if step["kind"] == "review")


def _figures(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [figure for part in parts for figure in _figures(part)]
