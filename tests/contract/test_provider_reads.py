"""A fault that comes in one read of the socket with good words: what is said of them, and what is not."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from app.clock import HandClock
from app.errors import BrokenStream, ProviderDown, ProviderError
from app.providers.wire import http_session
from tests.contract.adapters import KINDS, each_dialect, entry, prompt
from tests.e2e.dialects import DIALECTS, event
from tests.e2e.script import Script, telling

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


@asynccontextmanager
async def speaking(reads: Sequence[bytes], heard: asyncio.Semaphore) -> AsyncIterator[str]:
    """The address of a server that says one thing at a time: the next when the one before was heard."""

    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for n, part in enumerate(reads):
            writer.write((b"" if n else _HEAD) + part)
            await heard.acquire()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def told(dialect: str, reads: Sequence[bytes]) -> tuple[list[str], type[ProviderError] | None]:
    """The texts of an answer, and how it broke."""
    heard, texts, broken = asyncio.Semaphore(0), list[str](), None
    async with speaking(reads, heard) as url, http_session() as http:
        adapter = KINDS[dialect](entry(dialect, url), "key", http, HandClock())
        try:
            async with aclosing(adapter.stream(prompt(True))) as chunks:
                async for chunk in chunks:
                    texts.append(chunk.text)
                    heard.release()
        except ProviderError as error:
            broken = type(error)
        heard.release()
    return texts, broken


def faults(dialect: str) -> dict[bytes, type[ProviderError]]:
    """Events that break an answer."""
    failed = event(DIALECTS[dialect].refusal(500, None)[1])
    return {
        b"data: {]\n\n": BrokenStream,
        b'data: {"choices": [7], "candidates": [7]}\n\n': BrokenStream,
        failed: ProviderDown,
    }


@each_dialect
async def test_after_the_first_word_all_that_came_before_the_fault_is_handed_on(dialect: str) -> None:
    form, about = DIALECTS[dialect], telling(Script(), "words", "m-1")
    one, two, three = (form.piece(about, text) for text in ("one ", "two ", "three"))
    for fault, kind in faults(dialect).items():
        assert await told(dialect, [one, two + fault + three]) == (["one ", "two "], kind)


@each_dialect
async def test_words_that_come_with_the_fault_are_not_said_if_they_are_the_first(dialect: str) -> None:
    form, about = DIALECTS[dialect], telling(Script(), "words", "m-1")
    for fault, kind in faults(dialect).items():
        assert await told(dialect, [form.piece(about, "one ") + fault]) == ([], kind)


async def test_what_only_the_end_of_the_body_makes_whole_is_handed_on() -> None:
    said = [json.dumps({"choices": [{"delta": {"content": text}}]}).encode() for text in ("one ", "two ")]
    assert await told("openai", [b"data: " + said[0] + b"\n\ndata: " + said[1]]) == (["one ", "two "], BrokenStream)
