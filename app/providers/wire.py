"""The way to one model over the shared HTTP session, whatever its dialect: it relays and does nothing else.

Texts are handed on per read of the socket, not per event: that halves what a stream costs (`bench/relay.py`).
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from app.clock import Clock
from app.errors import BrokenStream, ProviderDown, ProviderError, ProviderTimeout
from app.providers.quota import quota_in
from app.providers.refusals import Reply, refusal
from app.providers.sse import Events, Whole
from app.trail import TRAIL
from app.vocabulary import Chunk, Finish, Usage

Piece = tuple[str, Finish | None, Usage | None]
"""What one event says: text, why the answer ends here if it does, tokens if it counts them."""

Read = Callable[[Any], Piece]
"""How a dialect understands the JSON of an event. Raises a `ProviderError`, or anything in `_MISSHAPEN`."""

GRACE = 0.5
"""Seconds that a provider gets to say the rest when what matters is known: the body of a refusal, and after the
finish reason the usage and the end of the body, without which the connection cannot be used again."""

TEXT_LIMIT = 1 << 20
"""Characters of an answer; 32,768 tokens, the most that a policy asks for, have some 150,000. To count the tokens of
10 MB takes half a second in which nobody is answered, and 125 MB."""

_MOST_TOKENS = 10**9
"""What no model reads or writes in one call."""

_CONNECTIONS = 2_000
_DNS_SECONDS = 60
_IDLE_SECONDS = 30.0
_REFUSAL_LIMIT = 1 << 16
_DETAIL = 300

# The wire may hold anything; this is what reading JSON of another shape than the dialect's raises.
_MISSHAPEN = (ValueError, TypeError, KeyError, IndexError, AttributeError)


def http_session(*, traced: bool = False) -> aiohttp.ClientSession:
    """The one session for all providers. Made inside the event loop; whoever makes it closes it. `traced` tells them
    which turn of which trace they are asked for (W3C `traceparent`)."""
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, ttl_dns_cache=_DNS_SECONDS, keepalive_timeout=_IDLE_SECONDS)
    forever = aiohttp.ClientTimeout(total=None)
    jar, tracing = aiohttp.DummyCookieJar(), [_telling_the_trace()] if traced else None
    return aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=forever, trace_configs=tracing)


def _telling_the_trace() -> aiohttp.TraceConfig:
    async def tell(_: aiohttp.ClientSession, __: object, call: aiohttp.TraceRequestStartParams) -> None:
        if parent := TRAIL.get().traceparent:
            call.headers["traceparent"] = parent

    tracing = aiohttp.TraceConfig()
    tracing.on_request_start.append(tell)
    return tracing


@dataclass(frozen=True, slots=True)
class Line:
    """What stays the same from call to call of one model."""

    http: aiohttp.ClientSession
    clock: Clock
    url: str
    stream_url: str
    headers: Mapping[str, str] = field(repr=False)
    key: str = field(repr=False)
    timeout: aiohttp.ClientTimeout
    read: Read


def headers_with(**own: str) -> dict[str, str]:
    """The headers of every request; answers are asked for uncompressed, for a compressor holds tokens back."""
    return {"content-type": "application/json", "accept-encoding": "identity", "user-agent": "MasterX", **own}


def rooted(base_url: str, root: str) -> str:
    """`base_url` with the API's own `root` where it names no version, which is how some SDKs take it.

    >>> rooted("https://api.groq.com", "/openai/v1"), rooted("http://localhost:8080/v1", "/openai/v1")
    ('https://api.groq.com/openai/v1', 'http://localhost:8080/v1')
    """
    return base_url if re.search(r"/v\d\w*$", base_url) else base_url + root


def encoded(body: Mapping[str, object]) -> bytes:
    """A body as JSON; a surrogate that stands alone, which no UTF-8 can hold, becomes a question mark."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def count(value: object) -> int | None:
    """A number of tokens, `None` for what is not one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS:
        return value
    return None


async def relay(line: Line, body: bytes, stream: bool) -> AsyncGenerator[Chunk, None]:
    """Sends one request and relays its answer as the provider port promises it."""
    answered = False
    try:
        async with _post(line, body, stream) as response:
            answered = True
            if response.status != 200:
                raise refusal(await _reply(response), line.key, line.clock.now())
            answer, quota = _Answer(line.read, _framing(response, stream)), quota_in(response.headers)
            async for read in response.content.iter_any():
                text = answer.hear(read)
                if answer.over:
                    break
                if text:
                    # Some count as they go: what an answer that breaks off has cost is known then.
                    yield Chunk(text, usage=answer.usage, quota=quota)
                    quota = None
            else:
                text = answer.end()
            if text and (answer.fault or not response.content.at_eof()):
                yield Chunk(text, usage=answer.usage, quota=quota)
                text, quota = "", None
            if answer.fault:
                raise answer.fault
            await _hear_out(response, answer)
    except aiohttp.ClientError as error:
        raise _fault(error, answered) from error
    yield Chunk(text, answer.finish, answer.usage, quota)


class _Answer:
    """What an answer has said so far besides its text: why it ended, its tokens, or what broke it."""

    def __init__(self, read: Read, framing: Events | Whole) -> None:
        self._read, self._framing = read, framing
        self._begun = False
        self._length = 0
        self.finish: Finish | None = None
        self.usage: Usage | None = None
        self.fault: ProviderError | None = None

    @property
    def over(self) -> bool:
        """Whether there is nothing more to hear of it: it is whole, or broken."""
        return self.finish is not None or self.fault is not None

    def hear(self, read: bytes) -> str:
        """The text in what was just read from the socket."""
        return self._said(self._text(self._framing.feed(read)))

    def end(self) -> str:
        """The text in what only the end of the body makes whole; an answer without a finish reason is broken then."""
        text = self._text(self._framing.end())
        if not self.over:
            self.fault = BrokenStream("the answer ended without a finish reason")
        return self._said(text)

    def _said(self, text: str) -> str:
        """First words that come in one read with the fault are not said: another provider can still answer instead."""
        if self.fault and not self._begun:
            return ""
        self._begun = self._begun or bool(text)
        return text

    def _text(self, events: list[bytes]) -> str:
        texts = []
        for event in events:
            if event == b"[DONE]":
                continue
            try:
                text, finish, usage = self._read(orjson.loads(event))
            except (ProviderError, *_MISSHAPEN) as error:
                if self.finish is None:
                    self.fault = _broken(error)
                    break
                continue
            if usage is not None:
                self.usage = usage
            if self.finish is None:
                self.finish = finish
                texts.append(text)
        return self._bounded("".join(texts))

    def _bounded(self, text: str) -> str:
        self._length += len(text)
        if self._length <= TEXT_LIMIT:
            return text
        self.fault = self.fault or BrokenStream("the text of the answer is over its limit")
        return text[: len(text) - (self._length - TEXT_LIMIT)]


def _broken(error: Exception) -> ProviderError:
    """What it means for an answer that is not complete that an event cannot be read, or says that something failed."""
    if isinstance(error, ProviderError):
        return error
    fault = BrokenStream(f"not an event of this API: {error!r}"[:_DETAIL])
    fault.__cause__ = error
    return fault


def _post(line: Line, body: bytes, stream: bool) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    # No redirects: one would carry the key and the learner's words to wherever it points.
    return line.http.post(
        line.stream_url if stream else line.url,
        data=body,
        headers=line.headers,
        timeout=line.timeout,
        allow_redirects=False,
    )


def _framing(response: aiohttp.ClientResponse, stream: bool) -> Events | Whole:
    """How the answer is framed: some servers answer in one piece where a stream was asked for, errors above all."""
    return Events() if stream and response.content_type != "application/json" else Whole()


async def _reply(response: aiohttp.ClientResponse) -> Reply:
    """A refusal with as much of its body as comes soon."""
    body = b""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(GRACE):
            async for read in response.content.iter_any():
                body += read
                if len(body) > _REFUSAL_LIMIT:
                    break
    return Reply(response.status, response.headers, body[:_REFUSAL_LIMIT])


async def _hear_out(response: aiohttp.ClientResponse, answer: _Answer) -> None:
    """Reads the rest of a body whose answer is complete; an accident there takes nothing from the answer."""
    if response.content.at_eof():
        return
    with suppress(TimeoutError, aiohttp.ClientError, BrokenStream):
        async with asyncio.timeout(GRACE):
            async for read in response.content.iter_any():
                answer.hear(read)


def _fault(error: aiohttp.ClientError, answered: bool) -> ProviderError:
    """What went wrong on the way: before the status line the provider is down, after it the answer is broken."""
    detail = f"{type(error).__name__}: {error}"[:_DETAIL]
    if isinstance(error, aiohttp.ServerTimeoutError):
        return ProviderTimeout(detail)
    if answered or isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
        return BrokenStream(detail)
    return ProviderDown(detail)
