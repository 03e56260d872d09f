"""What makes two questions the same one."""

import hashlib
import json
from dataclasses import dataclass, fields
from operator import itemgetter
from typing import Any

from app.providers.port import Entry
from app.vocabulary import Message, Task

_VERSION = 1
"""Counts up when the same key is to be written down differently."""

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""One text for one value, also where a text holds half a surrogate pair, which orjson refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseKey:
    """All that an answer depends on. No part has a default: who builds a key says each of them, `None` for none.

    `models` are all that may be asked, in any order, because which of them will answer is not known before; so a model
    that has gone from the catalogue, is asked in another way, or is forbidden to a learner makes another key, and
    nothing of it can be served. `material` is the version of the course material that the answer may quote.
    """

    workspace: str
    policy: str
    task: Task
    hint_level: int | None
    mastery_band: str | None
    language: str | None
    material: str | None
    models: tuple[Entry, ...]
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float


def digest(key: ResponseKey) -> str:
    """The key's SHA-256 in hexadecimal, of every field under its own name, as JSON with sorted names."""
    parts: dict[str, Any] = {field.name: getattr(key, field.name) for field in fields(key)}
    parts["models"] = sorted(map(_asked, key.models), key=itemgetter(0, 1, 3))
    parts["messages"] = [[message.role, message.text] for message in key.messages]
    return hashlib.sha256(_JSON.encode([_VERSION, parts]).encode()).hexdigest()


def _asked(entry: Entry) -> list[Any]:
    """What decides how a model answers, of all that the catalogue says; prices and limits do not."""
    return [entry.provider, entry.model, entry.dialect, entry.base_url, entry.max_output, dict(entry.extra)]
