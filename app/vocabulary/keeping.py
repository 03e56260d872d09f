"""What is kept: the nouns of stored documents.

They have no slots: orjson writes an object that has a `__dict__` five times as fast, and each turn is written twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from app.vocabulary.asking import OFFLINE, Attempt, Finish, Offer, Task, Usage
from app.vocabulary.choosing import Credit, Decision, Source
from app.vocabulary.reading import Danger, Reading
from app.vocabulary.receipts import Receipt

T = TypeVar("T")

SCHEMA = 8
"""Version of the documents in the store; `migrations/` lead up to it."""


class State(StrEnum):
    """Where a turn stands. It leaves OPEN exactly once."""

    OPEN = "open"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    GUARDED = "guarded"
    """Ended by a content policy after its first words."""

    CANCELLED = "cancelled"
    FAILED = "failed"


class Permission(StrEnum):
    """Who is asking; each one may what those before it may (`app/api/access.py` says what that is)."""

    LEARNER = "learner"
    TEACHER = "teacher"
    SERVICE = "service"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Timing:
    """Milliseconds. `overhead_ms` is the total less the time spent waiting for providers."""

    context_ms: float | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    overhead_ms: float | None = None


@dataclass(frozen=True)
class Learner:
    """One learner of a workspace and what they asked for. `learner_id` is the front end's own name for them."""

    id: str
    workspace: str
    learner_id: str
    preferences: Mapping[str, Any] = field(default_factory=dict)
    created_at: str | None = None
    updated_at: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True)
class Session:
    """A conversation of one learner. `instructions` are those of the front end that began it."""

    id: str
    workspace: str
    learner_id: str
    created_at: str
    updated_at: str
    subject: str | None = None
    goal: str | None = None
    course_id: str | None = None
    title: str | None = None
    instructions: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True)
class Turn:
    """One message and its answer: the record that is never lost.

    `owner` is the instance that runs it while it is open, `streamed` whether its events can be heard one by one then;
    `digest` is the hash of the request body that an idempotency key was first used with. `message_tokens` and
    `reply_tokens` save counting twice; `history_items` and `history_tokens` are those of all exchanges of the session
    before this turn. `continued`: another model went on with an answer that had broken off; its text says where, and
    `attempts` names both. `cached`: nobody was asked for this turn, its text was told to the same question in another
    one, whose record has the attempts, tokens and cost. `safety`: the learner may be in danger, said so, and was told
    where to find help; nothing is learned from it. `charge` is what budgets are charged, in
    nano-dollars: at least what the calls cost that were made for it, also where others went on listening to one and
    have it among their `attempts`; `None` where nobody's budget is limited, and where the process died before it knew.
    `decisions` are what was chosen for it, each with how likely.
    """

    id: str
    workspace: str
    session_id: str
    learner_id: str
    seq: int
    message: str
    created_at: str
    state: State = State.OPEN
    reply: str = ""
    task: Task = Task.GENERAL
    strategy: str | None = None
    provider: str | None = None
    model: str | None = None
    usage: Usage = field(default_factory=Usage)
    timing: Timing = Timing()
    reading: Reading = field(default_factory=Reading)
    safety: Danger | None = None
    attempts: tuple[Attempt, ...] = ()
    degraded: bool = False
    continued: bool = False
    cached: bool = False
    finish_reason: Finish | None = None
    problem: str | None = None
    retry_after: float | None = None
    closed_at: str | None = None
    policy: str | None = None
    receipt: Receipt | None = None
    message_tokens: int | None = None
    reply_tokens: int | None = None
    history_items: int = 0
    history_tokens: int = 0
    owner: str | None = None
    idempotency_key: str | None = None
    digest: str | None = None
    streamed: bool = False
    charge: int | None = None
    answers: str | None = None
    offers: tuple[Offer, ...] = ()
    decisions: tuple[Decision, ...] = ()
    schema: int = SCHEMA

    @property
    def evidence(self) -> bool:
        """Whether it may teach us anything about models, strategies or the learner: only a whole answer that one model
        gave to this very question does. The offline tutor is none, whether it stood in for one or was asked itself."""
        own = not (self.degraded or self.continued or self.cached or self.safety)
        return self.state is State.COMPLETE and own and self.provider not in (None, OFFLINE)

    @property
    def unanswered(self) -> bool:
        """Whether no model answered, so that its question may be asked again later."""
        return self.answers is None and self.state is not State.OPEN and (self.degraded or self.state is State.FAILED)


@dataclass(frozen=True)
class Feedback:
    """What the learner thought of a turn."""

    id: str
    workspace: str
    turn_id: str
    created_at: str
    rating: int | None = None
    helpful: bool | None = None
    comment: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True)
class Reward:
    """What one source says about a turn, 0 to 1 (of `HARM`: 0, `note` says what happened): at most one a turn and
    source. `also` is what others say at the same moment. `credits` are the arms that it counts for, so that all can be
    learned again from rewards alone."""

    id: str
    workspace: str
    learner_id: str
    turn_id: str
    source: Source
    value: float
    at: str
    note: str | None = None
    also: Mapping[str, float] = field(default_factory=dict)
    credits: tuple[Credit, ...] = ()
    schema: int = SCHEMA


@dataclass(frozen=True)
class Key:
    """An API key as it is stored: the hash, never the key."""

    id: str
    workspace: str
    role: Permission
    hash: str
    created_at: str
    learner_id: str | None = None
    revoked_at: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True)
class Page(Generic[T]):
    """A slice of a list; `next_cursor` is `None` on the last one."""

    data: tuple[T, ...]
    next_cursor: str | None = None
