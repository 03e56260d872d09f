"""What one workspace has learned of its choices: a policy of choice for each kind, and what kinds of rewards are usual.

The log of rewards is the truth: replicas that took the same rewards, in whatever order, know the same but for what
depends on order (the usual reward of a kind at the time, and what fades with time). A reward is taken once.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from app.choices.gate.gated import Gated
from app.choices.gate.interventions import Intervention
from app.choices.port import Outcome, Situation
from app.choosing.applied import Applied
from app.choosing.case import task_of
from app.policy import RewardWeights
from app.vocabulary import Choice, Credit, Reward, Source

log = logging.getLogger("masterx.choosing")

Make = Callable[[Choice], Gated]
"""Makes a policy of choice, behind its gate, that has seen nothing."""

TOLD = frozenset({Source.FEEDBACK, Source.INDEPENDENT, Source.REVIEW})
"""What somebody told; the rest is what a turn tells by itself."""

_SUCCESS = (Source.INDEPENDENT, Source.REVIEW)
_LITTLE = 0.02
"""A weight below which nothing is said."""

_BESIDE = 0.25
"""Feedbacks that count for each graded answer: the greatest difference that liking can make, from none to all, is then
no more than that of one answer in six."""

ROWS = 2_000
"""Arms by task that are counted; those that come later are learned from all the same."""


@dataclass(slots=True)
class Mean:
    """A weighted mean of values from 0 to 1, and how they vary."""

    weight: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        """Takes a value."""
        self.merge((weight, value * weight, value * value * weight))

    def merge(self, sums: Sequence[float]) -> None:
        """Takes the sums of other values: their weight, total and squares."""
        self.weight += sums[0]
        self.total += sums[1]
        self.squares += sums[2]

    @property
    def usual(self) -> float:
        """The mean, with one of 1/2 that is thought to have been before."""
        return (self.total + 0.5) / (self.weight + 1.0)

    @property
    def telling(self) -> float:
        """How much the values vary beside a fair coin, 0 to 1: what is always the same tells nothing. Of few it is not
        known, and taken for little."""
        mean = self.value or 0.0
        return 4.0 * max(self.squares - mean * self.total, 0.0) / (self.weight + 1.0)

    @property
    def value(self) -> float | None:
        """The mean; `None` of nothing."""
        return self.total / self.weight if self.weight else None


class Row(NamedTuple):
    """An arm in a task."""

    choice: Choice
    task: str
    arm: str


@dataclass(slots=True)
class Experience:
    """What is known; learners are known by the names of a `deployment` (`Names`). `sources` are all values of each kind
    of reward, `told` counts the rewards that somebody told of each choice, `rows` what each arm earned in each task
    beyond what is usual."""

    make: Make
    weights: RewardWeights
    deployment: str
    choosers: dict[Choice, Gated] = field(default_factory=dict)
    sources: dict[Source, Mean] = field(default_factory=dict)
    told: dict[Choice, int] = field(default_factory=dict)
    rows: dict[Row, Mean] = field(default_factory=dict)
    applied: Applied = field(default_factory=Applied)

    def chooser(self, choice: Choice) -> Gated:
        """The policy of choice of one kind."""
        if (chooser := self.choosers.get(choice)) is None:
            chooser = self.choosers[choice] = self.make(choice)
        return chooser

    @property
    def stirred(self) -> bool:
        """Whether anybody ever told how a turn went: before that nothing else is worth keeping."""
        return bool(self.told)

    def take(self, reward: Reward, situation: Callable[[Reward, Credit], Situation]) -> bool:
        """Learns from a reward; false where it was learned from before."""
        if self.applied.has(reward.id):
            return False
        self.applied.add(reward.id)
        said = self._said(reward)
        if said.weight < _LITTLE:
            return True
        for credit in reward.credits:
            self._learn(credit, situation(reward, credit), replace(said, arm=credit.arm, under=credit.under))
            self._count(credit, reward.source, said)
        return True

    def _said(self, reward: Reward) -> Outcome:
        """What a reward says of each arm: what was said at the same moment is one observation, as its parts weigh."""
        parts = [self._part(*said) for said in _values(reward)]
        weight = sum(part[2] for part in parts)
        value, usual = (sum(part[n] * part[2] for part in parts) / (weight or 1.0) for n in (0, 1))
        return Outcome("", value, min(weight, 1.0), usual, harm=reward.source is Source.HARM)

    def _part(self, source: Source, value: float) -> tuple[float, float, float]:
        """A value, what was usual before it, and its weight."""
        known = self.sources.setdefault(source, Mean())
        usual = known.usual
        known.add(value)
        return value, usual, self._weight(source)

    def _learn(self, credit: Credit, where: Situation, outcome: Outcome) -> None:
        try:
            self.chooser(credit.choice).learn(where, outcome)
        except Exception:
            # A bulkhead: a reward that a policy of choice cannot learn from must not end what else depends on it.
            log.exception("a reward of %s teaches nothing", credit.arm)

    def _weight(self, source: Source) -> float:
        """What a reward counts, the greatest weight of the policy being 1.

        What turns tell by themselves counts as far as it varies: each turn tells it, and nearly all tell the same.
        Where graded answers come, all feedback together counts at most a small part of what they do: people rate many
        more answers than they prove to have understood, and what is liked is not what is learned from.
        """
        if source is Source.HARM:
            return 1.0
        given = self.weights.model_dump()
        weight = float(given[source] / (max(given.values()) or 1.0))
        if source not in TOLD:
            return weight * self.sources[source].telling
        seen = sum(self.sources[one].weight for one in _SUCCESS if one in self.sources)
        if source is Source.FEEDBACK and seen:
            weight *= min(1.0, _BESIDE * seen / self.sources[source].weight)
        return weight

    def _count(self, credit: Credit, source: Source, said: Outcome) -> None:
        row = Row(credit.choice, task_of(credit.context), credit.arm)
        if source in TOLD:
            self.told[credit.choice] = self.told.get(credit.choice, 0) + 1
        if row in self.rows or len(self.rows) < ROWS:
            self.rows.setdefault(row, Mean()).add(said.value - said.usual, said.weight)

    def erase(self, learner: str | None) -> None:
        """Forgets what was learned of a learner alone, or of each of them alone (`None`)."""
        for chooser in self.choosers.values():
            chooser.forget(learner)

    def interventions(self) -> list[Intervention]:
        """What gates did since this was asked last."""
        return [one for chooser in self.choosers.values() for one in chooser.gate.interventions()]

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return self.frozen()()

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What gives that, as it is now, also in another thread: some milliseconds here, all else there."""
        choosers = {choice.value: chooser.frozen() for choice, chooser in self.choosers.items()}
        kept: dict[str, Any] = {
            "sources": {source.value: [mean.weight, mean.total, mean.squares] for source, mean in self.sources.items()},
            "told": {choice.value: n for choice, n in self.told.items()},
            "rows": [
                [row.choice.value, row.task, row.arm, mean.weight, mean.total, mean.squares]
                for row, mean in self.rows.items()
            ],
            "applied": self.applied.kept(),
            "deployment": self.deployment,
        }
        return lambda: {**kept, "choosers": {name: chooser() for name, chooser in choosers.items()}}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from such JSON; raises `KeyError`, `ValueError` or `TypeError` for anything else, and for what knows
        learners by other names: nobody could be found in it again, to be erased for example."""
        if kept["deployment"] != self.deployment:
            raise ValueError("learners have names in it that are not those of this deployment")
        self.sources = {Source(name): Mean(*sums) for name, sums in kept["sources"].items()}
        self.told = {Choice(name): int(n) for name, n in kept["told"].items()}
        self.rows = {Row(Choice(c), task, arm): Mean(*sums) for c, task, arm, *sums in kept["rows"]}
        self.applied = Applied.of(kept["applied"])
        for name, learned in kept["choosers"].items():
            self.chooser(Choice(name)).restore(learned)

    def lent(self) -> dict[str, Any]:
        """What another deployment may begin with, as JSON: all but what is special to a learner, which is forgotten
        here, too, and but for which rewards it was learned from."""
        self.erase(None)
        return {name: value for name, value in self.kept().items() if name not in ("applied", "deployment")}

    def merge(self, lent: Mapping[str, Any]) -> None:
        """Adds what another deployment learned from rewards of its own; raises as `restore` does."""
        for name, learned in lent["choosers"].items():
            self.chooser(Choice(name)).merge(learned)
        for name, sums in lent["sources"].items():
            self.sources.setdefault(Source(name), Mean()).merge(sums)
        for name, n in lent["told"].items():
            self.told[Choice(name)] = self.told.get(Choice(name), 0) + int(n)
        for choice, task, arm, *sums in lent["rows"]:
            row = Row(Choice(choice), task, arm)
            if row in self.rows or len(self.rows) < ROWS:
                self.rows.setdefault(row, Mean()).merge(sums)


def _values(reward: Reward) -> Iterator[tuple[Source, float]]:
    yield reward.source, reward.value
    for source, value in reward.also.items():
        yield Source(source), value
