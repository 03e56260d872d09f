"""Keeps alerts: what rules find is opened or seen again, what nobody sees any more is closed, all replicas together."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from app.alerting.remembering import keep, remember
from app.alerting.watching import Watching
from app.analytics.alerts.changes import Change
from app.analytics.alerts.finding import Finding
from app.analytics.alerts.grouping import grouped
from app.analytics.alerts.life import aged, name, opened, quietened, seen, under
from app.analytics.alerts.listing import Place, placed
from app.analytics.alerts.settings import AlertSettings
from app.analytics.anomalies.reading import minute_of
from app.analytics.series.slices import Slice
from app.clock import Clock
from app.errors import NotFound, StoreUnavailable
from app.events import Alerted, Changed, Event, Events
from app.rounds import Rounds
from app.storage.alerts import Alerts
from app.storage.cache import Cache
from app.storage.rollups import Rollups
from app.vocabulary import Alert

EVERY = 5.0
"""Seconds between two looks."""

_REFRESH = 30.0
"""Seconds after which an alert that is still seen is written again; in between nothing is."""

_FRESH = 900.0
"""Seconds in which causes are looked for again: evidence grows."""

_TIDY = 3_600.0
_TRIES = 5
_UNREAD = 1_440
_CHANNEL = "alerts"

log = logging.getLogger("masterx.alerts")

Look = Callable[[float], Awaitable[Sequence[Finding]]]
"""What rules find at a time that do not go by minutes."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What alerting works with."""

    alerts: Alerts
    rollups: Rollups
    watching: Watching
    look: Look
    store_answers: Callable[[], bool]
    settings: AlertSettings
    cache: Cache
    events: Events
    clock: Clock


