"""The one interface of all policies of choice: decide, learn, keep, and add up over replicas.

A policy is an object over plain numbers: no clock, no chance, no store of its own. Time comes with the situation,
chance as a generator, and what was learned goes out and comes in as JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from numpy.random import Generator


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a choice is made. `context` names it (`Decision.context`), `domain` the wider group that it belongs to;
    `features` describe it in numbers; `learner` is whose turn it is; `critical` says that only the approved may be
    tried; `at` is in seconds since the epoch; `segment` names those whom the learner is like, empty where nobody is
    known to be; `baseline` is that of the options, which whoever tells of an outcome may not know (empty)."""

    context: str
    domain: str
    features: tuple[float, ...]
    learner: str
    critical: bool
    at: float
    segment: str = ""
    baseline: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """The arms that may be chosen. `baseline` is the one that is known to be safe; `approved` are those that may be
    chosen where it is critical, the baseline among them; `priors` are what is expected of arms before anything was
    seen, 0 to 1, where something is."""

    arms: tuple[str, ...]
    baseline: str
    approved: frozenset[str]
    priors: Mapping[str, float]


class Chosen(NamedTuple):
    """An arm, how likely it was to be chosen (`None` where that is not known), and why, in words; `under` names the
    pace of exploration that was in force (`pacing`), for its outcome to say."""

    arm: str
    propensity: float | None
    reason: str
    under: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one reward says of an arm: `value` 0 to 1, which counts as `weight` of an observation (0 to 1); `usual` is
    the mean of its kind of reward, whatever the arm, so that a kind that is always high helps nobody; `harm` says that
    it hurt somebody; `under` is that of the `Chosen`."""

    arm: str
    value: float
    weight: float = 1.0
    usual: float = 0.5
    harm: bool = False
    under: str | None = None


class Chooser(Protocol):
    """A policy of choice for one kind of choice in one workspace."""

    def decide(self, situation: Situation, options: Options, rng: Generator) -> Chosen:
        """One of the arms; changes nothing that is kept."""
        ...

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Learns what came of an arm in a situation."""
        ...

    def forget(self, learner: str | None) -> None:
        """Forgets what was learned of a learner alone, or of each of them alone (`None`); what all taught together
        stays."""
        ...

    def kept(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        ...

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What gives the same, as it is now, also when it is called later and in another thread."""
        ...

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was learned."""
        ...

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Adds what another one learned from other rewards, so that the two together know what one would that saw
        all."""
        ...
