"""Our adapters beside the official SDKs: the same requests, the same answers, and fault by fault the same meaning.

Where an SDK takes for an answer what is none, we are stricter, and both facts are written down here.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock
from app.doctor.sdks import Sdk, Told, sdk
from app.errors import (
    BrokenStream,
    CredentialRefused,
    NoProvider,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
)
from app.providers.catalogue import load, moved
from app.providers.port import Entry, Limits
from app.routing.answer import Answer, Request
from app.vocabulary import Message, Prompt
from tests.contract.adapters import KEY, KINDS, TEXT, Adapter, World, a_world, both_ways, each_dialect, heard, prompt
from tests.contract.adapters import entry as plain_entry
from tests.e2e.provider import Seen
from tests.e2e.script import TEXTS
from tests.fakes import routed

# What google-genai does with aiohttp is deprecated there.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

SHIPPED = load(Path(__file__).parents[2] / "config" / "providers.toml")
PLAIN = [plain_entry(dialect, "http://127.0.0.1:9") for dialect in KINDS]
each_entry = pytest.mark.parametrize("entry", [*PLAIN, *SHIPPED], ids=lambda e: f"{e.provider}-{e.model}")

HISTORY = (
    Message("system", "You are a patient tutor."),
    Message("user", "What is ½ of ¾?"),
    Message("assistant", 'What do you think "of" means here?'),
    Message("user", "Multiply?"),
)
ODD = "\u0000 \u2028 \\ \" ' \t\r\n e\u0301 ½ 三 👩🏽\u200d🏫 \u202eשלום </script> {{x}} data: [DONE]"
CONVERSATIONS = {
    "one question": Prompt((Message("user", "Hi"),), 200, 0.4, True),
    "instructions and history": Prompt(HISTORY, 200, 0.4, True),
    "two of a role": Prompt((*HISTORY, Message("user", "Or add?"), Message("system", "Be brief.")), 200, 0.4, True),
    "any characters": Prompt((Message("user", ODD),), 9, 0, True),
    "long": Prompt((*HISTORY, Message("user", "Größer? " * 4_000)), 1_024, 2.0, True),
    "one token": Prompt(HISTORY, 1, 1.0, True),
}


@dataclass(frozen=True)
class Pair:
    """An adapter and the SDK of its provider, at the same misbehaving provider."""

    adapter: Adapter
    sdk: Sdk
    world: World

    async def both(self, asked: Prompt) -> tuple[Told, Told]:
        """What the adapter tells, and what the SDK tells."""
        return await self.ours(asked), await self.theirs(asked)

    async def ours(self, asked: Prompt) -> Told:
        chunks = await heard(self.adapter, asked)
        return Told("".join(chunk.text for chunk in chunks), chunks[-1].finish, chunks[-1].usage)

    async def theirs(self, asked: Prompt) -> Told:
        return await self.sdk.ask(self.adapter.entry, asked)


@asynccontextmanager
async def pair(entry: Entry, patience: float = 60.0) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world(SystemClock()))
        url = world.provider.url(entry.dialect)
        adapter = KINDS[entry.dialect](moved(entry, url), KEY, world.http, SystemClock())
        yield Pair(adapter, await stack.enter_async_context(sdk(entry.dialect, url, KEY, patience)), world)


@asynccontextmanager
async def plain_pair(dialect: str, patience: float = 60.0) -> AsyncIterator[Pair]:
    async with pair(plain_entry(dialect, "http://127.0.0.1:9"), patience) as opened:
        yield opened


def sent(seen: Seen) -> dict[str, Any]:
    """The fields of a request that mean something, for comparing; what is left out here is all that differs.

    The genai SDK gives the instructions a role, which the API ignores. Of headers only those that say who asks and
    in what form are compared; the SDKs add some about themselves.
    """
    body = dict(seen.body)
    if "systemInstruction" in body:
        body["systemInstruction"] = {"parts": body["systemInstruction"]["parts"]}
    headers = {name: seen.headers.get(name) for name in ("authorization", "x-goog-api-key", "content-type")}
    return {"path": seen.path, "headers": headers, "body": body}


@both_ways
@pytest.mark.parametrize("conversation", CONVERSATIONS)
@each_entry
async def test_requests_are_the_same_field_by_field(entry: Entry, conversation: str, stream: bool) -> None:
    async with pair(entry) as both:
        await both.both(replace(CONVERSATIONS[conversation], stream=stream))
        ours, theirs = both.world.provider.requests
        assert sent(ours) == sent(theirs)


@both_ways
@each_dialect
@pytest.mark.parametrize("fault", ["none", "drip", "filter", "length", "empties"])
async def test_answers_are_the_same(dialect: str, fault: str, stream: bool) -> None:
    async with plain_pair(dialect) as both:
        both.world.provider.script(fault=fault)
        ours, theirs = await both.both(prompt(stream))
    assert ours == theirs
    assert (ours.text, ours.usage and ours.usage.output_tokens) == (TEXT, len(TEXTS) + 7)


# Fault, what the openai and groq SDKs raise, what google-genai raises, what it is for us.
FAULTS: tuple[tuple[str, str, str, type[ProviderError]], ...] = (
    ("400", "BadRequestError", "ClientError", ProviderRefused),
    ("401", "AuthenticationError", "ClientError", CredentialRefused),
    ("403", "PermissionDeniedError", "ClientError", CredentialRefused),
    ("404", "NotFoundError", "ClientError", ProviderRefused),
    ("408", "APIStatusError", "ClientError", ProviderDown),
    ("413", "APIStatusError", "ClientError", ProviderRefused),
    ("429", "RateLimitError", "ClientError", ProviderBusy),
    ("498", "APIStatusError", "ClientError", ProviderBusy),
    ("500", "InternalServerError", "ServerError", ProviderDown),
    ("503", "InternalServerError", "ServerError", ProviderDown),
    ("504", "InternalServerError", "ServerError", ProviderTimeout),
    ("529", "InternalServerError", "ServerError", ProviderBusy),
    ("html", "InternalServerError", "ServerError", ProviderDown),
    ("reset_first", "APIConnectionError", "ClientOSError", ProviderDown),
    ("close_first", "APIConnectionError", "ServerDisconnectedError", ProviderDown),
    ("garbage", "APIConnectionError", "ClientResponseError", BrokenStream),
    ("bad_utf8", "UnicodeDecodeError", "UnicodeDecodeError", BrokenStream),
)


@both_ways
@each_dialect
@pytest.mark.parametrize(("fault", "chat", "genai", "ours"), FAULTS, ids=lambda v: v if isinstance(v, str) else "")
async def test_a_fault_means_the_same(
    dialect: str, stream: bool, fault: str, chat: str, genai: str, ours: type[ProviderError]
) -> None:
    async with plain_pair(dialect) as both:
        both.world.provider.script(fault=fault)
        assert await raised(both.theirs(prompt(stream))) == (genai if dialect == "gemini" else chat)
        assert await raised(both.ours(prompt(stream))) == ours.__name__


@both_ways
@each_dialect
async def test_a_refused_connection_means_the_same(dialect: str, stream: bool) -> None:
    async with plain_pair(dialect) as both, both.world.provider.refusing():
        theirs = await raised(both.theirs(prompt(stream)))
        assert theirs == ("ClientConnectorError" if dialect == "gemini" else "APIConnectionError")
        assert await raised(both.ours(prompt(stream))) == "ProviderDown"


@both_ways
@each_dialect
@pytest.mark.parametrize("fault", ["hang", "hang_headers"])
async def test_silence_means_the_same_once_the_router_has_lost_patience(dialect: str, stream: bool, fault: str) -> None:
    async with plain_pair(dialect, patience=0.3) as both:
        both.world.provider.script(fault=fault)
        assert await raised(both.theirs(prompt(stream))) in {"APITimeoutError", "ReadTimeout", "TimeoutError"}
        impatient = Limits(first_token=0.3, total=0.3)
        asked = type(both.adapter)(replace(both.adapter.entry, limits=impatient), KEY, both.world.http, SystemClock())
        router, answer = routed([asked]), Answer()
        with pytest.raises(NoProvider):
            [chunk async for chunk in router.stream(Request(prompt(stream), [asked], 5.0), answer)]
        assert [attempt.outcome for attempt in answer.attempts] == [ProviderTimeout.outcome]


@both_ways
@each_dialect
@pytest.mark.parametrize("fault", ["drop", "reset", "malformed"])
async def test_an_answer_that_breaks_is_an_error_for_all(dialect: str, stream: bool, fault: str) -> None:
    """The SDKs have no word for it: they raise what they, or the client below them, happened to stumble over."""
    async with plain_pair(dialect) as both:
        both.world.provider.script(fault=fault)
        assert await raised(both.theirs(prompt(stream))) in {
            "APIConnectionError",
            "RemoteProtocolError",
            "ReadError",
            "ClientPayloadError",
            "JSONDecodeError",
            "UnknownApiResponseError",
        }
        assert await raised(both.ours(prompt(stream))) == "BrokenStream"


@each_dialect
async def test_an_error_inside_a_stream_means_the_same(dialect: str) -> None:
    async with plain_pair(dialect) as both:
        both.world.provider.script(fault="error")
        assert await raised(both.theirs(prompt(True))) == ("ServerError" if dialect == "gemini" else "APIError")
        assert await raised(both.ours(prompt(True))) == "ProviderDown"


@each_dialect
@pytest.mark.parametrize(("fault", "text"), [("cut", "".join(TEXTS[:3])), ("empty", ""), ("no_candidates", "")])
async def test_we_are_stricter_about_a_stream_that_ends_without_a_reason(dialect: str, fault: str, text: str) -> None:
    async with plain_pair(dialect) as both:
        both.world.provider.script(fault=fault)
        theirs = await both.theirs(prompt(True))
        assert (theirs.text, theirs.finish) == (text, None)
        assert await raised(both.ours(prompt(True))) == "BrokenStream"


@each_dialect
async def test_we_are_stricter_about_what_comes_after_the_end(dialect: str) -> None:
    async with plain_pair(dialect) as both:
        both.world.provider.script(fault="late")
        ours, theirs = await both.both(prompt(True))
    assert theirs.text == TEXT + "too late"
    assert ours == replace(theirs, text=TEXT)


@both_ways
async def test_we_say_that_gemini_blocked_a_prompt_where_its_sdk_says_nothing(stream: bool) -> None:
    async with plain_pair("gemini") as both:
        both.world.provider.script(fault="blocked")
        theirs = await both.theirs(prompt(stream))
        assert (theirs.text, theirs.finish) == ("", None)
        assert await raised(both.ours(prompt(stream))) == "ProviderRefused"


@both_ways
async def test_we_see_an_error_body_where_geminis_sdk_sees_an_empty_answer(stream: bool) -> None:
    async with plain_pair("gemini") as both:
        both.world.provider.script(fault="error_body")
        assert await raised(both.ours(prompt(stream))) == "ProviderBusy"
        if stream:
            assert await raised(both.theirs(prompt(stream))) == "ClientError"
        else:
            assert (await both.theirs(prompt(stream))).text == ""


async def raised(call: Any) -> str:
    """The name of what a call raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one it is, is the question
        await call
    return type(caught.value).__name__
