"""What helped in which situation: a bounded memory whose entries fade, used as a prior by whoever chooses.

A situation is a few words for what mattered: task, band of mastery, affect, skill. The more general ones, down to its
first word, are remembered with it, so that one that was never met has a prior, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Any

HALF_LIFE = 30 * 86_400.0
"""Seconds after which evidence counts half."""

_DOUBT = 4.0
"""Pieces of evidence that the more general situation counts as."""

_PRUNED = 0.1
"""Share of the memory that is let go of when it is full, so that this is seldom."""

Situation = tuple[str, ...]
"""Most general first: `("practice", "weak", "low", "fractions")`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """How often an arm helped in a situation: faded counts as of `at`, seconds since the epoch."""

    helped: float
    tried: float
    at: float

    def faded(self, now: float) -> "Pattern":
        """As it counts at a later time."""
        left = 0.5 ** (max(0.0, now - self.at) / HALF_LIFE)
        return Pattern(self.helped * left, self.tried * left, max(now, self.at))


@dataclass(frozen=True, slots=True)
class Prior:
    """The chance that an arm helps, and how many pieces of evidence that is worth."""

    mean: float
    weight: float

    @property
    def confidence(self) -> float:
        """From 0 to 1."""
        return self.weight / (self.weight + _DOUBT)


class Patterns:
    """The memory, of so many patterns at the most; look-ups take microseconds.

    >>> memory = Patterns(1_000)
    >>> for day in range(8):
    ...     memory.learn(("practice", "stuck"), "hint", 1.0, now=day * 86_400.0)
    >>> prior = memory.prior(("practice", "stuck", "anxious"), "hint", now=8 * 86_400.0)
    >>> round(prior.mean, 2), prior.weight > 5
    (0.82, True)
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._patterns: dict[tuple[Situation, str], Pattern] = {}

    def learn(self, situation: Situation, arm: str, reward: float, now: float) -> None:
        """Remembers that an arm helped (1), did not (0), or something between."""
        for one in _wider(situation):
            before = self._patterns.get((one, arm), Pattern(0.0, 0.0, now)).faded(now)
            self._patterns[one, arm] = replace(before, helped=before.helped + reward, tried=before.tried + 1)
        if len(self._patterns) > self._capacity:
            self._prune(now)

    def prior(self, situation: Situation, arm: str, now: float) -> Prior:
        """What is to be expected of an arm: each situation's own evidence, shrunk to that of the next wider one; one
        half that is worth nothing where nothing was met."""
        nothing = Pattern(0.0, 0.0, now)
        met = [self._patterns.get((one, arm), nothing).faded(now) for one in _wider(situation)]
        mean = 0.5
        # Each piece of evidence counts once: in a wider situation that of the narrower one is left out.
        for wide, narrow in zip(reversed(met), [*reversed(met[:-1]), nothing], strict=True):
            helped, tried = max(0.0, wide.helped - narrow.helped), max(0.0, wide.tried - narrow.tried)
            mean = (helped + _DOUBT * mean) / (tried + _DOUBT)
        return Prior(mean, met[-1].tried)

    def listed(self) -> Iterator[tuple[Situation, str]]:
        """The situations and arms that are remembered."""
        yield from self._patterns

    def kept(self) -> list[list[Any]]:
        """As JSON."""
        return [[[*s], arm, p.helped, p.tried, p.at] for (s, arm), p in self._patterns.items()]

    @classmethod
    def of(cls, kept: Iterable[Sequence[Any]], capacity: int) -> "Patterns":
        """From such JSON."""
        memory = cls(capacity)
        for situation, arm, helped, tried, at in kept:
            memory._patterns[tuple(situation), arm] = Pattern(helped, tried, at)
        return memory

    def _prune(self, now: float) -> None:
        """Lets go of those with the least confidence left for their age, which is the least faded evidence."""
        left = {
            name: pattern.tried * 0.5 ** ((now - pattern.at) / HALF_LIFE) for name, pattern in self._patterns.items()
        }
        for name in nsmallest(len(left) - int(self._capacity * (1 - _PRUNED)), left, key=left.__getitem__):
            del self._patterns[name]


def _wider(situation: Situation) -> Iterator[Situation]:
    """A situation and the more general ones it is in, down to its first word."""
    for n in range(len(situation), 0, -1):
        yield situation[:n]
