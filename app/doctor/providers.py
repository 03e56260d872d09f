"""The doctor's look at each provider: one tiny call through our adapter and one through the official SDK, compared."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from email.utils import parsedate_to_datetime

import aiohttp

from app.bootstrap import entries_of, providers_of
from app.clock import Clock
from app.doctor.clock import compared
from app.doctor.findings import Finding
from app.doctor.sdks import Sdk, Told, sdk
from app.errors import ProviderError
from app.providers.port import Entry, Provider
from app.settings import Settings
from app.vocabulary import Message, Prompt

_PROMPT = Prompt((Message("user", "Answer with the one word: ready"),), max_tokens=512, temperature=0.0, stream=True)
_PATIENCE = 30.0
_DATE = aiohttp.ClientTimeout(total=3.0)
_UNREACHABLE = ("down", "timeout")


async def look(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Each provider of the catalogue that has a key, side by side: one tiny paid call per model, and one through the
    SDK. Findings come in the order of the catalogue."""
    keys = {_name(entry): key for entry, key in entries_of(settings) if key is not None}
    async with AsyncExitStack() as stack:
        providers = await providers_of(settings, clock, stack)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        looks = [tasks.create_task(_one(provider, keys[_name(provider.entry)])) for provider in providers]
        clocks = tasks.create_task(_clocks(providers, clock))
        for one in (*looks, clocks):
            for finding in await one:
                yield finding


def _name(entry: Entry) -> str:
    return f"{entry.provider}/{entry.model}"


async def _one(provider: Provider, key: str) -> list[Finding]:
    entry = provider.entry
    ours = await _ours(provider)
    if isinstance(ours, ProviderError) and ours.outcome in _UNREACHABLE:
        return [_answered(entry, ours)]
    async with sdk(entry.dialect, entry.base_url, key, _PATIENCE) as reference:
        theirs = await _theirs(reference, entry)
        return [_answered(entry, ours), _compared(entry, ours, theirs), await _listed(reference, entry)]


async def _clocks(providers: Sequence[Provider], clock: Clock) -> list[Finding]:
    """Our clock beside what each provider's server writes in its answers; asked without a key."""
    addresses = {provider.entry.base_url: provider.entry.provider for provider in providers}
    async with aiohttp.ClientSession(timeout=_DATE) as http:
        return [
            compared(name, there - clock.now(), 1.0)
            for url, name in addresses.items()
            if (there := await _date(http, url)) is not None
        ]


async def _date(http: aiohttp.ClientSession, url: str) -> float | None:
    try:
        async with http.get(url, allow_redirects=False) as answer:
            return parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (aiohttp.ClientError, OSError, TimeoutError, KeyError, ValueError):
        return None


async def _ours(provider: Provider) -> Told | ProviderError:
    text, last = "", None
    try:
        async with aclosing(provider.stream(_PROMPT)) as chunks:
            async for chunk in chunks:
                text, last = text + chunk.text, chunk
    except ProviderError as error:
        return error
    return Told(text, last.finish if last else None, last.usage if last else None)


async def _theirs(reference: Sdk, entry: Entry) -> Told | Exception:
    try:
        return await reference.ask(entry, _PROMPT)
    except Exception as error:  # an SDK raises what it likes; that is what we are here to see
        return error


def _answered(entry: Entry, ours: Told | ProviderError) -> Finding:
    if isinstance(ours, ProviderError):
        return Finding(_name(entry), "problem", f"{ours.outcome}: {ours}", _advice(entry, ours))
    tokens = f"{ours.usage.input_tokens} tokens in, {ours.usage.output_tokens} out" if ours.usage else "usage unknown"
    return Finding(_name(entry), "ok", f"answered ({tokens})")


def _advice(entry: Entry, error: ProviderError) -> str:
    where = f"{entry.provider.upper().replace('-', '_')}_BASE_URL"
    if error.outcome == "credential":
        return f"{entry.base_url} does not take this key: check {entry.key_variable or 'its catalogue entry'}"
    if error.outcome == "refused":
        return "the model may be gone, or its catalogue entry may be wrong (MASTERX_PROVIDERS)"
    if error.outcome == "busy":
        return "its limit for this key is used up or it is overloaded: wait, or raise the limit with the provider"
    if error.outcome in _UNREACHABLE and error.status is None:
        return f"{entry.base_url} cannot be reached: check the network, a proxy, and {where} if it is set"
    return "it is reached, but not well: try again later; meanwhile the others are asked"


def _compared(entry: Entry, ours: Told | ProviderError, theirs: Told | Exception) -> Finding:
    about = f"{_name(entry)} beside its SDK"
    if isinstance(ours, ProviderError) and isinstance(theirs, Exception):
        return Finding(about, "ok", f"both fail, the SDK with {type(theirs).__name__}")
    if isinstance(ours, ProviderError) or isinstance(theirs, Exception):
        failed = "our adapter" if isinstance(ours, ProviderError) else f"the SDK ({type(theirs).__name__})"
        return Finding(about, "note", f"only {failed} fails", "compare the two; one of them is out of date")
    return Finding(about, "ok", "same finish") if ours.finish == theirs.finish else _different(about, ours, theirs)


def _different(about: str, ours: Told, theirs: Told) -> Finding:
    return Finding(about, "note", f"ours ends with {ours.finish}, the SDK's with {theirs.finish}")


async def _listed(reference: Sdk, entry: Entry) -> Finding:
    about = f"{_name(entry)} in the provider's list"
    try:
        listed = await reference.models()
    except Exception as error:  # not every compatible server can list its models
        return Finding(about, "note", f"the list cannot be had ({type(error).__name__})")
    if entry.model in listed:
        return Finding(about, "ok", f"one of {len(listed)} models")
    return Finding(
        about, "problem", "the provider no longer lists it", "take it out of the catalogue (MASTERX_PROVIDERS)"
    )
