"""Tells webhooks of alerts: signed, at least once, by one replica at a time.

What is told is what the store has: a replica that dies in the middle leaves it pending, and the next that takes the
lease tells it, perhaps once more. A delivery has the same id however often it comes.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import orjson

from app.analytics.alerts.life import heard
from app.analytics.alerts.listing import told
from app.analytics.alerts.settings import Webhook
from app.clock import Clock, iso
from app.events import Alerted, Event
from app.rounds import Rounds
from app.storage.alerts import Alerts
from app.vocabulary import Alert

EVERY = 2.0
"""Seconds between two looks at what is to be told."""

LEASE = 15.0
"""Seconds for which one replica tells; it renews that with every look."""

_FIRST, _LONGEST = 5.0, 600.0
"""Seconds before the second try, which double up to the longest."""

_GIVE_UP = 86_400.0
"""Seconds after which nobody wants to hear any more of what is over, tried or not."""

_AT_ONCE = 20
_TRIES = 5

log = logging.getLogger("masterx.alerts")

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""Sends a body with headers to an address and gives the status; never follows a redirect; raises `OSError` or
`TimeoutError` where there is no answer in time."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook and its secret."""

    name: str
    webhook: Webhook
    secret: bytes


def signed(secret: bytes, timestamp: str, body: bytes) -> str:
    """The signature of a delivery, which binds its body to its time.

    >>> signed(b"secret", "1790000000", b"{}")[:19]
    'v1=d0cadd434460d4af'
    """
    return f"v1={hmac.new(secret, timestamp.encode() + b'.' + body, sha256).hexdigest()}"


class Telling:
    """Delivers what is pending. `me` is this process's name."""

    def __init__(self, alerts: Alerts, hooks: tuple[Hook, ...], post: Post, clock: Clock, *, me: str) -> None:
        self._alerts, self._hooks, self._post, self._clock, self._me = alerts, hooks, post, clock, me
        self._names = tuple(hook.name for hook in hooks)
        self._rounds = Rounds(self.look, partial(log.warning, "webhooks are told later: %s"), every=EVERY)
        self._waits: dict[tuple[str, str], tuple[float, float]] = {}
        self.deliveries = {"delivered": 0, "failed": 0, "given_up": 0}
        """Tries of this process so far, by what came of them."""

    def hear(self, event: Event) -> None:
        """Notes that there may be something to tell."""
        if isinstance(event, Alerted):
            self._rounds.stir()

    async def stay(self) -> None:
        """Looks every two seconds, and when an alert changed, until cancelled."""
        if self._hooks:
            await self._rounds.stay()

    async def look(self) -> None:
        """Tells what is pending, if this process has the lease."""
        if not await self._alerts.lead(self._me, self._clock.now(), LEASE):
            return
        pending = await self._alerts.pending()
        there = {(alert.episode, hook) for alert in pending for hook in self._names}
        self._waits = {key: wait for key, wait in self._waits.items() if key in there}
        due = [(alert, hooks) for alert in pending if (hooks := [one for one in self._hooks if self._due(alert, one)])]
        for alert, hooks in due[:_AT_ONCE]:
            for hook in hooks:
                await self._tell(alert, hook)
            await self._alerts.lead(self._me, self._clock.now(), LEASE)

    def _due(self, alert: Alert, hook: Hook) -> bool:
        """Whether there is something to do now: those that nobody is told of yet must not keep others waiting."""
        if alert.told.get(hook.name, 0) >= alert.news:
            return False
        if alert.severity in hook.webhook.severities and alert.alive and (alert.part_of or alert.state == "quiet"):
            return False  # its leader is told, or nobody; it may stand for itself yet
        return self._clock.now() >= self._waits.get((alert.episode, hook.name), (0.0, 0.0))[0]

    async def _tell(self, alert: Alert, hook: Hook) -> None:
        now = self._clock.now()
        if _is_no_news(alert, hook):
            return await self._note(alert, hook)
        if not alert.alive and now - (alert.closed_at or alert.seen_at) > _GIVE_UP:
            self.deliveries["given_up"] += 1
            return await self._note(alert, hook)
        if await self._sent(alert, hook):
            self.deliveries["delivered"] += 1
            return await self._note(alert, hook)
        self.deliveries["failed"] += 1
        key = alert.episode, hook.name
        rest = min(2 * self._waits.get(key, (0.0, _FIRST / 2))[1], _LONGEST)
        self._waits[key] = now + rest, rest
        return None

    async def _sent(self, alert: Alert, hook: Hook) -> bool:
        delivery, timestamp = f"{alert.episode}.{alert.news}.{hook.name}", str(int(self._clock.now()))
        kind = "closed" if not alert.alive else "opened" if alert.news == 1 else "changed"
        said = {"id": delivery, "type": f"alert.{kind}", "at": iso(self._clock.now()), "alert": told(alert, None)}
        body = orjson.dumps(said)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "MasterX",
            "X-MasterX-Delivery": delivery,
            "X-MasterX-Timestamp": timestamp,
            "X-MasterX-Signature": signed(hook.secret, timestamp, body),
        }
        try:
            status = await self._post(hook.webhook.url, body, headers)
        except (OSError, TimeoutError) as error:
            log.warning("webhook %s does not answer: %s", hook.name, error)
            return False
        except Exception:
            # A bulkhead: an alert that cannot be told must not keep the others waiting; it is tried again, less often.
            log.exception("webhook %s is not told of %s", hook.name, alert.id)
            return False
        if not 200 <= status < 300:
            log.warning("webhook %s answers %d", hook.name, status)
        return 200 <= status < 300

    async def _note(self, alert: Alert, hook: Hook) -> None:
        """Keeps that it was heard; of an alert that changed meanwhile, up to what was told."""
        for _ in range(_TRIES):
            now = await self._alerts.get(alert.id)
            if now is None or now.episode != alert.episode:
                return
            if await self._alerts.put(now, heard(now, hook.name, alert.news, self._names)):
                return


def _is_no_news(alert: Alert, hook: Hook) -> bool:
    """Whether a webhook need not hear of it: too little for it, or over, and told of by the alert it was grouped under,
    or before the webhook was there."""
    if alert.severity not in hook.webhook.severities:
        return True
    return not alert.alive and (alert.part_of is not None or hook.name not in alert.told)
