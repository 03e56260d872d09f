"""Alerts in the store, shared by all replicas; and the lease of the one that tells webhooks of them."""

from app.errors import Duplicate
from app.storage.ports import ALERTS, Find, Store
from app.storage.records import from_doc, readable, to_doc
from app.vocabulary import SCHEMA, Alert

SHOWN = 200
"""Alerts of a state that are read at most; far more than a person can look at."""

_ALIVE = ("open", "quiet")
_LEASE = "lease"


class Alerts:
    """Reads and changes alerts. Every method may raise `StoreUnavailable`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: str) -> Alert | None:  # noqa: A002 - the field's own name
        """The alert of this id, alive or closed."""
        doc = await self._store.get(ALERTS, id)
        return from_doc(Alert, doc) if doc and doc.get("state") != _LEASE else None

    async def alive(self) -> list[Alert]:
        """Those that are open or quiet, 200 of each at most."""
        return [alert for state in _ALIVE for alert in await self._of(state)]

    async def closed(self) -> list[Alert]:
        """Those that are closed, 200 at most, the newest first."""
        return await self._of("closed", "-closed_at")

    async def pending(self) -> list[Alert]:
        """Those that some webhook has not heard all of."""
        docs = await self._store.find(ALERTS, Find({"pending": "yes"}, limit=SHOWN))
        return [*readable(Alert, docs)]

    async def put(self, before: Alert | None, after: Alert) -> bool:
        """Puts `after` in the place of `before`, if nobody changed it meanwhile. What was closed and begins anew is
        kept under the name of its time."""
        if before is None:
            return await self._added(after)
        if not before.alive and after.opened_at != before.opened_at:
            past = {**to_doc(before), "id": before.episode, "pending": None}
            await self._insert(past)
        return await self._store.replace(ALERTS, to_doc(after), {"version": before.version})

    async def lead(self, me: str, now: float, seconds: float) -> bool:
        """Takes or renews the lease for so long; false while another process holds it."""
        doc = await self._store.get(ALERTS, _LEASE)
        mine = {"id": _LEASE, "workspace": "", "schema": SCHEMA, "state": _LEASE, "owner": me, "until": now + seconds}
        if doc is None:
            return await self._insert({**mine, "version": 1})
        if doc["owner"] != me and doc["until"] > now:
            return False
        mine["version"] = doc["version"] + 1
        return await self._store.replace(ALERTS, mine, {"version": doc["version"]})

    async def remove_old(self, before: float) -> int:
        """Removes alerts that were closed before a time, of the 200 oldest; says how many."""
        removed = 0
        for alert in await self._of("closed", "closed_at"):
            if (alert.closed_at or 0.0) < before:
                removed += await self._store.delete(ALERTS, {"id": alert.id, "state": "closed"})
        return removed

    async def _of(self, state: str, order: str = "id") -> list[Alert]:
        docs = await self._store.find(ALERTS, Find({"state": state}, order, limit=SHOWN))
        return [*readable(Alert, docs)]

    async def _added(self, alert: Alert) -> bool:
        return await self._insert(to_doc(alert))

    async def _insert(self, doc: dict[str, object]) -> bool:
        try:
            await self._store.insert(ALERTS, doc)
        except Duplicate:
            return False
        return True
