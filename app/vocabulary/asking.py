"""What is asked and answered: the nouns of a turn under way."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

MESSAGE_LIMIT = 32_000
"""Characters in one message of a learner (API.md)."""

OFFLINE = "offline"
"""Name of the built-in tutor that answers without any model, where a provider is named."""

FRAMING = 4
"""Tokens that the chat format adds to each message: three marks and the role (OpenAI cookbook, token counting)."""


class Task(StrEnum):
    """What the learner wants from this turn."""

    EMOTIONAL_SUPPORT = "emotional_support"
    EXPLANATION = "explanation"
    PRACTICE = "practice"
    ASSESSMENT = "assessment"
    PLANNING = "planning"
    QUICK_ANSWER = "quick_answer"
    GENERAL = "general"


class Finish(StrEnum):
    """Why the text ends where it ends."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"


class Mode(StrEnum):
    """What counts most when a model is chosen (`app/routing/rank.py` has the formula of each)."""

    LATENCY = "latency"
    THROUGHPUT = "throughput"
    QUALITY = "quality"
    COST = "cost"
    ADAPTIVE = "adaptive"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt. What stands before `begins` in its text are notes for the model, which nobody said."""

    role: Literal["system", "user", "assistant"]
    text: str
    begins: int = 0

    @property
    def words(self) -> str:
        """What was said, without the notes."""
        return self.text[self.begins :] if self.begins else self.text

    @property
    def notes(self) -> str:
        """The notes before what was said."""
        return self.text[: self.begins]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider is asked. `stream` false asks for the answer in one piece, which is cheaper to relay; `tokens`
    are those of the messages as they were counted beforehand."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    stream: bool
    tokens: int | None = None

    @property
    def most_tokens(self) -> int:
        """Its tokens; where nobody counted as many as it has bytes, for none is shorter than one."""
        if self.tokens is not None:
            return self.tokens
        return sum(len(message.text.encode("utf-8", "replace")) for message in self.messages)


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counted them, and what they cost in US dollars."""

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True)
class Offer:
    """Something that a learner may take up where no model answered: a `hint`, whose `text` is the next one, or to
    have the question asked again later.

    Review items and course material attach here, each as a kind with its text.
    """

    kind: Literal["hint", "ask_later"]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one rate limit, of how much in all, and in how many seconds all of it is there again."""

    left: int
    limit: int | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What a provider says is left of its rate limits, after the call that it says it with."""

    requests: Left | None = None
    tokens: Left | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer as it was read from the wire. The last one carries `finish`; usage may come with it, and
    what the offline tutor offers besides. The first one carries the quota, where the provider said it."""

    text: str = ""
    finish: Finish | None = None
    usage: Usage | None = None
    quota: Quota | None = None
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """One call of one provider: `outcome` is `ok` or the name of the error (`app/errors.py`); tokens and US dollars
    where the provider said them."""

    provider: str
    model: str
    outcome: str
    ms: float
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a caller wants an answer made; what is `None` is the policy's to say, and so is the most tokens allowed."""

    max_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A learner's message on its way into a turn. One that asks the question of the turn `answers` again is for
    models only."""

    workspace: str
    session_id: str
    message: str
    stream: bool
    task: Task | None = None
    model: str | None = None
    sampling: Sampling = Sampling()
    idempotency_key: str | None = None
    digest: str | None = None
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier exchange as the context needs it, made once and read in many turns.

    `message` is empty where the tutor spoke first, in a conversation that began elsewhere.
    """

    seq: int
    message: str
    reply: str
    message_tokens: int
    reply_tokens: int
    tokens: int = field(init=False)
    """Tokens that it takes up in a prompt."""

    messages: tuple[Message, ...] = field(init=False)
    """What it is in a prompt."""

    def __post_init__(self) -> None:
        asked = (Message("user", self.message),) if self.message else ()
        spoken = (*asked, Message("assistant", self.reply))
        object.__setattr__(self, "messages", spoken)
        object.__setattr__(self, "tokens", self.message_tokens + self.reply_tokens + len(spoken) * FRAMING)
