"""The reference: the plainest FastAPI relay of one provider, over the same aiohttp, without anything of ours."""

import os
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

UPSTREAM = os.environ.get("BARE_UPSTREAM", "")
MODEL = "gpt-4o-mini"
SYSTEM = "You are a patient tutor. Work in small steps and ask one question at a time. " * 6
app = FastAPI(openapi_url=None)
_sessions: list[aiohttp.ClientSession] = []


def http() -> aiohttp.ClientSession:
    """One pool of connections, made on first use inside the loop."""
    if not _sessions:
        _sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1000)))
    return _sessions[0]


@app.post("/v1/sessions/{session_id}/turns")
async def relay(request: Request, session_id: str) -> Any:
    """Hands a message on and its answer back."""
    asked = orjson.loads(await request.body())
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": asked["message"]}]
    body = orjson.dumps({"model": MODEL, "messages": messages, "stream": bool(asked.get("stream"))})
    if asked.get("stream"):
        return StreamingResponse(_stream(body), media_type="text/event-stream")
    async with http().post(UPSTREAM, data=body, headers={"content-type": "application/json"}) as answer:
        told = orjson.loads(await answer.read())
    reply = {"reply": told["choices"][0]["message"]["content"], "usage": told["usage"]}
    return Response(orjson.dumps(reply), media_type="application/json")


async def _stream(body: bytes) -> AsyncIterator[bytes]:
    async with http().post(UPSTREAM, data=body, headers={"content-type": "application/json"}) as answer:
        async for data in answer.content.iter_any():
            yield data
