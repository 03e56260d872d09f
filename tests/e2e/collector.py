"""A collector of OpenTelemetry that refuses and hangs on demand: it reads OTLP's JSON by OpenTelemetry's own schema."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.e2e.service import PATIENCE

_IDS = ("traceId", "spanId", "parentSpanId")


@dataclass
class Collector:
    """The server; an async context. `status` is what it answers, `None` nothing at all."""

    status: int | None = 200
    asked: int = 0
    spans: list[Span] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    service: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._runner.cleanup()

    async def until(self, *, asked: int = 0, turns: int = 0) -> None:
        """Waits until it was asked so often and has so many turns."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self.asked >= asked and len(self.turns()) >= turns)

    def turns(self) -> list[Span]:
        """The spans of turns."""
        return [span for span in self.spans if span.name == "turn"]

    def of(self, turn: Span) -> dict[str, Span]:
        """What hangs from a turn, by name."""
        return {span.name: span for span in self.spans if span.parent_span_id == turn.span_id}

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        async with self._changed:
            self.asked += 1
            if self.status == 200:
                self._keep(body)
            self._changed.notify_all()
        if self.status is None:
            await self._over.wait()
        return web.json_response({}, status=self.status or 503)

    def _keep(self, body: bytes) -> None:
        self.bodies.append(body)
        read = Parse(json.dumps(_with_ids_in_base64(json.loads(body))), ExportTraceServiceRequest())
        for resource in read.resource_spans:
            self.service = attributes(resource.resource)
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)


def attributes(of: Any) -> dict[str, Any]:
    """The attributes of a span, an event or a resource."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in of.attributes}


def _with_ids_in_base64(read: Any) -> Any:
    """OTLP's JSON has ids in hex, where Protobuf's has all bytes in base64."""
    if isinstance(read, list):
        return [_with_ids_in_base64(one) for one in read]
    if not isinstance(read, dict):
        return read
    return {
        key: base64.b64encode(bytes.fromhex(value)).decode() if key in _IDS else _with_ids_in_base64(value)
        for key, value in read.items()
    }
