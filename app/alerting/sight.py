"""What rules look at between minutes: breakers, budgets, the store, the queue of questions."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from app.analytics.alerts import rules
from app.analytics.alerts.finding import Finding
from app.analytics.alerts.rules import Breaker, Budget, StoreSeen
from app.analytics.alerts.settings import AlertSettings
from app.errors import StoreUnavailable
from app.events import Event, TurnEnded

_BUDGETS = 30.0
"""Seconds between two looks at budgets: each is a read of the store."""

_WORKSPACES = 200
"""Workspaces whose budgets are looked at, at most: those that asked something of late."""


@dataclass(frozen=True, slots=True)
class Around:
    """Where to look: the models whose breakers let nobody through, a workspace's budget (`None` where it has none),
    whether the store answers and in how many milliseconds, how many questions wait."""

    closed_to_calls: Callable[[], Iterable[tuple[str, str]]]
    budget: Callable[[str], Awaitable[Budget | None]]
    store: Callable[[], tuple[bool, float | None]]
    waiting: Callable[[], int]


class Sight:
    """Looks, and remembers since when things are as they are."""

    def __init__(self, around: Around, settings: AlertSettings) -> None:
        self._around, self._settings = around, settings
        self._open: dict[tuple[str, str], float] = {}
        self._store: StoreSeen | None = None
        self._workspaces: dict[str, None] = {}
        self._budgets: list[Finding] = []
        self._counted = 0.0

    def hear(self, event: Event) -> None:
        """Notes which workspaces ask."""
        if isinstance(event, TurnEnded) and event.turn.workspace not in self._workspaces:
            if len(self._workspaces) >= _WORKSPACES:
                del self._workspaces[next(iter(self._workspaces))]
            self._workspaces[event.turn.workspace] = None

    async def look(self, now: float) -> Sequence[Finding]:
        """What rules find now; budgets are as they were while the store is away."""
        there = set(self._around.closed_to_calls())
        self._open = {one: self._open.get(one, now) for one in there}
        breakers = (Breaker(*one, since) for one, since in self._open.items())
        if now - self._counted >= _BUDGETS:
            await self._count(now)
        return [
            *rules.breakers(breakers, self._settings, now),
            *rules.store(self._store_seen(now), self._settings, now),
            *rules.queue(self._around.waiting(), self._settings, now),
            *self._budgets,
        ]

    def _store_seen(self, now: float) -> StoreSeen:
        answers, ms = self._around.store()
        slow = ms is not None and ms >= self._settings.store.ms
        before = self._store
        same = before is not None and (before.answers, _slow(before, self._settings)) == (answers, slow)
        self._store = StoreSeen(answers, ms, before.since if before and same else now)
        return self._store

    async def _count(self, now: float) -> None:
        try:
            there = [await self._around.budget(workspace) for workspace in [*self._workspaces]]
        except StoreUnavailable:
            return
        self._counted = now
        self._budgets = rules.budgets([one for one in there if one], self._settings, now)


def _slow(seen: StoreSeen, settings: AlertSettings) -> bool:
    return seen.ms is not None and seen.ms >= settings.store.ms
