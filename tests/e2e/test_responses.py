"""The cache of answers over the real service: who is told what another one was told, and who never is."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from websockets.asyncio.client import connect

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS
from tests.e2e.service import Masterx, cli, closed, events
from tests.e2e.two import catalogue

ANSWER = "".join(TEXTS)
WHY = "Why is the sky blue?"


def policy(folder: Path, *changes: tuple[str, str]) -> dict[str, str]:
    """Settings with the policy that ships, answers kept for an hour."""
    kept = ("\nttl = 0\n", "\nttl = 3600\n")
    # Whose memory is not there in time is answered alone, for something might be known of them.
    patient = ("\npatience = 0.15\n", "\npatience = 5\n")
    return {"MASTERX_POLICY": changed(folder, kept, patient, *changes, name=f"policy-{len(changes)}.toml")}


@dataclass(frozen=True)
class Told:
    """One answer: the header, and the record of the turn."""

    x_cache: str
    turn: dict[str, Any]

    @property
    def seen(self) -> tuple[str, bool, str]:
        """What counts here."""
        return self.x_cache, self.turn["cached"], self.turn["reply"]


MISS, HIT = ("miss", False, ANSWER), ("hit", True, ANSWER)
BYPASS = ("bypass", False, ANSWER)


class Class:
    """Learners of one school, who all ask the same service."""

    def __init__(self, masterx: Masterx, **headers: str) -> None:
        self.masterx, self.headers, self.learners = masterx, headers, 0
        self.name = uuid4().hex  # another class at the same store is of other learners

    async def session(self, **fields: Any) -> str:
        """A new session, of a learner nobody knows unless named."""
        self.learners += 1
        body = {"learner_id": f"{self.name}-{self.learners}", **fields}
        status, session = await self.masterx.call("POST", "/v1/sessions", body, **self.headers)
        assert status == 201, session
        return str(session["id"])

    async def ask(self, message: str = WHY, session: str | None = None, **fields: Any) -> Told:
        """Asks, in a session of its own if none is named; streamed where `stream` says so."""
        session = session or await self.session()
        body = {"message": message, "task": "explanation", **fields}
        path = f"{self.masterx.url}/v1/sessions/{session}/turns"
        async with self.masterx.http.post(path, json=body, headers=self.headers) as answer:
            assert answer.status == 200, await answer.text()
            if not fields.get("stream"):
                return Told(answer.headers["X-Cache"], await answer.json())
            heard = [event async for event in events(answer)]
            assert heard[-1].name in ("turn.completed", "error"), heard
            turn = heard[-1].data if heard[-1].name == "turn.completed" else await closed(self.masterx, session)
            assert "".join(event.data["text"] for event in heard if event.name == "delta") == turn["reply"]
            return Told(answer.headers["X-Cache"], turn)

    async def seen(self, *args: Any, **fields: Any) -> tuple[str, bool, str]:
        """Asks; what counts of the answer."""
        return (await self.ask(*args, **fields)).seen


async def started(start: AsyncStart, folder: Path, settings: Mapping[str, str]) -> Class:
    return Class(await start(**settings, **policy(folder)))


async def test_the_next_learner_is_told_the_same_at_once_and_it_costs_nothing(
    start: AsyncStart, provider: MisbehavingProvider, production: Mapping[str, str], tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, production)
    first = await pupils.ask()
    assert first.seen == MISS
    for stream in (False, True, False, True):
        told = await pupils.ask(stream=stream)
        assert told.seen == HIT
        assert (told.turn["provider"], told.turn["model"]) == (first.turn["provider"], first.turn["model"])
        assert (told.turn["attempts"], told.turn["finish_reason"], told.turn["degraded"]) == ([], "stop", False)
        assert told.turn["usage"] == {
            "input_tokens": None,
            "cached_tokens": None,
            "output_tokens": None,
            "cost_usd": 0.0,
        }
        assert told.turn["timing"]["total_ms"] >= told.turn["timing"]["first_token_ms"] >= 0
        assert (await pupils.masterx.call("GET", f"/v1/turns/{told.turn['id']}"))[1] == told.turn
    assert len(provider.requests) == 1
    async with pupils.masterx.http.get(f"{pupils.masterx.url}/metrics") as answer:
        figures = await answer.text()
    assert 'masterx_response_cache_total{result="hit"} 4.0' in figures
    assert 'masterx_response_cache_total{result="miss"} 1.0' in figures
    assert re.findall(r"^masterx_attempts_total{.*} (.+)$", figures, re.M) == ["1.0"]


async def test_what_was_streamed_first_is_told_in_one_piece_and_over_every_surface(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, {})
    assert await pupils.seen(stream=True) == MISS
    assert await pupils.seen() == HIT
    session = await pupils.session()
    async with connect(f"{pupils.masterx.url.replace('http', 'ws')}/v1/sessions/{session}/chat") as socket:
        await socket.send(json.dumps({"type": "message", "message": WHY, "task": "explanation"}))
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "turn.completed":
                assert (frame["turn"]["cached"], frame["turn"]["reply"]) == (True, ANSWER)
                break
    assert len(provider.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_openai_clients_share_answers_within_the_instructions_that_they_share(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, stream: bool
) -> None:
    pupils = await started(start, tmp_path, {})

    async def ask(learner: str, instructions: str, **fields: Any) -> str:
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": WHY}]
        body = {"model": "masterx", "messages": messages, "user": learner, "stream": stream, **fields}
        async with pupils.masterx.http.post(f"{pupils.masterx.url}/v1/chat/completions", json=body) as answer:
            assert answer.status == 200
            text = await answer.text()
            assert '"cached":' + ("true" if answer.headers["X-Cache"] == "hit" else "false") in text
            return answer.headers["X-Cache"]

    assert [await ask(name, "This is class 7b.") for name in ("ada", "bob")] == ["miss", "hit"]
    assert await ask("cleo", "This is Cleo, who has dyslexia.") == "miss"
    assert await ask("dan", "This is class 7b.", temperature=1.5) == "miss"
    assert await ask("eve", "This is class 7b.", max_tokens=50) == "miss"
    assert len(provider.requests) == 4


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hundred_equal_questions_at_one_time_make_one_call(
    start: AsyncStart, provider: MisbehavingProvider, production: Mapping[str, str], tmp_path: Path, stream: bool
) -> None:
    pupils = await started(start, tmp_path, production)
    provider.script(stop=3 if stream else 0)
    asking = [asyncio.create_task(pupils.ask(stream=stream)) for _ in range(100)]
    await _running(pupils.masterx, 100)
    await provider.asked(1)
    provider.go_on()
    told = await asyncio.gather(*asking)
    assert len(provider.requests) == 1
    assert {answer.turn["reply"] for answer in told} == {ANSWER}
    assert {answer.x_cache for answer in told} == {"miss"}
    assert sorted(answer.turn["cached"] for answer in told) == [False] + [True] * 99
    assert sum(len(answer.turn["attempts"]) for answer in told) == 1
    assert len({answer.turn["id"] for answer in told}) == 100
    assert await pupils.seen() == HIT


async def test_a_hundred_equal_questions_to_a_quick_provider_make_one_call_too(
    start: AsyncStart, provider: MisbehavingProvider, production: Mapping[str, str], tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, production)
    sessions = [await pupils.session() for _ in range(100)]
    await asyncio.gather(*(pupils.ask(session=session) for session in sessions))
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    "message",
    ["Why is the sky not blue?", "Why is the sky blue? 2", "why is the sky blue?", "Why is the sea blue?", f"{WHY} "],
)
async def test_a_question_that_looks_alike_is_asked_for_itself(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, message: str
) -> None:
    pupils = await started(start, tmp_path, {})
    assert await pupils.seen() == MISS
    assert (await pupils.seen(message))[:2] == ("miss", False)
    assert len(provider.requests) == 2


async def test_a_learner_of_whom_anything_is_known_never_shares(
    start: AsyncStart, provider: MisbehavingProvider, production: Mapping[str, str], tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, production)
    assert await pupils.seen() == MISS
    assert (await pupils.masterx.call("PUT", "/v1/learners/fan", {"interests": ["football"]}))[0] == 200
    for fields in ({"learner_id": "fan"}, {"subject": "Physics"}, {"goal": "pass the exam"}):
        assert await pupils.seen(session=await pupils.session(**fields)) == BYPASS, fields
    remembered = await pupils.session(learner_id="returning", title="Light")
    assert await pupils.seen(session=remembered) == HIT  # a title is nothing that a model reads
    assert await pupils.seen(session=await pupils.session(learner_id="returning")) == BYPASS
    asked = len(provider.requests)
    assert await pupils.seen(session=remembered) == BYPASS  # to ask again is to want another answer
    assert len(provider.requests) == asked + 1


@pytest.mark.parametrize("task", ["practice", "assessment", "emotional_support", "planning"])
async def test_what_is_graded_or_personal_is_answered_for_each(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, task: str
) -> None:
    pupils = await started(start, tmp_path, {})
    assert [await pupils.seen(task=task) for _ in range(2)] == [BYPASS] * 2
    assert len(provider.requests) == 2


async def test_schools_share_nothing(start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path) -> None:
    store = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    masterx = await start(MASTERX_AUTH="required", **store, **policy(tmp_path))
    schools = []
    for name in ("north", "south"):
        _, key, _ = await cli(tmp_path, store, "keys", "create", "--role", "service", "--workspace", name)
        schools.append(Class(masterx, Authorization=f"Bearer {key.strip()}"))
    assert [await school.seen() for school in schools] == [MISS] * 2
    assert [await school.seen() for school in schools] == [HIT] * 2
    assert len(provider.requests) == 2


async def test_replicas_share_answers_but_not_with_one_of_another_policy(
    start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str, tmp_path: Path
) -> None:
    shared = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url}
    one, other = [await started(start, tmp_path, shared) for _ in range(2)]
    assert [await one.seen(), await other.seen()] == [MISS, HIT]
    newer = Class(await start(**shared, **policy(tmp_path, ('version = "1"', 'version = "2"'))))
    assert await newer.seen() == MISS
    assert len(provider.requests) == 2


@pytest.mark.parametrize("fault", ["cut", "length"])
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_not_whole_is_told_to_nobody_else(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path, fault: str, stream: bool
) -> None:
    pupils = await started(start, tmp_path, {})
    provider.script(fault=fault)
    session = await pupils.session()
    async with pupils.masterx.http.post(
        f"{pupils.masterx.url}/v1/sessions/{session}/turns",
        json={"message": WHY, "task": "explanation", "stream": stream},
    ) as answer:
        await answer.read()
    broken = await closed(pupils.masterx, session)
    assert (broken["state"], broken["finish_reason"]) != ("complete", "stop") or broken["degraded"], broken
    provider.reset()
    assert await pupils.seen() == MISS


async def test_an_answer_by_rules_is_told_to_nobody_else(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, {})
    provider.script(fault="503")
    first = await pupils.ask()
    assert (first.turn["degraded"], first.turn["cached"]) == (True, False)
    provider.reset()
    assert await pupils.seen() == MISS


async def test_a_learner_who_stops_an_answer_stops_it_for_nobody_else(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, {})
    provider.script(stop=4)
    sessions = [await pupils.session() for _ in range(3)]
    path = f"{pupils.masterx.url}/v1/sessions/{sessions[0]}/turns"
    body = {"message": WHY, "task": "explanation", "stream": True}
    async with pupils.masterx.http.post(path, json=body) as answer:
        stream = events(answer)
        heard = [await anext(stream), await anext(stream)]
        waiting = [asyncio.create_task(pupils.ask(session=s, stream=True)) for s in sessions[1:]]
        await _running(pupils.masterx, 3)
        _, stopped = await pupils.masterx.call("POST", f"/v1/turns/{heard[0].data['id']}:cancel")
    assert (stopped["state"], stopped["attempts"]) == ("cancelled", [])
    assert stopped["reply"]
    assert ANSWER.startswith(stopped["reply"])
    provider.go_on()
    told = await asyncio.gather(*waiting)
    assert [answer.turn["reply"] for answer in told] == [ANSWER, ANSWER]
    assert sorted(len(answer.turn["attempts"]) for answer in told) == [0, 1]
    assert (len(provider.requests), provider.requests[0].abandoned) == (1, False)
    assert await pupils.seen() == HIT


async def test_an_answer_that_its_only_learner_stops_is_given_up_and_not_kept(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, {})
    provider.script(stop=4)
    session = await pupils.session()
    path = f"{pupils.masterx.url}/v1/sessions/{session}/turns"
    async with pupils.masterx.http.post(path, json={"message": WHY, "task": "explanation", "stream": True}) as answer:
        started_ = await anext(events(answer))
        _, stopped = await pupils.masterx.call("POST", f"/v1/turns/{started_.data['id']}:cancel")
    assert [attempt["outcome"] for attempt in stopped["attempts"]] == ["abandoned"]
    async with asyncio.timeout(30):
        await provider.requests[0].ended.wait()
    assert provider.requests[0].abandoned
    provider.reset()
    assert await pupils.seen() == MISS


async def test_a_call_that_breaks_ends_for_all_who_heard_it_and_the_next_one_asks_again(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    pupils = await started(start, tmp_path, {})
    provider.script(fault="cut", after=5, stop=4)
    asking = [asyncio.create_task(pupils.ask(stream=True)) for _ in range(5)]
    await _running(pupils.masterx, 5)
    await provider.asked(1)
    provider.go_on()
    told = await asyncio.gather(*asking)
    assert {(answer.turn["state"], answer.turn["finish_reason"]) for answer in told} == {("incomplete", None)}
    assert len({answer.turn["reply"] for answer in told}) == 1
    assert len(provider.requests) == 1
    provider.reset()
    assert await pupils.seen() == MISS


async def test_a_model_that_has_gone_from_the_catalogue_is_not_heard_again(
    start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str, tmp_path: Path
) -> None:
    shared = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url, **policy(tmp_path)}
    listed = catalogue(tmp_path, provider, provider)
    pupils = Class(await start(**shared, MASTERX_PROVIDERS=listed))
    assert (await pupils.ask(task="general")).turn["provider"] == "first"
    assert (await pupils.ask(task="general")).seen == HIT
    pupils = Class(await start(**shared, MASTERX_PROVIDERS=_renamed(listed)))
    told = await pupils.ask(task="general")
    assert (told.seen, told.turn["provider"]) == (MISS, "third")


async def test_nothing_is_kept_unless_the_policy_says_so(
    start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path
) -> None:
    pupils = Class(await start())
    assert [await pupils.seen() for _ in range(2)] == [BYPASS] * 2
    assert len(provider.requests) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\nttl = 0\n", "\nttl = -1\n", "responses.ttl"),
        ("\nttl = 0\n", "\nttl = 1000000\n", "responses.ttl"),
        ('"quick_answer", "general"]', '"practice"]', "never answered from the cache: practice"),
        ('"quick_answer", "general"]', '"football"]', "responses.tasks"),
    ],
)
async def test_a_policy_that_would_share_what_is_personal_stops_the_start(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    settings = {"MASTERX_POLICY": changed(tmp_path, (old, new))}
    code, _, errors = await cli(tmp_path, settings, "serve", "--port", "0")
    assert (code, said in errors, len(errors.splitlines())) == (2, True, 1), errors


async def test_the_document_of_the_api_names_the_header(start: AsyncStart) -> None:
    masterx = await start()
    _, document = await masterx.call("GET", "/openapi.json")
    for path in ("/v1/sessions/{session_id}/turns", "/v1/chat/completions"):
        header = document["paths"][path]["post"]["responses"]["200"]["headers"]["X-Cache"]
        assert header["schema"]["enum"] == ["hit", "miss", "bypass"]


def _renamed(listed: str) -> str:
    """The same catalogue, its first model under another name."""
    changed = Path(listed).with_name("changed.toml")
    changed.write_text(Path(listed).read_text("utf-8").replace('"first', '"third'), "utf-8")
    return str(changed)


async def _running(masterx: Masterx, turns: int) -> None:
    """Waits until so many turns listen, which the service alone knows."""
    # Connections of its own: a hundred turns that wait take all that the other client has.
    async with asyncio.timeout(30), aiohttp.ClientSession() as http:
        while await _answers(http, masterx) < turns:
            await asyncio.sleep(0.02)


async def _answers(http: aiohttp.ClientSession, masterx: Masterx) -> float:
    async with http.get(f"{masterx.url}/metrics") as answer:
        told = await answer.text()
    return sum(float(count) for count in re.findall(r"^masterx_response_cache_total{.*} (.+)$", told, re.M))
