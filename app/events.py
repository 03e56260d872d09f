"""What happened, and who wants to know. Events are frozen; a handler is a plain function and must be quick."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.vocabulary import Alert, Answer, Attempt, Danger, Reward, Task, Turn, Usage


@dataclass(frozen=True, slots=True)
class TurnOpened:
    """A learner's message is durable and a provider is about to be asked."""

    task: Task


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """One provider was asked, for a stream or for an answer in one piece; `first_token_ms` is unknown where none
    came."""

    attempt: Attempt
    first_token_ms: float | None
    usage: Usage
    streamed: bool


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The record of a turn is durable and final."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class SafetyFlagged:
    """A learner's message says that they may be in danger: it is durable, `kind` is its `safety`."""

    kind: Danger
    turn: Turn


@dataclass(frozen=True, slots=True)
class Rewarded:
    """A reward is durable; `turn` is the one that it is for."""

    reward: Reward
    turn: Turn


@dataclass(frozen=True, slots=True)
class Graded:
    """Answers of a learner are durable and counted, in their order; `skills` are those that they were on, `gain` is the
    sum of what mastery of these rose by, where that is known."""

    workspace: str
    learner_id: str
    skills: tuple[str, ...]
    answers: tuple[Answer, ...]
    gain: float | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that may explain what happens next: a breaker (`closed`, `open`), the policy that is active, an
    experiment that began or stopped, an arm that was suspended, a process that started.

    `kind` is one word (`breaker`, `policy`, `experiment`, `arm`, `deploy`), `subject` whom it is about (`groq/llama`),
    `what` what happened, in words.
    """

    kind: str
    subject: str
    what: str
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Alerted:
    """An alert opened, closed, or is otherwise than before; each replica says so of each alert, whoever saw it."""

    alert: Alert


log = logging.getLogger("masterx.events")

Event = TurnOpened | AttemptEnded | TurnEnded | SafetyFlagged | Rewarded | Graded | Changed | Alerted
Handler = Callable[[Event], None]


class Events:
    """Hands each event to everyone who subscribed, in order of subscription."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []

    def subscribe(self, handler: Handler) -> None:
        """Calls `handler` with every event from now on."""
        self._handlers.append(handler)

    def publish(self, event: Event) -> None:
        """Tells everyone. What has happened cannot fail any more: a handler that raises is logged, and neither those
        behind it nor whoever publishes, who may be closing a turn, is the worse for it."""
        for handler in self._handlers:
            try:
                handler(event)
            except Exception:
                # A bulkhead between those who hear.
                log.exception("%s was not heard by %s", type(event).__name__, getattr(handler, "__qualname__", handler))
