"""A kept answer as bytes: it names no learner, no session and no turn."""

from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from app.vocabulary import Turn

MOST_TEXT = 1 << 16
"""Characters of an answer that is kept or shared; 1,024 tokens are some 4,000."""

_MOST_BYTES = 8 * MOST_TEXT
"""A character takes six bytes at most, escaped; the rest is for the other fields."""


@dataclass(frozen=True)
class Kept:
    """An answer: its text, whose it is, and when it was first asked for. The only finish that is kept is `stop`."""

    text: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]
    provider: str
    model: str
    created_at: str
    input_tokens: int | None
    output_tokens: int | None
    finish: Literal["stop"] = "stop"
    version: Literal[1] = 1


_KEPT = TypeAdapter(Kept)


def packed(turn: Turn) -> bytes:
    """A turn's answer as it is kept."""
    usage = turn.usage
    whose = turn.provider or "", turn.model or "", turn.created_at
    return orjson.dumps(Kept(turn.reply, *whose, usage.input_tokens, usage.output_tokens))


def unpacked(data: bytes) -> Kept | None:
    """The answer in a cache's value; `None` for whatever is not one of this version.

    >>> unpacked(b'{"version": 2}') is None
    True
    """
    if len(data) > _MOST_BYTES:
        return None
    try:
        return _KEPT.validate_json(data, strict=True, extra="forbid")
    except ValidationError:
        return None
