"""A provider that takes its time to read: 0.3 ms for each token of a prompt that is not in its prefix cache.

It speaks the chat completions API and answers with what a script says. The cache works as vLLM's does: prompts are cut
into blocks of 16 tokens, and those are free that begin a prompt as they began one before (`forget` is what time does to
it).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from app.context.tokens import o200k

BLOCK = 16
MS_A_TOKEN = 0.3


@dataclass(frozen=True)
class Read:
    """A prompt that was read: its text, its tokens, those of them that were in the cache."""

    text: str
    tokens: int
    cached: int


@dataclass
class Prefill:
    """The provider. `reply` is what it says next; `ms` is its time for a token."""

    ms: float = MS_A_TOKEN
    reply: str = "Good question!"
    reads: list[Read] = field(default_factory=list)
    _blocks: set[int] = field(default_factory=set)
    _tokens = o200k()

    def forget(self) -> None:
        """Empties the prefix cache."""
        self._blocks.clear()

    def read(self, messages: list[dict[str, str]]) -> Read:
        """Reads a prompt into the cache."""
        text = "".join(f"<|{m['role']}|>{m['content']}<|end|>" for m in messages)
        ids = self._tokens.encode(text)
        cached, chain, hit = 0, 0, True
        for start in range(0, len(ids) - len(ids) % BLOCK, BLOCK):
            chain = hash((chain, *ids[start : start + BLOCK]))
            hit = hit and chain in self._blocks
            cached += BLOCK * hit
            self._blocks.add(chain)
        self.reads.append(Read(text, len(ids), cached))
        return self.reads[-1]

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answers in two chunks, as a stream."""
        read = self.read((await request.json())["messages"])
        await asyncio.sleep((read.tokens - read.cached) * self.ms / 1e3)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        usage = {
            "prompt_tokens": read.tokens,
            "completion_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": read.cached},
        }
        said = {"choices": [{"index": 0, "delta": {"content": self.reply}, "finish_reason": None}]}
        ends = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}
        for event in (said, ends):
            await response.write(
                b"data: " + orjson.dumps({"id": "1", "object": "chat.completion.chunk", **event}) + b"\n\n"
            )
        await response.write(b"data: [DONE]\n\n")
        return response


@asynccontextmanager
async def prefill() -> AsyncIterator[tuple[Prefill, str]]:
    """The provider, listening, and its address."""
    provider = Prefill()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/v1/chat/completions", provider.complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        assert site._server is not None
        yield provider, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
