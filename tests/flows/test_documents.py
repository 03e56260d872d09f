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
