"""One line of a recording, checked."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.bodies import Line, Name, Said
from app.vocabulary import Task

LINE_LIMIT = 1 << 20
"""Bytes of one line."""

_BOM = b"\xef\xbb\xbf"


class BadLine(Exception):
    """What is wrong with a line, for people."""


class Utterance(BaseModel):
    """What a learner said, and in which dialogue. `at` is read for its form only: a turn gets the time it is played."""

    model_config = ConfigDict(extra="allow", frozen=True)

    learner_id: Name
    message: Said
    session: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    subject: Line | None = None
    goal: Line | None = None
    task: Task | None = None
    at: datetime | None = None

    @property
    def dialogue(self) -> tuple[str, str | None]:
        """What lines of one dialogue share."""
        return self.learner_id, self.session


def parsed(raw: bytes, *, first: bool = False) -> Utterance | None:
    """A line as an utterance, `None` where it is blank; raises `BadLine`. The `first` one may begin with a BOM."""
    if len(raw) > LINE_LIMIT:
        raise BadLine(f"the line has more than {LINE_LIMIT:,} bytes")
    text = raw.removeprefix(_BOM) if first else raw
    try:
        if not text.decode("utf-8").strip():
            return None
        return Utterance.model_validate_json(text)
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 (byte {error.start + 1} of the line)") from error
    except ValidationError as error:
        raise BadLine(_words(error)) from error


def _words(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return f"not JSON: {found[0]['msg'].removeprefix('Invalid JSON: ')}"
    if not found[0]["loc"]:
        return 'not an object such as {"learner_id": "ada", "message": "…"}'
    return "; ".join(dict.fromkeys(f"{one['loc'][0]}: {one['msg'].removeprefix('Value error, ')}" for one in found))
