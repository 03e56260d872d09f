"""What one turn looked like to its learner, and whether it was in order."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.fault_kinds import Outcome, Position
from bench.fault_world import FAULTY_TEXT, SOUND, SOUND_TEXT, Question, World
from tests.e2e.script import TEXTS
from tests.e2e.service import Masterx

ENDS = ("turn.completed", "error")
PATIENCE = 30.0
"""Seconds after which a learner counts as left hanging."""

# What only the provider says, or only it should know: none of it is for a learner.
_PROVIDERS_OWN = ("misbehaving on demand", "safety system", "-secret", "Bad gateway", "127.0.0.1")


@dataclass
class Heard:
    """What came over the wire, and when: milliseconds to the first word and to the end."""

    stream: bool
    status: int = 0
    text: str = ""
    ends: list[str] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    retry_after: str | None = None
    raw: str = ""
    first_ms: float | None = None
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One measured turn: what the learner saw, or what was wrong with it; what the record says."""

    outcome: str
    state: str
    first_ms: float | None
    total_ms: float
    attempts: tuple[str, ...]
    sent: int
    cost: float | None


async def turn(world: World, session: str, question: Question, stream: bool) -> Turn:
    """Asks, listens to the end and looks at the record."""
    position = Position.FIRST if question.position is Position.SOUND else question.position
    service = world.services[position]
    heard = await listen(service, session, question, stream)
    _, page = await service.call("GET", f"/v1/sessions/{session}/turns?limit=1")
    record = page["data"][0]
    return Turn(
        outcome=judged(heard, record, world.fault.name, question),
        state=record["state"],
        first_ms=heard.first_ms,
        total_ms=heard.total_ms,
        attempts=tuple(f"{attempt['provider']}: {attempt['outcome']}" for attempt in record["attempts"]),
        sent=world.sent(question),
        cost=record["usage"]["cost_usd"],
    )


async def listen(service: Masterx, session: str, question: Question, stream: bool) -> Heard:
    """One turn over HTTP; a connection that breaks or stays silent leaves no end."""
    heard, began = Heard(stream), time.perf_counter()
    body = {"message": question.text, "task": question.task, "stream": stream}
    try:
        async with asyncio.timeout(PATIENCE):
            async with service.http.post(f"{service.url}/v1/sessions/{session}/turns", json=body) as answer:
                heard.status, heard.retry_after = answer.status, answer.headers.get("Retry-After")
                await (_hear_events if answer.content_type == "text/event-stream" else _hear_whole)(
                    answer, heard, began
                )
    except (TimeoutError, aiohttp.ClientError) as error:
        heard.raw += f" [{type(error).__name__}]"
    heard.total_ms = (time.perf_counter() - began) * 1e3
    return heard


async def _hear_whole(answer: aiohttp.ClientResponse, heard: Heard, began: float) -> None:
    heard.raw = await answer.text()
    heard.first_ms = (time.perf_counter() - began) * 1e3
    heard.last = json.loads(heard.raw)
    heard.text = heard.last.get("reply") or ""
    heard.ends.append(ENDS[answer.status != 200])


async def _hear_events(answer: aiohttp.ClientResponse, heard: Heard, began: float) -> None:
    rest = b""
    async for read in answer.content.iter_any():  # not line by line: aiohttp's lines have a limit
        *frames, rest = (rest + read).split(b"\n\n")
        at = (time.perf_counter() - began) * 1e3
        for frame in frames:
            _hear(frame.decode(), heard, at)


def _hear(frame: str, heard: Heard, at: float) -> None:
    fields = dict(line.split(": ", 1) for line in frame.split("\n") if not line.startswith(":"))
    name = fields.get("event")
    if name == "delta":
        heard.first_ms = heard.first_ms or at
        heard.text += json.loads(fields["data"])["text"]
    elif name in ENDS:
        heard.ends.append(name)
        heard.last = json.loads(fields["data"])
        heard.raw += fields["data"]


def judged(heard: Heard, record: dict[str, Any], fault: str, question: Question) -> str:
    """An `Outcome`, or in a few words what was not in order."""
    if len(heard.ends) != 1:
        return f"{len(heard.ends)} ends{heard.raw[-40:] if not heard.ends else ''}"
    if own := next((words for words in _PROVIDERS_OWN if words in heard.raw.replace(question.text, "")), None):
        return f"the learner reads {own!r}"
    if (record["reply"] or "") != heard.text and heard.ends[0] == ENDS[0]:
        return "the record holds another text"
    return _answer(heard, record) if heard.ends[0] == ENDS[0] else _error(heard, record, fault)


def _answer(heard: Heard, record: dict[str, Any]) -> str:
    if record["state"] != "complete":
        return f"answered, but {record['state']}"
    if record["provider"] == "offline":
        return Outcome.OFFLINE if heard.text and heard.last["degraded"] else "offline, but not marked as degraded"
    texts = {SOUND: (SOUND_TEXT, Outcome.HEALTHY)}
    text, outcome = texts.get(record["provider"], (FAULTY_TEXT, Outcome.ITSELF))
    return outcome if heard.text == text else f"not what {record['provider']} said"


def _error(heard: Heard, record: dict[str, Any], fault: str) -> str:
    slug, status = heard.last["type"].rpartition("/")[2], heard.last["status"]
    if heard.text:
        if slug != "answer-broke-off" or record["state"] != "incomplete":
            return f"{slug}, {record['state']}"
        if (record["reply"] or "") != heard.text:
            return "what was said is not kept"
        return Outcome.BROKE_OFF if _begun(heard.text, fault) else "not what was said before it broke"
    if (status, record["state"]) != (503, "failed"):
        return f"{status} {slug}, {record['state']}"
    return Outcome.REFUSED if heard.stream or heard.retry_after else "503 without Retry-After"


def _begun(text: str, fault: str) -> bool:
    """Whether this is what a provider with the fault has said before it struck."""
    if fault == "huge":
        phrase = "more and more "
        return text == (phrase * (len(text) // len(phrase) + 1))[: len(text)]
    return text == "".join(TEXTS[:3])
