"""Bad input: each has a stated answer, and the service goes on."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import Masterx, cli


async def post(masterx: Masterx, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
    names = {"content-type": "application/json", **headers}
    async with masterx.http.post(masterx.url + path, data=io.BytesIO(body), headers=names) as answer:
        problem = json.loads(await answer.text())
        if answer.status >= 400:
            assert answer.content_type == "application/problem+json"
            assert set(problem) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}
            assert problem["status"] == answer.status
        return answer.status, problem


def message(text: object) -> bytes:
    return json.dumps({"message": text}).encode()


BODIES: list[tuple[str, bytes, int, str, str | None]] = [
    ("nothing", b"", 400, "malformed", None),
    ("not json", b"hello", 400, "malformed", None),
    ("cut off", b'{"message": "Hi', 400, "malformed", None),
    ("not utf-8", b'{"message": "\xff\xfe"}', 400, "malformed", None),
    ("lone surrogate", b'{"message": "\\ud800"}', 400, "malformed", None),
    ("nested deeply", b"[" * 100_000, 400, "malformed", None),
    ("nested deeply inside", b'{"message":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400, "malformed", None),
    ("an array", b"[]", 422, "invalid", "body"),
    ("null", b"null", 422, "invalid", "body"),
    ("no message", b"{}", 422, "invalid", "message"),
    ("a number", message(7), 422, "invalid", "message"),
    ("empty", message(""), 422, "invalid", "message"),
    ("blank", message(" \n\t "), 422, "invalid", "message"),
    ("NUL", message("a\x00b"), 422, "invalid", "message"),
    ("32,001 characters", message("x" * 32_001), 422, "invalid", "message"),
    ("unknown task", b'{"message": "Hi", "task": "dance"}', 422, "invalid", "task"),
    ("unknown field", b'{"message": "Hi", "mesage": "Hi"}', 422, "invalid", "mesage"),
    ("stream as text", b'{"message": "Hi", "stream": "yes"}', 422, "invalid", "stream"),
    ("10 MB", message("x" * 10_000_000), 413, "too-large", None),
]


async def test_a_bad_body_has_a_stated_answer(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    for name, body, status, slug, field in BODIES:
        found, problem = await post(masterx, f"/v1/sessions/{session}/turns", body)
        assert (found, problem["type"]) == (status, f"/problems/{slug}"), name
        assert field is None or [e["field"] for e in problem["errors"]] == [field], name
    assert await masterx.turns(session) == []
    assert (await masterx.ask(session, "Hi"))[0] == 200


async def test_every_invalid_field_is_named(start: AsyncStart) -> None:
    masterx = await start()
    status, problem = await post(masterx, "/v1/sessions", b'{"learner_id": "", "goal": 3, "x": 1}')
    assert status == 422
    assert sorted(e["field"] for e in problem["errors"]) == ["goal", "learner_id", "x"]


async def test_a_long_message_in_any_script_is_answered(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    for text in ("x" * 32_000, "😀" * 16_000, "数学 " * 8_000, "مرحبا " * 4_000, "a\r\nb\t\x07", "[" * 32_000):
        status, turn = await masterx.ask(session, text)
        assert (status, turn["message"]) == (200, text)
        _, receipt = await masterx.call("GET", f"/v1/turns/{turn['id']}/context")
        assert receipt["tokens"] <= receipt["budget"]


async def test_an_idempotency_key_is_1_to_255_visible_characters(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    path = f"{masterx.url}/v1/sessions/{session}/turns"
    for given in ("", "x" * 256, "ümlaut", "two words"):
        async with masterx.http.post(path, json={"message": "Hi"}, headers={"Idempotency-Key": given}) as answer:
            assert answer.status == 422, given
            assert (await answer.json(content_type=None))["errors"][0]["field"] == "Idempotency-Key"


async def test_a_bad_query_is_named(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    for path in (
        "/v1/sessions?learner_id=ada&limit=0",
        "/v1/sessions?learner_id=ada&limit=201",
        "/v1/sessions?learner_id=ada&limit=²",
        "/v1/sessions?learner_id=ada&limit=99999999999999999999",
        "/v1/sessions",
        f"/v1/sessions/{session}/turns?cursor=abc",
    ):
        status, problem = await masterx.call("GET", path)
        assert (status, problem["type"]) == (422, "/problems/invalid"), path


async def test_what_is_not_there_is_not_found(start: AsyncStart) -> None:
    masterx = await start()
    for name in ("nope", "%00", "x" * 5_000, "0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77", "'; --"):
        for path in (f"/v1/sessions/{name}", f"/v1/turns/{name}", f"/v1/turns/{name}/context"):
            assert (await masterx.call("GET", path))[0] == 404, path
    assert (await masterx.call("GET", "/health/live"))[0] == 200


async def test_a_wrong_method_and_an_unknown_address_are_problems(start: AsyncStart) -> None:
    masterx = await start()
    assert (await masterx.call("DELETE", "/health/live"))[1]["type"] == "/problems/method-not-allowed"
    assert (await masterx.call("GET", "/nowhere"))[1]["type"] == "/problems/not-found"


async def test_a_client_that_cuts_its_body_short_harms_nobody(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    host, port = masterx.url.removeprefix("http://").split(":")
    for _ in range(20):
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /v1/sessions/{session}/turns HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b'{"message": "H')
        await writer.drain()
        writer.close()
    assert (await masterx.ask(session, "Hi"))[0] == 200
    assert "Traceback" not in masterx.log()


async def test_a_page_from_elsewhere_may_not_call_an_open_service(start: AsyncStart) -> None:
    masterx = await start()
    body = {"learner_id": "ada"}
    assert (await masterx.call("POST", "/v1/sessions", body, Origin="https://evil.example"))[0] == 403
    assert (await masterx.call("POST", "/v1/sessions", body, Host="evil.example:8000"))[0] == 403
    assert (await masterx.call("POST", "/v1/sessions", body, Origin="null"))[0] == 403
    assert (await masterx.call("POST", "/v1/sessions", body, Origin="http://localhost:5173"))[0] == 201


SETTINGS = [
    ({"MASTERX_STROE": "sqlite:///x.db"}, "MASTERX_STROE", "did you mean MASTERX_STORE?"),
    ({"MASTERX_STORE": "postgres://u:secret@h/db"}, "MASTERX_STORE=postgres://***@h/db", "mongodb://"),
    ({"MASTERX_STORE": "sqlite:///"}, "MASTERX_STORE", "sqlite:///PATH"),
    ({"MASTERX_CACHE": "memcached://x"}, "MASTERX_CACHE", "redis://"),
    ({"MASTERX_AUTH": "open"}, "MASTERX_AUTH=open", "auto or required"),
    ({"MASTERX_LOG": "xml"}, "MASTERX_LOG=xml", "console or json"),
    ({"MASTERX_OTLP": "127.0.0.1:4318"}, "MASTERX_OTLP=127.0.0.1:4318", "http://HOST:4318"),
    ({"MASTERX_POLICY": "nowhere.toml"}, "MASTERX_POLICY=nowhere.toml", "no such file"),
    ({"OPENAI_BASE_URL": "ftp://x"}, "OPENAI_BASE_URL=ftp://x", "http://"),
]


@pytest.mark.parametrize(("environment", "named", "allowed"), SETTINGS, ids=[row[1] for row in SETTINGS])
async def test_a_bad_setting_stops_the_start_with_one_line(
    tmp_path: Path, environment: dict[str, str], named: str, allowed: str
) -> None:
    code, output, errors = await cli(tmp_path, environment, "serve", "--port", "0")
    assert (code, output) == (2, "")
    assert errors.count("\n") == 1
    assert named in errors
    assert allowed in errors
    assert "secret" not in errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1", "version"),
        ("not toml", "not TOML"),
        (
            'version = "1"\ninstructions = "x"\n[strategies.a]\ntext = "t"\n[tasks]\ngeneral = "a"\n',
            "without a strategy",
        ),
        (
            'version = "1"\ninstructions = "x"\n[strategies.a]\ntext = "t"\n[tasks]\ngeneral = "a"\n'
            '[safety.messages]\nde = "Ruf 112 an."\n',
            "messages.en is for all",
        ),
    ],
)
async def test_a_bad_policy_stops_the_start_with_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "policy.toml").write_text(text, "utf-8")
    code, _, errors = await cli(tmp_path, {"MASTERX_POLICY": "policy.toml"}, "serve", "--port", "0")
    assert code == 2
    assert said in errors
    assert errors.count("\n") == 1


async def test_more_workers_than_one_are_refused_with_the_reason(tmp_path: Path) -> None:
    code, _, errors = await cli(tmp_path, {}, "serve", "--workers", "2")
    assert code == 2
    assert "replicas" in errors
