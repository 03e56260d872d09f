"""Everything that a turn's prompt is made of, gathered in bounded time: whatever is not there in time is left out."""

from dataclasses import dataclass

from app.clock import Clock, iso
from app.context.brief import Brief, Item
from app.context.facts.fact import shown
from app.context.memory.recalls import Recalls, Sought
from app.context.recall.search import Question
from app.policy import Policy
from app.storage.segments import Owner
from app.vocabulary import Ask, Snapshot, Task

_JUST_SAID = 2
"""Exchanges before the message that say what it is about."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a prompt is wanted: for which task, in how many tokens if not the policy's, and the lot of a turn
    (`Brief.draw`); a preview has none."""

    task: Task
    budget: int | None = None
    draw: float | None = None


class Briefing:
    """Gathers what prompts are made of. Without `recalls` nothing is remembered beyond a session's newest exchanges."""

    def __init__(self, policy: Policy, clock: Clock, recalls: Recalls | None = None) -> None:
        self._policy, self._clock, self._recalls = policy, clock, recalls

    async def brief(self, ask: Ask, snapshot: Snapshot, wish: Wish) -> Brief:
        """The brief of a turn, to be used before anything is awaited: what was found in an index goes with it."""
        found = await self._recalls.find(self._sought(ask, snapshot)) if self._recalls else None
        return Brief(
            policy=self._policy,
            strategy=self._policy.tasks[wish.task],
            snapshot=snapshot,
            message=ask.message,
            budget=wish.budget,
            task=wish.task,
            facts=tuple([Item(fact.key, shown(fact)) for fact in found.facts]) if found else (),
            recalled=found.ranked if found else None,
            draw=wish.draw,
        )

    def _sought(self, ask: Ask, snapshot: Snapshot) -> Sought:
        said = [text for one in snapshot.said[-_JUST_SAID:] for text in (one.message, one.reply) if text]
        question = Question(ask.message, iso(self._clock.now()), tuple(said))
        return Sought(Owner(ask.workspace, snapshot.session.learner_id), question)
