"""Questions that no model answered and that wait for one."""

from dataclasses import dataclass
from enum import StrEnum

from app.vocabulary.keeping import SCHEMA


class Wait(StrEnum):
    """Where a question that waits for a model stands."""

    WAITING = "waiting"
    ASKING = "asking"
    ANSWERED = "answered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Question:
    """A turn's message that is to be asked again; `id` is that of the turn.

    `owner` is the instance that asks it now; `tries` counts the turns that were opened for it and brought no answer;
    `answered_by` is the turn that did.
    """

    id: str
    workspace: str
    session_id: str
    learner_id: str
    created_at: str
    state: Wait = Wait.WAITING
    owner: str | None = None
    tries: int = 0
    answered_by: str | None = None
    schema: int = SCHEMA
