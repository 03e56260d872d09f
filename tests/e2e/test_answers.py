"""Graded answers over HTTP: what is kept, what is said of each, and what becomes of odd and bad ones."""

import asyncio
import io
import json
from collections import Counter
from datetime import date
from typing import Any

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import PATIENCE, Masterx, cli

BODIES: list[tuple[str, Any, int, list[str]]] = [
    ("no answers", {}, 422, ["answers"]),
    ("none at all", {"answers": []}, 422, ["answers"]),
    ("10,001", {"answers": [{"skill": "a", "correct": True}] * 10_001}, 422, ["answers"]),
    ("no skill", {"answers": [{"correct": True}]}, 422, ["answers.0.skill"]),
    ("correct as text", {"answers": [{"skill": "a", "correct": "yes"}]}, 422, ["answers.0.correct"]),
    (
        "a negative time in the second row and a bad moment in the third",
        {
            "answers": [
                {"skill": "a", "correct": True},
                {"skill": "a", "correct": True, "response_ms": -1},
                {"skill": "a", "correct": True, "at": "yesterday"},
            ]
        },
        422,
        ["answers.1.response_ms", "answers.2.at"],
    ),
    (
        "a time without an offset",
        {"answers": [{"skill": "a", "correct": True, "at": "2026-01-01T00:00:00"}]},
        422,
        ["answers.0.at"],
    ),
    (
        "before time",
        {"answers": [{"skill": "a", "correct": True, "at": "0001-01-01T00:00:00Z"}]},
        422,
        ["answers.0.at"],
    ),
    ("negative hints", {"answers": [{"skill": "a", "correct": True, "hints": -1}]}, 422, ["answers.0.hints"]),
    ("an unknown field", {"answers": [{"skill": "a", "correct": True, "voice": 1}]}, 422, ["answers.0.voice"]),
]


def rows(n: int, skill: str = "fractions", **fields: Any) -> dict[str, Any]:
    return {"answers": [{"skill": skill, "correct": i % 3 != 0, "item": f"i{i % 50}", **fields} for i in range(n)]}


async def post(masterx: Masterx, body: Any, learner: str = "ada", **headers: str) -> tuple[int, Any]:
    return await masterx.call("POST", f"/v1/learners/{learner}/answers", body, **headers)


async def mastery(masterx: Masterx, learner: str = "ada") -> list[dict[str, Any]]:
    status, body = await masterx.call("GET", f"/v1/learners/{learner}/mastery?limit=200")
    assert status == 200, body
    found: list[dict[str, Any]] = body["data"]
    return found


async def test_answers_are_foretold_and_move_mastery(start: AsyncStart) -> None:
    masterx = await start()
    status, body = await post(masterx, {"answers": [{"skill": "fractions", "correct": True}] * 10})
    assert status == 200, body
    told = [row["predicted"] for row in body["data"]]
    assert told == sorted(told)
    assert body["data"][0]["noted"] == ["new-skill"]
    assert body["counted"] == 10
    [fact] = await mastery(masterx)
    assert min(fact["probability"], body["data"][-1]["mastery"]) > 0.75
    assert (fact["attempts"], fact["evidence"][-1]) == (10, body["data"][-1]["id"])


async def test_bad_rows_are_named_and_nothing_is_kept(start: AsyncStart) -> None:
    masterx = await start()
    for name, body, expected, fields in BODIES:
        data = io.BytesIO(json.dumps(body).encode())
        async with masterx.http.post(masterx.url + "/v1/learners/ada/answers", data=data) as answer:
            status, problem = answer.status, await answer.json(content_type=None)
        assert status == expected, name
        assert [e["field"] for e in problem["errors"]] == fields, name
    async with masterx.http.post(masterx.url + "/v1/learners/ada/answers", data=io.BytesIO(b" " * 1_048_577)) as answer:
        assert answer.status == 413
    assert (await post(masterx, rows(1), learner="a%00b"))[0] == 422
    assert await mastery(masterx) == []


async def test_ten_thousand_answers_in_one_call_are_kept_while_others_are_served(start: AsyncStart) -> None:
    masterx = await start()
    (status, body), (other, _) = await asyncio.gather(post(masterx, rows(10_000)), post(masterx, rows(1), "bob"))
    assert (status, other) == (200, 200), body
    assert body["counted"] == len(body["data"]) == 10_000
    assert [fact["attempts"] for fact in await mastery(masterx)] == [10_000]