class Alerting:
    """This process's part in it."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._known: dict[str, Alert] = {}
        self._unkept: dict[str, Alert] = {}
        away = partial(log.warning, "alerts are looked after later: %s")
        self._rounds, self._remembers = Rounds(self._round, away, every=EVERY), False
        self._tidied = 0.0
        self._over: deque[tuple[int, Slice]] = deque(maxlen=_UNREAD)

    def hear(self, event: Event) -> None:
        """Notes what changes, and tells the other replicas."""
        if isinstance(event, Changed):
            change = Change(self._p.clock.now(), event.kind, event.subject, event.what, event.workspace)
            self._p.watching.note(change)
            self._p.cache.publish(_CHANNEL, orjson.dumps(change))
            self._rounds.stir()

    def feed(self, start: int, cells: Slice) -> None:
        """Notes a minute that is over (seconds since the epoch); it is read with the next look."""
        self._over.append((start, cells))

    def count(self) -> Mapping[tuple[str, str], int]:
        """How many alerts are alive, by severity and state."""
        found: dict[tuple[str, str], int] = {}
        for alert in self._known.values():
            if alert.alive:
                found[alert.severity, alert.state] = found.get((alert.severity, alert.state), 0) + 1
        return found

    def placed(self, workspace: str | None, state: str | None = None) -> list[tuple[Place, dict[str, Any]]]:
        """The alerts that a workspace's operators may see (`None`: of all), as of the last look: what is alive, the
        most urgent first, then what is closed, the newest first; of one state where that is given. Each with its place
        in this order."""
        return placed(self._known.values(), workspace, state)

    def listed(self, workspace: str | None) -> list[dict[str, Any]]:
        """The same, of all states, without the places."""
        return [alert for _, alert in self.placed(workspace)]

    async def quiet(self, workspace: str | None, id: str, minutes: float) -> Alert:  # noqa: A002 - the field's own name
        """Tells nobody of an alert for so long. Raises `NotFound` where there is none that is alive."""
        until = self._p.clock.now() + 60 * minutes
        for _ in range(_TRIES):
            alert = await self._p.alerts.get(id)
            if alert is None or not alert.alive or (workspace is not None and alert.workspace not in ("", workspace)):
                raise NotFound("alert", id)
            quiet = quietened(alert, until)
            if await self._p.alerts.put(alert, quiet):
                self._notice({**self._known, id: quiet})
                self._tell_others()
                return quiet
        raise StoreUnavailable(f"alert {id} changes too fast")

    async def stay(self) -> None:
        """Remembers what was before, then looks every 5 seconds, and at once when something changed, here or at
        another replica, until cancelled."""
        if not self._remembers:
            self._remembers = True  # or begins anew: what cannot be read now cannot be read a second later
            await self._remember()
        await self._rounds.stay()

    async def follow(self) -> None:
        """Hears what other replicas noticed, until cancelled."""
        async with self._p.cache.subscribe(_CHANNEL) as messages:
            await self._heed(messages)

    async def look(self) -> None:
        """One look: what is found is kept, what is over closed, and all of it read again."""
        now, p = self._p.clock.now(), self._p
        found = [*p.watching.findings(), *await p.look(now)]
        if not p.store_answers():  # to ask it would take as long as its patience, again and again
            return await self._without_store(found, now)
        try:
            for lost in [*self._unkept.values()]:
                await self._put(await p.alerts.get(lost.id), lost)
                del self._unkept[lost.id]
            for finding in found:
                await self._see(finding, now)
            await self._age(now)
            self._notice({alert.id: alert for alert in [*await p.alerts.alive(), *await p.alerts.closed()]})
        except StoreUnavailable as error:
            log.warning("alerts are kept in this process until the store answers: %s", error)
            await self._without_store(found, now)

    async def _remember(self) -> None:
        try:
            await remember(self._p.rollups, self._p.watching, self._p.clock.now())
        except StoreUnavailable as error:
            log.warning("baselines begin anew: %s", error)

    async def _round(self) -> None:
        await self._read()
        await self.look()

    async def _read(self) -> None:
        """Reads the minutes that are over; each takes some milliseconds."""
        while self._over:
            start, cells = self._over.popleft()
            self._p.watching.feed(minute_of(start, cells))
            if start // 60 % 60 == 59:
                with suppress(StoreUnavailable):
                    await keep(self._p.rollups, self._p.watching, start // 60)
            await asyncio.sleep(0)

    async def _heed(self, messages: AsyncIterator[bytes]) -> None:
        async for message in messages:
            if message:
                with suppress(ValueError, TypeError):
                    self._p.watching.note(Change(**orjson.loads(message)))
            else:
                self._rounds.stir()

    async def _see(self, finding: Finding, now: float) -> None:
        """Opens an alert or sees it again; where a replica was faster, theirs is seen."""
        for _ in range(_TRIES):
            before = await self._p.alerts.get(name(finding))
            if before and before.alive and not _stale(before, finding, now):
                return
            young = before is None or not before.alive or now - before.opened_at < _FRESH
            causes = await asyncio.to_thread(self._p.watching.causes, finding) if young else ()
            after = seen(before, finding, causes, now) if before else opened(finding, causes, now)
            if await self._put(before, after):
                return

    async def _put(self, before: Alert | None, after: Alert) -> bool:
        if before is None or after.opened_at != before.opened_at:
            after = replace(after, told=dict.fromkeys(self._p.settings.webhook, 0))
        if before is not None and after.version <= before.version:
            after = replace(after, version=before.version + 1)
        kept = await self._p.alerts.put(before, after)
        if kept and (before is None or _told_apart(before) != _told_apart(after)):
            self._tell_others()
        return kept

    async def _age(self, now: float) -> None:
        """Closes what is over, groups what belongs together, and removes what is old."""
        alive = await self._p.alerts.alive()
        groups = grouped(alive)
        by_id = {alert.id: alert for alert in alive}
        for alert in alive:
            after = aged(alert, now, 60 * self._p.settings.close_after)
            if after.alive:
                after = under(after, by_id.get(groups.get(alert.id) or ""))
            if after is not alert:
                await self._put(alert, replace(after, version=alert.version + 1))
        if now - self._tidied > _TIDY:
            await self._p.alerts.remove_old(now - 86_400 * self._p.settings.keep_days)
            self._tidied = now

    async def _without_store(self, found: Sequence[Finding], now: float) -> None:
        """Keeps alerts here; they are put into the store when it is back."""
        for finding in found:
            before = self._unkept.get(name(finding)) or self._known.get(name(finding))
            if before is None or not before.alive:
                after = opened(finding, self._p.watching.causes(finding), now)
            else:
                after = replace(seen(before, finding, (), now), news=before.news)
            self._unkept[after.id] = after
        self._notice({**self._known, **self._unkept})

    def _notice(self, known: Mapping[str, Alert]) -> None:
        """Tells everyone in this process of the alerts that are otherwise than before."""
        for alert in known.values():
            before = self._known.get(alert.id)
            if before is None and not alert.alive:
                continue  # it was over before this process began
            if before is None or _told_apart(before) != _told_apart(alert):
                self._p.events.publish(Alerted(alert))
        self._known = dict(known)

    def _tell_others(self) -> None:
        self._p.cache.publish(_CHANNEL, b"")


def _told_apart(alert: Alert) -> tuple[object, ...]:
    """What people want to hear of when it changes."""
    return alert.opened_at, alert.state, alert.severity, alert.part_of, alert.count, alert.causes[:1]


def _stale(alert: Alert, finding: Finding, now: float) -> bool:
    return now - alert.seen_at >= _REFRESH or (alert.severity != "page" and finding.severity == "page")
