"""One answer on its way: what is asked of the router, how it came about, and each attempt at it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import ProviderError
from app.providers.port import Entry, Provider
from app.routing.guard import Call
from app.routing.money import Purse, unlimited
from app.routing.watchdog import Watchdog
from app.vocabulary import Attempt, Chunk, Finish, Offer, Prompt, Usage


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt and who may answer it, in order. `deadline` is in seconds and for all attempts together."""

    prompt: Prompt
    candidates: Sequence[Provider]
    deadline: float
    hedged: float = 0.0
    """Share of such requests for which a second model may be asked when the first is slower than usual to speak."""

    continued: str | None = None
    """What is said where another model goes on with an answer that broke off; `None` lets it end there."""


@dataclass(slots=True)
class Answer:
    """How an answer came about; filled in while it streams."""

    purse: Purse = field(default_factory=unlimited)
    """What all attempts together may cost, and what they have cost."""

    attempts: list[Attempt] = field(default_factory=list)
    entry: Entry | None = None
    """Who speaks; where another model went on, the one that did."""

    finish: Finish | None = None
    usage: Usage = field(default_factory=Usage)
    offers: tuple[Offer, ...] = ()
    first_token_at: float | None = None
    waited: float = 0.0
    """Seconds spent waiting for providers."""

    cached: bool = False
    """Whether the text was said to someone else first: nobody was asked on this answer's account."""

    retry_after: float | None = None
    """Seconds after which asking again may help, where nobody answered."""

    continued: bool = False
    """Whether another model went on with it after it had broken off."""

    def hear(self, chunk: Chunk) -> None:
        """Notes what a chunk says besides its text."""
        if chunk.finish:
            self.finish = chunk.finish
        if chunk.usage:
            self.usage = chunk.usage
        self.offers = chunk.offers or self.offers


@dataclass(slots=True, eq=False)
class Try:
    """One attempt under way: when it started and when it must have spoken. The last resort needs no call admitted."""

    provider: Provider
    call: Call | None
    watchdog: Watchdog
    started: float
    first_by: float
    streamed: bool
    again: bool = False
    """Whether it was paid for from the budget of second attempts."""

    held: int = 0
    """Nano-dollars that it has out of the answer's purse."""

    spoke_after: float | None = None
    usage: Usage = field(default_factory=Usage)
    error: ProviderError | None = None
    outrun: bool = False
    """Whether another attempt spoke first, so that this one was given up."""

    def patience(self, now: float) -> float:
        """Seconds to wait for the next chunk."""
        limits = self.provider.entry.limits
        if self.spoke_after is None:
            return self.first_by - now
        return min(limits.idle, self.started + limits.total - now)
