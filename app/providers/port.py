"""The provider port: a prompt goes in, chunks come out, errors are of one tree."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.vocabulary import Chunk, Prompt, Task, Usage

OFFLINE = "offline"
"""Name of the built-in tutor that answers without any model."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for a provider, in seconds."""

    connect: float = 2.0
    first_token: float = 8.0
    idle: float = 15.0
    total: float = 120.0


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens; `None` where the catalogue does not say."""

    input: float | None = None
    cached: float | None = None
    output: float | None = None

    def cost(self, usage: Usage) -> float | None:
        """What `usage` costs in US dollars, `None` when prices or counts are unknown.

        Cached input tokens are part of `input_tokens` and cost `cached` each (`input` where no price is given).

        >>> Prices(input=1.0, cached=0.1, output=2.0).cost(Usage(1000, 500, 100))
        0.00075
        """
        if self.input is None or self.output is None or usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = usage.cached_tokens or 0
        price = self.input if self.cached is None else self.cached
        total = (usage.input_tokens - cached) * self.input + cached * price + usage.output_tokens * self.output
        return round(total / 1e6, 9)


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the catalogue: where it is, what it costs and what it is good at (0 to 1 by task).

    `key_variable` names the environment variable that holds its key; `None` where it needs none. What `extra` may
    hold is in `providers/catalogue.py`.
    """

    provider: str
    model: str
    dialect: str
    base_url: str
    context_window: int
    max_output: int
    tokenizer: str
    prices: Prices = Prices()
    limits: Limits = Limits()
    strengths: Mapping[Task, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    key_variable: str | None = None
    credential: str = "none"
    """What tells its key from others without being one: a refused key must not speak for the one that replaces it."""


class Provider(Protocol):
    """A model that can be asked."""

    @property
    def entry(self) -> Entry:
        """What the catalogue says of it."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer, chunk by chunk as it is read from the wire; in one chunk when `prompt.stream` is false.

        Ends only after a chunk with `finish`; raises a `ProviderError` otherwise. Closing the generator closes
        the call. No timeout but the connect limit: the router owns the others.
        """
        ...
