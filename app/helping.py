"""From what learners think of answers to what helped in which situation: a prior for whoever chooses how to teach.

A workspace has a document of patterns for each task, so that little is written for a rating and pruning one takes no
longer than a millisecond or two.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

from app.context.brief import affect_band
from app.errors import StoreUnavailable
from app.learner.patterns import Patterns, Prior, Situation
from app.storage.learned import NOBODY, Learned
from app.storage.sessions import Sessions
from app.storage.turns import TurnLog
from app.vocabulary import Feedback, Task, Turn
from app.weighing import first_reward

CAPACITY = 10_000 // len(Task)
"""Patterns of a task: 10,000 of a workspace together."""

_RECENT = 256
"""Turns that a document remembers having counted: one that is rated at two replicas at once counts once."""

_TRIES = 20
_UNKNOWN = "unknown"
_AT_ONCE = 200

log = logging.getLogger("masterx.helping")


class Lesson(NamedTuple):
    """What one rating says: the first one of a turn, by its id, at `at` seconds since the epoch."""

    id: str
    turn_id: str
    task: Task
    situation: Situation
    arm: str
    reward: float
    at: float


class Listed(NamedTuple):
    """What is to be expected of an arm in a situation."""

    situation: Situation
    arm: str
    prior: Prior


class Helping:
    """Learns from ratings what helped, and tells it."""

    def __init__(self, learned: Learned, turns: TurnLog, sessions: Sessions) -> None:
        self._learned, self._turns, self._sessions = learned, turns, sessions

    async def note(self, turn: Turn, feedback: Feedback) -> bool:
        """Learns from a rating that is already kept; says whether it did: only the first one of a turn counts, of turns
        that may teach us anything (`Turn.evidence`)."""
        try:
            lesson = await self._lesson(turn)
            return lesson is not None and lesson.id == feedback.id and await self._learn(turn.workspace, lesson)
        except StoreUnavailable as error:
            log.warning("turn %s teaches nothing until a rebuild: %s", turn.id, error)
            return False

    async def patterns(self, workspace: str, task: Task) -> Patterns:
        """What is remembered of a task."""
        kept, _ = await self._learned.get(workspace, NOBODY, _name(task))
        return Patterns.of(kept["patterns"] if kept else (), CAPACITY)

    async def best(self, workspace: str, now: float, limit: int) -> list[Listed]:
        """The patterns of a workspace that most evidence stands for."""
        found = list[Listed]()
        for task in Task:
            patterns = await self.patterns(workspace, task)
            found += (Listed(*one, patterns.prior(*one, now)) for one in patterns.listed())
        return sorted(found, key=lambda one: (-one.prior.weight, one.situation, one.arm))[:limit]

    async def rebuild(self, workspace: str) -> bool:
        """Derives what is remembered from the log, ratings in the order of their ids; false where others kept adding
        meanwhile."""
        for _ in range(_TRIES):
            stamps = {task: (await self._learned.get(workspace, NOBODY, _name(task)))[1] for task in Task}
            lessons = sorted([lesson async for lesson in self._lessons(workspace)])
            if await self._put_all(workspace, lessons, stamps):
                return True
        return False

    async def _put_all(self, workspace: str, lessons: Sequence[Lesson], stamps: dict[Task, str | None]) -> bool:
        for task, stamp in stamps.items():
            patterns, recent = Patterns(CAPACITY), list[str]()
            for lesson in lessons:
                if lesson.task is task:
                    patterns.learn(lesson.situation, lesson.arm, lesson.reward, lesson.at)
                    recent.append(lesson.turn_id)
            if (recent or stamp) and not await self._put((workspace, task), (patterns, recent), stamp):
                return False
        return True

    async def _learn(self, workspace: str, lesson: Lesson) -> bool:
        for _ in range(_TRIES):
            kept, stamp = await self._learned.get(workspace, NOBODY, _name(lesson.task))
            recent = [*kept["recent"]] if kept else []
            if lesson.turn_id in recent:
                return False
            patterns = Patterns.of(kept["patterns"] if kept else (), CAPACITY)
            patterns.learn(lesson.situation, lesson.arm, lesson.reward, lesson.at)
            if await self._put((workspace, lesson.task), (patterns, [*recent, lesson.turn_id]), stamp):
                return True
        log.warning("turn %s teaches nothing until a rebuild: others were faster each time", lesson.turn_id)
        return False

    async def _put(self, whose: tuple[str, Task], what: tuple[Patterns, list[str]], stamp: str | None) -> bool:
        (workspace, task), (patterns, recent) = whose, what
        kept = {"patterns": patterns.kept(), "recent": recent[-_RECENT:]}
        return await self._learned.put((workspace, NOBODY, _name(task)), kept, stamp) is not None

    async def _lessons(self, workspace: str) -> AsyncIterator[Lesson]:
        async for learner_id in self._turns.learners(workspace):
            upto: str | None = None
            while turns := await self._turns.since(workspace, learner_id, upto, _AT_ONCE):
                for turn in turns:
                    if lesson := await self._lesson(turn):
                        yield lesson
                upto = turns[-1].id

    async def _lesson(self, turn: Turn) -> Lesson | None:
        """What the first rating of a turn says; `None` without one, or where nothing may be learned from it."""
        if not turn.evidence or turn.strategy is None:
            return None
        ratings = await self._sessions.ratings(turn.id)
        first = first_reward(ratings)
        if first is None:
            return None
        at = next(datetime.fromisoformat(one.created_at).timestamp() for one in ratings if one.id == first[0])
        return Lesson(first[0], turn.id, turn.task, situation(turn), turn.strategy, first[1], at)


def situation(turn: Turn) -> Situation:
    """The situation that a turn was asked in: task, band of mastery, band of affect, and the skill that it is about."""
    reading = turn.reading
    skill = reading.skills[0] if reading.skills else _UNKNOWN
    return str(turn.task), reading.mastery or _UNKNOWN, affect_band(reading.affect) or _UNKNOWN, skill


def _name(task: Task) -> str:
    return f"patterns-{task}"
