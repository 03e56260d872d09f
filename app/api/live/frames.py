"""What a client of the live channels may say, and what it is told where that cannot be done."""

from typing import Annotated, Literal

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from app import errors
from app.api.bodies import Body, Name, faults_of
from app.api.problems import problem_of
from app.broadcasting.frames import framed

PATH = "/v1/live"

LARGEST = 65_536
"""Characters of a frame."""

Epoch = Annotated[str, Field(min_length=1, max_length=64)]
Path = Annotated[str, Field(min_length=1, max_length=200)]


class Subscribe(Body):
    """Watches channels, from a snapshot on: only these fields, no more often than once in so many milliseconds."""

    type: Literal["subscribe"]
    channels: Annotated[list[Name], Field(min_length=1, max_length=20)]
    fields: Annotated[list[Path], Field(max_length=100)] = Field(default_factory=list)
    every_ms: Annotated[int, Field(ge=100, le=60_000)] | None = None


class Unsubscribe(Body):
    """Watches channels no longer."""

    type: Literal["unsubscribe"]
    channels: Annotated[list[Name], Field(min_length=1, max_length=20)]


class Resume(Body):
    """Goes on behind frame `seq`: what is missing, or a snapshot."""

    type: Literal["resume"]
    channel: Name
    epoch: Epoch
    seq: Annotated[int, Field(ge=0, le=2**53)]


Frame = Subscribe | Unsubscribe | Resume
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def parse(text: str) -> Frame:
    """A frame from a client. Raises `Malformed` or `Invalid`."""
    try:
        return _FRAME.validate_json(text)
    except ValidationError as error:
        # The first part of a place is the type of frame that pydantic compared with.
        raise faults_of(error, inside=1) from error


def asked(channels: str, fields: str, every: str) -> Subscribe | None:
    """What the address of a connection asks for: names and paths with commas between; `None` where it names no
    channel. Raises `Invalid`."""
    if not channels:
        return None
    try:
        return Subscribe.model_validate(
            {
                "type": "subscribe",
                "channels": channels.split(","),
                "fields": fields.split(",") if fields else [],
                "every_ms": int(every) if every.isdecimal() and len(every) < 10 else every or None,
            }
        )
    except ValidationError as error:
        raise faults_of(error) from error


def refused(error: errors.MasterxError, request_id: str) -> bytes:
    """What could not be done, encoded for the socket."""
    problem = problem_of(error).body(request_id, PATH)
    return framed(orjson.dumps({"type": "error", "problem": problem}))
