"""The doctor's look at each provider: one tiny call through our adapter and one through the official SDK, compared."""

from contextlib import AsyncExitStack, aclosing

from app.bootstrap import entries_of, providers_of
from app.clock import Clock
from app.doctor.findings import Finding
from app.doctor.sdks import Sdk, Told, sdk
from app.errors import ProviderError
from app.providers.port import Entry, Provider
from app.settings import Settings
from app.vocabulary import Message, Prompt

_PROMPT = Prompt((Message("user", "Answer with the one word: ready"),), max_tokens=512, temperature=0.0, stream=True)
_PATIENCE = 30.0


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    """Each provider of the catalogue; one tiny paid call per model that has a key, and one through the SDK."""
    found = [_missing(entry) for entry, key in entries_of(settings) if key is None]
    keys = {_name(entry): key for entry, key in entries_of(settings) if key is not None}
    async with AsyncExitStack() as stack:
        for provider in await providers_of(settings, clock, stack):
            found += await _one(provider, keys[_name(provider.entry)])
    return found


def _name(entry: Entry) -> str:
    return f"{entry.provider}/{entry.model}"


def _missing(entry: Entry) -> Finding:
    return Finding(_name(entry), "note", "left out: it has no key", f"set {entry.key_variable} to use it")


async def _one(provider: Provider, key: str) -> list[Finding]:
    entry = provider.entry
    async with sdk(entry.dialect, entry.base_url, key, _PATIENCE) as reference:
        ours, theirs = await _ours(provider), await _theirs(reference, entry)
        return [_answered(entry, ours), _compared(entry, ours, theirs), await _listed(reference, entry)]


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
        advice = {
            "credential": f"check {entry.key_variable}",
            "refused": "the model may be gone, or its catalogue entry may be wrong (config/providers.toml)",
        }.get(ours.outcome, "the provider cannot be reached or is not well: try again later")
        return Finding(_name(entry), "problem", f"{ours.outcome}: {ours}", advice)
    tokens = f"{ours.usage.input_tokens} tokens in, {ours.usage.output_tokens} out" if ours.usage else "usage unknown"
    return Finding(_name(entry), "ok", f"answered ({tokens})")


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
    return Finding(about, "problem", "the provider no longer lists it", "take it out of config/providers.toml")
