"""The OpenAPI document holds together, and says what is sent."""

import re
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import settings as environment
from app.api import shapes
from app.api.application import create
from app.api.chat.chats import Chats
from app.api.document import QUERIES
from app.api.refusal import OPENAI
from app.bootstrap.service import service
from app.clock import SystemClock
from app.vocabulary import Explored, ItemReceipt, LayerReceipt, Session, Timing, Turn, Usage


@pytest.fixture
async def document(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """What `/openapi.json` says, asked in process."""
    settings = environment.load({"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"})
    async with service(settings, SystemClock()) as running:
        application = create(running, Chats(), loopback=True)
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/openapi.json",
            "raw_path": b"/openapi.json",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("localhost", 80),
            "root_path": "",
        }
        await application(scope, receive, send)
        yield orjson.loads(b"".join(message.get("body", b"") for message in sent))


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/(\w+)"', orjson.dumps(document).decode()))
    assert named
    assert named <= set(schemas)


async def test_every_call_says_what_it_does(document: dict[str, Any]) -> None:
    calls = [call for path in document["paths"].values() for call in path.values()]
    assert len(calls) > 15
    assert [call["operationId"] for call in calls if not call.get("description")] == []


async def test_a_turn_takes_a_message(document: dict[str, Any]) -> None:
    asked = document["paths"]["/v1/sessions/{session_id}/turns"]["post"]["requestBody"]
    properties = asked["content"]["application/json"]["schema"]["properties"]
    assert properties["message"]["maxLength"] == 32_000
    assert properties["message"]["examples"]


def test_shapes_are_parts_of_the_records() -> None:
    pairs = (
        (shapes.TurnOut, Turn),
        (shapes.SessionOut, Session),
        (shapes.UsageOut, Usage),
        (shapes.TimingOut, Timing),
        (shapes.LayerOut, LayerReceipt),
        (shapes.ItemOut, ItemReceipt),
        (shapes.ExploredOut, Explored),
    )
    for shape, record in pairs:
        beside = {"later"}  # a record of its own
        assert set(shape.model_fields) - beside <= {field.name for field in fields(record)}


def calls_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Our own calls: those of the OpenAI surface follow its document."""
    return [
        (f"{method.upper()} {path}", call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
        if path.startswith("/v1/") and not path.startswith(OPENAI)
    ]


async def test_every_call_says_what_it_answers(document: dict[str, Any]) -> None:
    silent = []
    for name, call in calls_of(document):
        good = [answer for status, answer in call["responses"].items() if status.startswith("2") and status != "204"]
        shown = [kind for answer in good for kind in answer.get("content", {}).values()]
        told = any(kind.get("schema") or kind.get("example") for kind in shown)
        if "204" not in call["responses"] and not told:
            silent.append(name)
    assert silent == []


async def test_every_call_says_how_it_refuses(document: dict[str, Any]) -> None:
    for name, call in calls_of(document):
        assert "HTTPValidationError" not in str(call["responses"])
        expected = {"401", "403"} | ({"404"} if "{" in name else set())
        if "requestBody" in call or any(one["in"] == "query" for one in call["parameters"]):
            expected.add("422")
        assert expected <= set(call["responses"]), name
        problem = {"$ref": "#/components/schemas/ProblemOut"}
        for status in expected:
            assert call["responses"][status]["content"]["application/problem+json"]["schema"] == problem


_READS = re.compile(
    r'query_params\.get\("(\w+)"|(?:number|named_in|days_until|_one_of)\(request, "(\w+)"|\b(page(?:_limit)?)\(request'
)
_PAGED = {"page_limit": {"limit"}, "page": {"limit", "cursor"}}


async def test_every_query_parameter_that_the_code_reads_is_in_the_document(document: dict[str, Any]) -> None:
    told = {
        parameter["name"]
        for name, call in calls_of(document)
        for parameter in call["parameters"]
        if parameter["in"] == "query"
    }
    read: dict[str, set[str]] = {}
    for file in Path(shapes.__file__).parent.glob("*.py"):
        reads = _READS.findall(file.read_text("utf-8"))
        found = {name for one, other, paged in reads for name in _PAGED.get(paged, {one or other})}
        paths = set(re.findall(r'@router\.get\(\s*"([^"]+)"', file.read_text("utf-8")))
        if found and paths:
            read[file.stem] = found
            listed = {name for path in paths for name in QUERIES.get(path, {})}
            assert found == listed, file.stem
    assert set().union(*read.values()) == told
