"""The provider port: a prompt goes in, chunks come out, errors are of one tree."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Protocol

from app.vocabulary import Chunk, Prompt, Task, Usage

_TEMPLATE = 256
"""Tokens that a provider's own chat template may add to a prompt; gpt-oss' system message takes about a hundred."""

_OTHER_TOKENIZERS = {"o200k": 1.0, "gemini-estimate": 1.3, "llama3": 2.0}
"""How many tokens of another tokenizer one of ours may be, where nobody counted (`context/tokens.py` has what was
measured). Llama 3 spells out scripts that its vocabulary lacks: Hindi takes 1.7 times as many."""


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
        # Some servers count what was cached apart from the prompt.
        cached = min(usage.cached_tokens or 0, usage.input_tokens)
        price = self.input if self.cached is None else self.cached
        total = (usage.input_tokens - cached) * self.input + cached * price + usage.output_tokens * self.output
        return round(total / 1e6, 9)

    def most(self, input_tokens: int, output_tokens: int) -> int | None:
        """The most that so many tokens cost, in nano-dollars, none of them cached; `None` when prices are unknown.

        >>> Prices(input=0.05, cached=0.01, output=2.0).most(1_001, 10)
        70050
        """
        if self.input is None or self.output is None:
            return None
        # A dollar for a million tokens is a thousand nano-dollars for each.
        dearest = max(self.input, self.cached or 0)
        return ceil(round((input_tokens * dearest + output_tokens * self.output) * 1e3, 6))


@dataclass(frozen=True, slots=True)
class Rate:
    """What may be asked of a model in any minute; `None` where only its headers say."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


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
    rate: Rate = Rate()
    strengths: Mapping[Task, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    key_variable: str | None = None
    credential: str = "none"
    """What tells its key from others without being one: a refused key must not speak for the one that replaces it."""

    @property
    def name(self) -> str:
        """What it is called where a choice is logged."""
        return f"{self.provider}/{self.model}"

    def most(self, tokens: int, max_tokens: int, own: int | None = None) -> int | None:
        """The most that a call may cost, in nano-dollars: for a prompt of so many o200k tokens, or `own` tokens as the
        model's own tokenizer counts them, and an answer of at most `max_tokens` of the model's own, thoughts included;
        `None` when prices are unknown.

        What another tokenizer makes of the prompt is an estimate, not a bound, unless it was counted.
        """
        theirs = ceil(tokens * _OTHER_TOKENIZERS.get(self.tokenizer, 2.0)) if own is None else own
        return self.prices.most(theirs + _TEMPLATE, min(max_tokens, self.max_output))


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
