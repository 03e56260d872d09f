"""Calls that a provider would turn down are not made in the first place: adaptive throttling, as a value.

The formula is that of Google's SRE book ("Handling Overload", "Client-Side Throttling",
sre.google/sre-book/handling-overload): a call is rejected here with probability max(0, (requests - K·accepts) /
(requests + 1)) over the last two minutes, with K = 2, so that up to half of the calls may be turned down before any
is kept back. Requests that are rejected here count as requests, too. Turned down is 429 and "overloaded"; what failed
otherwise is the breaker's to judge. A call counts when its outcome is known: the book's take milliseconds, ours may
wait for seconds, and those that wait would look as if they had been turned down.
"""

from dataclasses import dataclass, field

from app.routing.tally import Tally

K = 2.0


def _two_minutes() -> Tally:
    return Tally(slots=12, seconds=10.0)


@dataclass(frozen=True, slots=True)
class Throttle:
    """How many calls were wanted of one model, and how many of them it took.

    >>> throttle = Throttle()
    >>> for taken in (True, False, False, False):
    ...     throttle = throttle.after(0.0, taken)
    >>> throttle.share(0.0), throttle.share(120.0)
    (0.4, 0.0)
    """

    tally: Tally = field(default_factory=_two_minutes)

    def after(self, now: float, taken: bool) -> "Throttle":
        """With one call more: the provider took it, or it was turned down, there or here."""
        return Throttle(self.tally.plus(now, 1, taken))

    def share(self, now: float) -> float:
        """The share of calls that are not to be made, 0 to below 1."""
        requests, accepts = self.tally.sums(now)
        return max(0.0, (requests - K * accepts) / (requests + 1))
