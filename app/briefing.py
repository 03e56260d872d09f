"""Everything that a turn's prompt is made of, gathered in bounded time: whatever is not there in time is left out."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.clock import Clock, iso
from app.context.brief import Brief, Item
from app.context.facts.fact import Fact, shown, tellable
from app.context.memory.recalls import Recalls, Sought
from app.context.recall.search import Question
from app.errors import StoreUnavailable
from app.library import Library
from app.library.shelf import Shelf
from app.policy import STANDARD, Policy
from app.storage.segments import Owner
from app.storage.summaries import Summaries
from app.vocabulary import Affect, Ask, CourseBrief, Retold, Session, Snapshot, Task

_JUST_SAID = 2
"""Exchanges before the message that say what it is about."""

_A_LINE = 8
"""Skills of a course that are named on one line."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a prompt is wanted: for which task, by which strategy, in how many tokens if not the policy's, and the lot of
    a turn (`Brief.draw`); a preview has none. `affect` is what was read out of the message, `profile` how layers share
    the tokens, `variant` what the strategy is told with."""

    task: Task
    strategy: str
    budget: int | None = None
    draw: float | None = None
    affect: Affect | None = None
    profile: str = STANDARD
    variant: str = STANDARD


@dataclass(frozen=True, slots=True)
class Sources:
    """Where prompts come from. Without `recalls` nothing is remembered beyond a session's newest exchanges, without a
    `library` nothing is known of courses, without `summaries` nothing that a model made of older stretches."""

    recalls: Recalls | None = None
    library: Library | None = None
    summaries: Summaries | None = None


NOTHING = Sources()


class Briefing:
    """Gathers what prompts are made of."""

    def __init__(self, policy: Policy, clock: Clock, sources: Sources = NOTHING) -> None:
        self._policy, self._clock = policy, clock
        self._recalls, self._library, self._summaries = sources.recalls, sources.library, sources.summaries

    async def brief(self, ask: Ask, snapshot: Snapshot, wish: Wish) -> Brief:
        """The brief of a turn, to be used before anything is awaited: what was found in an index goes with it."""
        sought, shelf = self._sought(ask, snapshot), await self._shelf(snapshot.session)
        retold = await self._retold(snapshot)
        found = await self._recalls.find(sought) if self._recalls else None
        ground = shelf.ground(sought.question) if shelf else None
        return Brief(
            policy=self._policy,
            strategy=wish.strategy,
            snapshot=snapshot,
            message=ask.message,
            budget=wish.budget,
            task=wish.task,
            affect=wish.affect,
            facts=_told(found.facts) if found else (),
            course=tuple(_course(ground.brief)) if ground else (),
            recalled=found.ranked if found else None,
            material=ground.ranked if ground else None,
            memory=found.why if found else None,
            draw=wish.draw,
            retold=retold,
            profile=wish.profile,
            variant=wish.variant,
        )

    async def ahead(self, snapshot: Snapshot) -> Brief:
        """The brief of a message that is yet to come: what the head of its prompt is made of, as far as it is at hand;
        nothing is looked for."""
        session, shelf = snapshot.session, await self._shelf(snapshot.session)
        owner, now = Owner(session.workspace, session.learner_id), iso(self._clock.now())
        return Brief(
            policy=self._policy,
            strategy=self._policy.tasks[Task.GENERAL],
            snapshot=snapshot,
            message="?",
            facts=_told(self._recalls.facts(owner, now)) if self._recalls else (),
            course=tuple(_course(shelf.brief)) if shelf and shelf.brief else (),
        )

    async def _retold(self, snapshot: Snapshot) -> Retold | None:
        """What a model made of an older stretch; only where the policy wants it is it read."""
        session = snapshot.session
        if self._summaries is None or not snapshot.history_items:
            return None
        with suppress(TimeoutError, StoreUnavailable):
            async with asyncio.timeout(self._policy.recall.patience):
                return await self._summaries.of(session.workspace, session.id)
        return None

    async def _shelf(self, session: Session) -> Shelf | None:
        course = session.course_id
        return await self._library.at_hand(session.workspace, course) if self._library and course else None

    def _sought(self, ask: Ask, snapshot: Snapshot) -> Sought:
        said = [text for one in snapshot.said[-_JUST_SAID:] for text in (one.message, one.reply) if text]
        question = Question(ask.message, iso(self._clock.now()), tuple(said))
        return Sought(Owner(ask.workspace, snapshot.session.learner_id), question)


def _told(facts: Sequence[Fact]) -> tuple[Item, ...]:
    return tuple([Item(fact.key, shown(fact)) for fact in facts if tellable(fact)])


def _course(brief: CourseBrief) -> Iterator[Item]:
    """A course in lines, what it is first: where not all skills fit, the first ones are named."""
    yield Item("title", f"{brief.title}: {brief.description}" if brief.description else brief.title)
    for first in range(0, len(brief.skills), _A_LINE):
        named = (f"{n}. {title}" for n, title in enumerate(brief.skills[first : first + _A_LINE], first + 1))
        yield Item(f"skills {first + 1}", "; ".join(named))
