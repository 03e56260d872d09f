"""What clients send, checked: sizes, JSON, every field. Also what `/openapi.json` says of it."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from app.errors import FieldError, Invalid, Malformed, TooLarge
from app.learner.reviews import WEEKDAYS
from app.vocabulary import MESSAGE_LIMIT, Task

BODY_LIMIT = 1024 * 1024
"""Bytes of a body."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def _plain(text: str) -> str:
    """Refuses line breaks and what no keyboard types: a name or a preference stands on one line of a prompt."""
    if not plain(text):
        raise ValueError("must not contain control characters")
    return text


def plain(text: str) -> bool:
    """Whether a text stands on one line: no control characters."""
    return not _CONTROL.search(text)


def named(learner_id: str) -> None:
    """Raises `Invalid` for what is no name of a learner who may be written of: other than 1 to 200 plain characters."""
    if not (0 < len(learner_id) <= 200 and plain(learner_id)):
        raise Invalid([FieldError("learner_id", "must be 1 to 200 characters without control characters")])


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Line = Annotated[str, Field(max_length=500), AfterValidator(_plain)]
Said = Annotated[str, Field(min_length=1, max_length=MESSAGE_LIMIT), AfterValidator(_said)]


class Body(BaseModel):
    """A request body: exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SessionIn(Body):
    """A new session."""

    learner_id: Annotated[Name, Field(examples=["ada"])]
    subject: Annotated[Line | None, Field(examples=["algebra"])] = None
    goal: Annotated[Line | None, Field(examples=["solve linear equations on my own"])] = None
    course_id: Name | None = None
    title: Line | None = None


class SessionChange(Body):
    """What may be changed of a session; a field that is left out stays, null clears it."""

    subject: Line | None = None
    goal: Line | None = None
    course_id: Name | None = None
    title: Line | None = None


class TurnIn(Body):
    """A learner's message."""

    message: Annotated[Said, Field(examples=["How do I solve 3x + 5 = 20?"])]
    task: Task | None = None
    stream: bool = False


class ContextIn(Body):
    """A message whose context is wanted, not its answer. `budget` is in o200k tokens."""

    session_id: Name
    message: Said
    budget: Annotated[int, Field(ge=1, le=200_000)] | None = None


class FeedbackIn(Body):
    """What the learner thought of a turn; at least one of the three."""

    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    helpful: bool | None = None
    comment: Annotated[str, Field(min_length=1, max_length=4_000), AfterValidator(_said)] | None = None


Value = Annotated[str, Field(max_length=200), AfterValidator(_plain)]


def _day(text: str) -> str:
    try:
        if len(text) == 10:
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ValueError("must be a day such as 2026-12-24")


def _day_off(text: str) -> str:
    return text if text in WEEKDAYS else _day(text)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be a time zone such as Europe/Berlin") from error
    return name


Day = Annotated[Value, AfterValidator(_day)]
DayOff = Annotated[Value, AfterValidator(_day_off)]
Zone = Annotated[Value, AfterValidator(_zone)]


class LearnerIn(Body):
    """A learner's preferences. Reviews are planned by `daily_reviews`, `days_off` (weekdays such as `sunday`, and
    days), `exam_date` and `timezone`: at most so many a day, none on these days, all known by the day of an exam; a day
    is one of the learner's time zone. Of a `minor`, or below an `age` of 18, affect is not read unless the workspace
    says so; no model is told either of the two."""

    language: Value | None = None
    level: Value | None = None
    pace: Value | None = None
    modalities: Annotated[list[Value], Field(max_length=20)] = []
    interests: Annotated[list[Value], Field(max_length=20)] = []
    accessibility: Annotated[list[Value], Field(max_length=20)] = []
    daily_reviews: Annotated[int | None, Field(ge=1, le=500, examples=[20])] = None
    days_off: Annotated[list[DayOff], Field(max_length=100, examples=[["sunday", "2026-12-24"]])] = []
    exam_date: Annotated[Day | None, Field(examples=["2027-06-01"])] = None
    timezone: Annotated[Zone | None, Field(examples=["Europe/Berlin"])] = None
    minor: bool | None = None
    age: Annotated[int, Field(ge=3, le=130)] | None = None


B = TypeVar("B", bound=Body)


async def read(request: Request, kind: type[B], *, absent: bytes = b"") -> tuple[B, bytes]:
    """The body as `kind`, and its bytes; `absent` stands for one that was left out. Raises `TooLarge`, `Malformed` or
    `Invalid`."""
    raw = await whole(request) or absent
    try:
        return kind.model_validate_json(raw), raw
    except ValidationError as error:
        raise faults_of(error) from error


async def whole(request: Request) -> bytes:
    """The bytes of the body; `TooLarge` over `BODY_LIMIT`."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > BODY_LIMIT:
        raise TooLarge(BODY_LIMIT)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise TooLarge(BODY_LIMIT)
        parts.append(part)
    return b"".join(parts)


def faults_of(error: ValidationError, inside: int = 0) -> Malformed | Invalid:
    """What is wrong with a body, as one of our errors; `inside` so many names every place begins with."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return Malformed(found[0]["msg"])
    return Invalid([FieldError(".".join(map(str, e["loc"][inside:])) or "body", e["msg"]) for e in found])


def idempotency_key(request: Request) -> str | None:
    """The `Idempotency-Key` header: 1 to 255 visible ASCII characters."""
    return checked_key(request.headers.get("idempotency-key"), "Idempotency-Key")


def checked_key(key: str | None, field: str) -> str | None:
    """An idempotency key that was given as `field`; `Invalid` where it is none."""
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid([FieldError(field, "must be 1 to 255 visible ASCII characters")])
    return key


def digest(message: str, task: Task | None) -> str:
    """The hash of a question that is no request body of its own: what an idempotency key of it stands for."""
    return hashlib.sha256(orjson.dumps([message, task])).hexdigest()


def page_limit(request: Request) -> int:
    """The `limit` of a list, 1 to 200, 50 where it is not given."""
    return number(request, "limit", (50, 200))


def number(request: Request, name: str, bounds: tuple[int, int]) -> int:
    """A whole number in the query: the first of `bounds` where it is not given, the second at most."""
    usual, most = bounds
    given = request.query_params.get(name, str(usual))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:4]) <= most and len(given) <= len(str(most))):
        raise Invalid([FieldError(name, f"must be a whole number from 1 to {most}")])
    return int(given)


def documented(kind: type[BaseModel], *, required: bool = True) -> Mapping[str, Any]:
    """What OpenAPI says of a route that takes `kind` as its body."""
    schema = kind.model_json_schema()
    schema = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def _inlined(schema: Any, named: Mapping[str, Any]) -> Any:
    """A schema with what it refers to put in its place."""
    if isinstance(schema, list):
        return [_inlined(part, named) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(named[schema["$ref"].removeprefix("#/$defs/")], named)
    return {name: _inlined(part, named) for name, part in schema.items()}
