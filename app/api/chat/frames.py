"""The frames of a chat, in and out."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from app.api import shapes
from app.api.bodies import Body, Name, Said, faults_of
from app.api.problems import Problem, of_turn
from app.live import Event
from app.live import Name as EventName
from app.vocabulary import Task, Turn


class MessageFrame(Body):
    """What the learner wrote. A retry with the same `idempotency_key` hears the first answer again."""

    type: Literal["message"]
    message: Said
    task: Task | None = None
    idempotency_key: str | None = None


class TypingFrame(Body):
    """The learner is writing: what the turn will need may be fetched now."""

    type: Literal["typing"]


class CancelFrame(Body):
    """Stops the answer under way, or the turn that is named."""

    type: Literal["cancel"]
    turn_id: Name | None = None


class ResumeFrame(Body):
    """Takes up a turn of this session past event `after`."""

    type: Literal["resume"]
    turn_id: Name
    after: Annotated[int, Field(ge=0, le=10**9)] = 0


Frame = MessageFrame | TypingFrame | CancelFrame | ResumeFrame
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def parse(text: str) -> Frame:
    """A frame from a client. Raises `Malformed` or `Invalid`."""
    try:
        return _FRAME.validate_json(text)
    except ValidationError as error:
        # The first part of a place is the type of frame that pydantic compared with.
        raise faults_of(error, inside=1) from error


def told(event: Event, turn: Turn, request_id: str, path: str) -> str:
    """An event of a turn as a frame; the final one carries the record."""
    if event.name is not EventName.ENDED:
        # A frame is the event's own JSON object with two fields put before its first: no parsing on the way.
        return f'{{"type":"{event.name}","n":{event.n},{event.data[1:].decode()}'
    problem = of_turn(turn)
    if problem is None:
        return _json({"type": "turn.completed", "n": event.n, "turn": shapes.turn(turn)})
    return refused(problem, request_id, path, event.n)


def refused(problem: Problem, request_id: str, path: str, n: int | None = None) -> str:
    """A problem as a frame; `n` where it is how a turn ended."""
    return _json({"type": "error", "n": n, "problem": problem.body(request_id, path)})


def state(name: str, **facts: Any) -> str:
    """How the chat stands: `ready`, `accepted`, `resumed`, `cancelling` or `idle`."""
    return _json({"type": "state", "state": name, **facts})


def _json(frame: dict[str, Any]) -> str:
    return orjson.dumps(frame).decode()