async def test_odd_answers_are_kept_and_noted(start: AsyncStart) -> None:
    masterx = await start()
    first = {"skill": "a", "correct": True, "at": "2026-01-02T00:00:00Z"}
    late = {"skill": "a", "correct": False, "at": "2026-01-01T00:00:00+01:00"}
    future = {"skill": "b", "correct": True, "at": "2999-01-01T00:00:00Z"}
    _, body = await post(masterx, {"answers": [first, late, first, future]})
    assert [row["noted"] for row in body["data"]] == [
        *(["new-skill"], ["out-of-order"], ["duplicate"], ["future", "new-skill"])
    ]
    assert (body["counted"], body["data"][2]["predicted"]) == (3, None)
    _, body = await post(masterx, {"answers": [future, late, first, {**first, "item": "other"}]})
    assert [row["noted"] for row in body["data"]] == [["duplicate"]] * 3 + [["out-of-order"]]
    assert {f["skill"]: f["attempts"] for f in await mastery(masterx)} == {"a": 3, "b": 1}
    assert all(f["last_at"] < "2900" for f in await mastery(masterx))


async def test_an_answer_with_an_id_counts_once(start: AsyncStart) -> None:
    masterx = await start()
    named = {"answers": [{"skill": "a", "correct": True, "id": f"q{n}"} for n in (1, 2, 1)]}
    assert (await post(masterx, named))[1]["counted"] == 2
    assert (await post(masterx, named))[1]["counted"] == 0
    assert [fact["attempts"] for fact in await mastery(masterx)] == [2]


async def test_a_retry_with_its_key_returns_the_first_answer(start: AsyncStart) -> None:
    masterx = await start()
    status, first = await post(masterx, rows(5), Idempotency_Key="k1")
    assert status == 200
    await post(masterx, rows(7))
    together = await asyncio.gather(*(post(masterx, rows(5), Idempotency_Key="k1") for _ in range(5)))
    assert together == [(200, first)] * 5
    assert (await post(masterx, rows(6), Idempotency_Key="k1"))[0] == 409
    assert (await post(masterx, rows(5), "bob", Idempotency_Key="k1"))[0] == 409
    assert [fact["attempts"] for fact in await mastery(masterx)] == [12]


async def test_two_replicas_take_answers_of_one_learner_and_agree(
    start: AsyncStart, mongo_url: str, redis_url: str
) -> None:
    settings = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url}
    here, there = await start(**settings), await start(**settings)
    calls = [post(replica, rows(3), Idempotency_Key=f"k{n % 10}") for n in range(20) for replica in (here, there)]
    answers = await asyncio.gather(*calls)
    assert {status for status, _ in answers} == {200}
    # What others make of the skill is some seconds old in each of them.
    async with asyncio.timeout(PATIENCE):
        while (one := await mastery(here)) != await mastery(there):
            await asyncio.sleep(0.2)
    assert [fact["attempts"] for fact in one] == [30]


