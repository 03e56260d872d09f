"""The provider catalogue: the models that may be asked, read from a TOML file and checked.

What `extra` may say about how a model wants to be asked:

- `max_tokens_field`: the name of the output limit in the dialects of OpenAI, `max_tokens` or `max_completion_tokens`;
- `temperature`: false for models that refuse to be given one;
- `body`: fields to add to every request, for Gemini to its `generationConfig`.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import SettingsError
from app.providers.port import Entry, Limits, Prices, Rate
from app.vocabulary import OFFLINE, Task

_Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Seconds = Annotated[float, Field(gt=0, le=3600)]
_Count = Annotated[int, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class _Prices(_Part):
    input: _Price | None = None
    cached: _Price | None = None
    output: _Price | None = None


class _Limits(_Part):
    connect: _Seconds | None = None
    first_token: _Seconds | None = None
    idle: _Seconds | None = None
    total: _Seconds | None = None


class _Rate(_Part):
    requests_per_minute: _Count | None = None
    tokens_per_minute: _Count | None = None


class _Extra(_Part):
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = None
    temperature: bool = True
    body: dict[str, Any] = Field(default_factory=dict)


class _Model(_Part):
    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    model: Annotated[str, Field(min_length=1)]
    dialect: Literal["openai", "groq", "gemini"]
    base_url: str
    key: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    prices: _Prices = _Prices()
    context_window: _Count
    max_output: _Count
    tokenizer: Literal["o200k", "llama3", "gemini-estimate"]
    strengths: dict[Task, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    limits: _Limits = _Limits()
    rate: _Rate = _Rate()
    extra: _Extra = _Extra()


def load(path: Path) -> tuple[Entry, ...]:
    """The entries of a catalogue in their order; `SettingsError` with one line for the first thing that is wrong."""
    try:
        catalogue = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refusal(path, f"is not TOML: {error}") from error
    tables = catalogue.pop("model", None)
    if tables is None and not catalogue:
        raise _refusal(path, "no [[model]] in it (`model = []` says that none is meant)")
    if catalogue or not isinstance(tables, list):
        raise _refusal(path, f"{next(iter(catalogue), 'model')}: a catalogue consists of [[model]] tables only")
    entries = tuple(_entry(path, number, table) for number, table in enumerate(tables, 1))
    _refuse_twins(path, entries)
    return entries


def moved(entry: Entry, base_url: str) -> Entry:
    """The entry at another address; `SettingsError` for one that is not `http(s)://host…`, or that holds a password."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{entry.provider} {entry.model}: base_url: allowed is an http:// or https:// address")
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsError(f"{entry.provider} {entry.model}: base_url: no user, password, query or fragment in it")
    return replace(entry, base_url=base_url.rstrip("/"))


def _entry(path: Path, number: int, table: Any) -> Entry:
    try:
        model = _Model.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if part != "[key]") or "entry"
        raise _refusal(path, f"{_name(number, table)}: {field}: {first['msg']}") from error
    if model.provider == OFFLINE:
        raise _refusal(path, f"{_name(number, table)}: provider: {OFFLINE!r} is the built-in tutor")
    fields = model.model_dump(exclude={"key", "prices", "limits", "rate", "extra"})
    entry = Entry(
        **fields,
        prices=Prices(**model.prices.model_dump()),
        limits=Limits(**model.limits.model_dump(exclude_none=True)),
        rate=Rate(**model.rate.model_dump()),
        extra=model.extra.model_dump(exclude_none=True),
        key_variable=model.key,
    )
    try:
        return moved(entry, entry.base_url)
    except SettingsError as error:
        raise _refusal(path, str(error)) from error


def _refuse_twins(path: Path, entries: Sequence[Entry]) -> None:
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if (entry.provider, entry.model) in seen:
            raise _refusal(path, f"{entry.provider} {entry.model}: is there twice")
        seen.add((entry.provider, entry.model))


def _name(number: int, table: Any) -> str:
    """How a message calls an entry, whatever is missing from it."""
    named = [table.get(field) for field in ("provider", "model")] if isinstance(table, dict) else []
    words = " ".join(word for word in named if isinstance(word, str))
    return f"model {number} ({words})" if words else f"model {number}"


def _refusal(path: Path, what: str) -> SettingsError:
    """One line, whatever the names in the file hold."""
    return SettingsError(" ".join(f"MASTERX_PROVIDERS: {path}: {what}".split()))
