"""A learner who may be in danger is told where help is, at once and always; how learners feel is read only where it is
wanted, and out of their words alone."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS
from tests.e2e.service import Masterx

ANSWER = "".join(TEXTS)
WANTED = ("# How to teach:", "[workspaces.default]\naffect = true\n\n# How to teach:")
MINORS = ("# How to teach:", "[workspaces.default]\naffect = true\naffect_minors = true\n\n# How to teach:")
ALONE = ('answer = "first"', 'answer = "alone"')
BROKE = ("[budgets]\n", "[budgets]\nworkspace_usd = 0.0\n")


async def test_help_lines_come_first_and_a_model_goes_on(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    status, turn = await masterx.ask(session, "I failed again. I want to kill myself.")
    assert status == 200
    assert (turn["state"], turn["safety"], turn["strategy"]) == ("complete", "self_harm", "care")
    assert "988" in turn["reply"]
    assert turn["reply"].endswith(f"\n\n{ANSWER}")
    assert turn["reading"]["affect"]["label"] is None
    assert "just been shown help lines" in str(provider.requests[-1].body)
    assert (await masterx.call("GET", f"/v1/turns/{turn['id']}"))[1]["safety"] == "self_harm"
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        told = await answer.text()
    assert 'masterx_safety_flagged_total{kind="self_harm"} 1.0' in told
    assert 'masterx_safety_flagged_total{kind="danger"} 0.0' in told
    assert turn["id"] in masterx.log()
    assert "kill myself" not in masterx.log()


async def test_the_next_messages_of_the_session_are_not_taught_either_also_after_a_restart(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session, other = await masterx.session(), await masterx.session()
    await masterx.ask(session, "I want to kill myself")
    _, warm = await masterx.ask(session, "Yes, I have them here. How do I solve 3x + 5 = 20?")
    assert (warm["safety"], warm["strategy"], warm["task"]) == (None, "care", "emotional_support")
    assert "988" not in warm["reply"]
    again = await start(**production)
    strategies = [(await again.ask(session, "How do I solve 3x + 5 = 20?"))[1]["strategy"] for _ in range(3)]
    assert strategies[:2] == ["care", "care"]
    assert strategies[2] != "care"
    assert (await again.ask(other, "How do I solve 3x + 5 = 20?"))[1]["strategy"] != "care"


async def test_a_stream_begins_with_them(start: AsyncStart) -> None:
    masterx = await start()
    told = [event async for event in masterx.stream(await masterx.session(), "Mein Vater schlägt mich")]
    assert told[0].name == "turn.started"
    assert "116 111" in told[1].data["text"]
    assert told[-1].name == "turn.completed"
    assert told[-1].data["safety"] == "danger"


async def test_they_may_stand_alone(start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, ALONE))
    status, turn = await masterx.ask(await masterx.session(), "je veux mourir")
    assert (status, turn["state"], turn["provider"], turn["attempts"]) == (200, "complete", None, [])
    assert "3114" in turn["reply"]
    assert turn["finish_reason"] == "stop"
    assert not provider.requests


@pytest.mark.parametrize("fault", ["500", "401"])
async def test_they_come_where_no_model_can_answer_and_nobodys_rules_go_on(
    start: AsyncStart, provider: MisbehavingProvider, fault: str
) -> None:
    provider.script(fault=fault)
    masterx = await start()
    status, turn = await masterx.ask(await masterx.session(), "I want to die. What is 3x + 5 = 20?")
    assert (status, turn["state"], turn["degraded"], turn["offers"]) == (200, "complete", False, [])
    assert turn["reply"].startswith("I am glad you told me")
    assert "3x" not in turn["reply"]


async def test_they_come_where_all_money_is_spent(start: AsyncStart, tmp_path: Path) -> None:
    masterx = await start(MASTERX_POLICY=changed(tmp_path, BROKE))
    session = await masterx.session()
    assert (await masterx.ask(session, "How do plants breathe?"))[0] == 402
    status, turn = await masterx.ask(session, "quiero morirme")
    assert (status, turn["state"]) == (200, "complete")
    assert "024" in turn["reply"]


async def test_homework_that_kills_is_homework(start: AsyncStart) -> None:
    masterx = await start()
    _, turn = await masterx.ask(await masterx.session(), "This homework is killing me, how do I kill the process?")
    assert (turn["safety"], turn["reply"]) == (None, ANSWER)


async def test_how_a_learner_feels_is_not_read_unless_it_is_wanted(start: AsyncStart) -> None:
    masterx = await start()
    _, turn = await masterx.ask(await masterx.session(), "ugh, this is so annoying, I hate fractions")
    unknown = dict.fromkeys(("label", "confidence", "valence", "frustration"))
    assert turn["reading"]["affect"] == {**unknown, "because": []}
    assert (await masterx.call("GET", "/v1/learners/ada/affect"))[1] == {"now": None, "data": [], "next_cursor": None}


async def test_a_feeling_has_its_confidence_its_words_and_a_level_that_outlives_a_restart(
    start: AsyncStart, tmp_path: Path, production: dict[str, str]
) -> None:
    settings = {**production, "MASTERX_POLICY": changed(tmp_path, WANTED)}
    masterx = await start(**settings)
    session = await masterx.session()
    message = "ugh, this is so annoying, I hate fractions"
    _, first = await masterx.ask(session, message)
    felt = first["reading"]["affect"]
    assert felt["label"] == "frustration"
    assert 0.5 <= felt["confidence"] <= 1
    assert felt["valence"] < 0
    assert "annoying" in [span["text"] for span in felt["because"]]
    assert all(message[span["start"] : span["end"]] == span["text"] for span in felt["because"])
    again = await start(**settings)
    _, second = await again.ask(session, "oh wow, thank you, that is great!")
    assert second["reading"]["affect"]["label"] == "joy"
    assert 0 < second["reading"]["affect"]["frustration"] < felt["frustration"]
    status, page = await again.call("GET", "/v1/learners/ada/affect?limit=1")
    assert status == 200
    assert [one["turn_id"] for one in page["data"]] == [second["id"]]
    _, rest = await again.call("GET", f"/v1/learners/ada/affect?limit=1&cursor={page['next_cursor']}")
    assert [one["label"] for one in rest["data"]] == ["frustration"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("preferences", [{"minor": True}, {"age": 12}])
async def test_of_minors_it_is_read_only_where_the_workspace_says_so(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, preferences: dict[str, object]
) -> None:
    for policy, read in ((WANTED, False), (MINORS, True)):
        masterx = await start(MASTERX_POLICY=changed(tmp_path, policy))
        assert (await masterx.call("PUT", "/v1/learners/kid", {**preferences, "pace": "calm"}))[0] == 200
        _, turn = await masterx.ask(await masterx.session("kid"), "I'm so scared of the exam")
        assert (turn["reading"]["affect"]["label"] == "anxiety") is read
        assert turn["reading"]["affect"]["label"] in (None, "anxiety")
    sent = str(provider.requests[-1].body)
    assert "Pace: calm" in sent
    assert "inor" not in sent.partition("Pace: calm")[0][-200:]
    assert "Age:" not in sent


SENSED = (
    "voice",
    "audio",
    "audio_features",
    "face",
    "image",
    "video",
    "heart_rate",
    "typing_speed",
    "keystrokes",
    "dwell_ms",
)


async def test_what_would_carry_voice_face_or_rhythm_of_typing_is_refused(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    for field in SENSED:
        await refused(masterx, session, field)


async def refused(masterx: Masterx, session: str, field: str) -> None:
    """A field is refused by its name, wherever a learner's doings come in."""
    calls = (
        ("POST", f"/v1/sessions/{session}/turns", {"message": "hello", field: "x"}),
        ("POST", "/v1/sessions", {"learner_id": "ada", field: "x"}),
        ("POST", "/v1/context", {"session_id": session, "message": "hello", field: "x"}),
        ("PUT", "/v1/learners/ada", {field: "x"}),
    )
    for method, path, body in calls:
        status, problem = await masterx.call(method, path, body)
        assert status == 422
        assert [error["field"] for error in problem["errors"]] == [field]
    async with masterx.http.ws_connect(f"{masterx.url}/v1/sessions/{session}/chat") as chat:
        await chat.receive()
        for frame in ({"type": "message", "message": "hello", field: "x"}, {"type": "typing", field: "x"}):
            await chat.send_json(frame)
            told = await asyncio.wait_for(chat.receive_json(), 10)
            assert told["type"] == "error"