async def test_killed_between_answers_everything_acknowledged_is_counted_once(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    for n in range(5):
        status, body = await post(masterx, {"answers": [{"skill": "a", "correct": n % 2 == 0}] * 3})
        assert status == 200, body
    await masterx.kill()
    await masterx.start()
    [fact] = await mastery(masterx)
    assert (fact["attempts"], fact["evidence"][-1]) == (15, body["data"][-1]["id"])


async def test_rebuild_beside_a_running_service_changes_nothing(start: AsyncStart) -> None:
    masterx = await start()
    for learner in ("ada", "bob"):
        await post(masterx, rows(40), learner)
    before = [await mastery(masterx, learner) for learner in ("ada", "bob")]
    code, out, errors = await cli(masterx.folder, masterx.environment, "rebuild")
    assert (code, out.splitlines()[0]) == (0, "2 learners: what was learned of them is derived again"), errors
    after = [await mastery(masterx, learner) for learner in ("ada", "bob")]
    assert [[f["evidence"] for f in facts] for facts in after] == [[f["evidence"] for f in facts] for facts in before]
    assert (await post(masterx, rows(1)))[0] == 200
    assert [fact["attempts"] for fact in await mastery(masterx)] == [41]


async def test_who_may_write_and_read(start: AsyncStart) -> None:
    masterx = await start(MASTERX_AUTH="required")
    keys = {}
    for name, arguments in {
        "ada": ("learner", "--learner", "ada"),
        "bob": ("learner", "--learner", "bob"),
        "teacher": ("teacher",),
        "service": ("service",),
        "elsewhere": ("service", "--workspace", "other"),
    }.items():
        code, out, errors = await cli(masterx.folder, masterx.environment, "keys", "create", "--role", *arguments)
        assert code == 0, errors
        keys[name] = {"Authorization": f"Bearer {out.split()[0]}"}
    found = {name: await post(masterx, rows(1), **key) for name, key in keys.items()}
    statuses = {name: status for name, (status, _) in found.items()}
    assert statuses == {"ada": 403, "bob": 404, "teacher": 403, "service": 200, "elsewhere": 200}
    assert "a learner's key does not grade" in found["ada"][1]["detail"]
    seen = {}
    for name, key in keys.items():
        status, body = await masterx.call("GET", "/v1/learners/ada/mastery", **key)
        seen[name] = (status, [f["attempts"] for f in body["data"]] if status == 200 else None)
    assert seen == {
        "ada": (200, [1]),
        "bob": (404, None),
        "teacher": (200, [1]),
        "service": (200, [1]),
        "elsewhere": (200, [1]),
    }


async def test_mastery_is_paged(start: AsyncStart) -> None:
    masterx = await start()
    await post(masterx, {"answers": [{"skill": f"s{n:03}", "correct": True} for n in range(120)]})
    found, cursor = list[str](), ""
    while len(found) < 120:
        _, body = await masterx.call("GET", f"/v1/learners/ada/mastery?limit=50&cursor={cursor}")
        found += [fact["skill"] for fact in body["data"]]
        cursor = body["next_cursor"]
    assert found == [f"s{n:03}" for n in range(120)]
    assert cursor is None


async def test_reviews_are_planned_as_the_learner_wishes(start: AsyncStart) -> None:
    masterx = await start()
    answers = [{"skill": f"s{n:02}", "correct": True, "at": "2026-01-05T09:00:00Z"} for n in range(30)]
    await post(masterx, {"answers": answers})
    wished = {"daily_reviews": 4, "days_off": ["sunday"], "timezone": "Europe/Berlin", "exam_date": "2099-06-01"}
    status, body = await masterx.call("PUT", "/v1/learners/ada", wished)
    assert (status, body["preferences"]) == (200, wished)
    status, body = await masterx.call("GET", "/v1/learners/ada/reviews?days=30")
    assert status == 200, body
    assert (len(body["data"]), body["overdue"], body["unplaced"], body["daily_reviews"]) == (30, 30, 0, 4)
    assert all(0.0 < review["recall"] < 1.0 for review in body["data"])
    assert max(Counter(review["day"] for review in body["data"]).values()) == 4
    assert not any(date.fromisoformat(review["day"]).weekday() == 6 for review in body["data"])
    _, context = await masterx.call("POST", "/v1/context", {"session_id": await masterx.session(), "message": "Hi"})
    assert "Timezone" not in json.dumps(context["messages"])


async def test_bad_wishes_for_reviews_are_named(start: AsyncStart) -> None:
    masterx = await start()
    for wish, field in (
        ({"daily_reviews": 0}, "daily_reviews"),
        ({"daily_reviews": 2.5}, "daily_reviews"),
        ({"days_off": ["someday"]}, "days_off.0"),
        ({"days_off": ["2026-02-30"]}, "days_off.0"),
        ({"exam_date": "tomorrow"}, "exam_date"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
    ):
        status, problem = await masterx.call("PUT", "/v1/learners/ada", wish)
        assert (status, [e["field"] for e in problem["errors"]]) == (422, [field]), wish
    for days in ("0", "91", "x", "-1", "9" * 30):
        assert (await masterx.call("GET", f"/v1/learners/ada/reviews?days={days}"))[0] == 422
    assert (await masterx.call("GET", "/v1/learners/nobody/reviews"))[1]["data"] == []


async def test_an_erased_learner_begins_anew(start: AsyncStart) -> None:
    masterx = await start()
    await post(masterx, rows(3))
    assert (await masterx.call("DELETE", "/v1/learners/ada"))[0] == 200
    assert await mastery(masterx) == []
    _, body = await post(masterx, rows(1))
    assert body["data"][0]["noted"] == ["new-skill"]
    assert [fact["attempts"] for fact in await mastery(masterx)] == [1]


async def test_figures_say_how_well_answers_were_foretold(start: AsyncStart) -> None:
    masterx = await start()
    await post(masterx, rows(30))
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        told = await answer.text()
    assert 'masterx_answers_total{what="counted"} 30.0' in told
    assert "masterx_predictions 30.0" in told
    assert 'masterx_prediction_log_loss{by="model"} 0.' in told
    assert 'masterx_prediction_log_loss{by="rate"} 0.' in told


async def test_skills_that_a_message_names_stand_in_its_turn(start: AsyncStart) -> None:
    masterx = await start()
    await post(masterx, rows(2, skill="adding fractions"))
    status, turn = await masterx.ask(await masterx.session(), "Why do I add fractions like that?")
    assert (status, turn["reading"]["skills"]) == (200, ["adding fractions"])
