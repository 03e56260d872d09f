"""Roll-ups of figures in the store: of minutes by replica, kept for two days, and of hours, for ninety."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex

from app.errors import Duplicate
from app.storage.ports import ROLLUPS, Find, Store
from app.storage.records import readable, to_doc
from app.vocabulary import SCHEMA

KEPT = {"minute": 48 * 3_600, "hour": 90 * 86_400, "season": 15 * 86_400, "policy": 90 * 86_400}
"""Seconds that roll-ups are kept, by scale; those of `policy` tell which version became active at their `start`."""

_KEY = "key"
_PAGE = 50
_SWEPT = 20
"""Old documents of a scale that one call removes at most: more than one replica adds between two calls."""


@dataclass(frozen=True)
class Kept:
    """A stretch of time from `start`, in seconds since the epoch; `told` are its figures, as text. Ids of a scale sort
    by time. The one of scale `key` is no roll-up: it has what learners' names are hashed with."""

    id: str
    scale: str
    start: int
    replica: str
    told: str
    workspace: str = ""
    schema: int = SCHEMA

    @classmethod
    def of(cls, scale: str, start: int, replica: str, told: str) -> "Kept":
        """One to keep; two of a replica and stretch are the same."""
        return cls(f"{_first(scale, start)}{replica}", scale, start, replica, told)


class Rollups:
    """Adds, reads and removes them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, kept: Kept) -> None:
        """Keeps one; the first of its id stands."""
        with suppress(Duplicate):
            await self._store.insert(ROLLUPS, to_doc(kept))

    async def since(self, scale: str, start: int) -> AsyncIterator[Kept]:
        """Those of a scale that begin at `start` or later, oldest first."""
        after = _first(scale, start)
        while docs := await self._store.find(ROLLUPS, Find({"scale": scale}, after=after, limit=_PAGE)):
            for kept in readable(Kept, docs):
                yield kept
            after = docs[-1]["id"]

    async def before(self, scale: str, start: int) -> AsyncIterator[Kept]:
        """Those of a scale that begin before `start`, newest first."""
        after = _first(scale, start)
        while docs := await self._store.find(ROLLUPS, Find({"scale": scale}, "-id", after, _PAGE)):
            for kept in readable(Kept, docs):
                yield kept
            after = docs[-1]["id"]

    async def activated(self, version: str, at: int, replica: str) -> str | None:
        """Keeps which policy is active now; gives the version that was before, `None` where it is the same or none is
        known."""
        async for last in self.before("policy", at + 1):
            if last.told == version:
                return None
            await self.add(Kept.of("policy", at, replica, version))
            return last.told
        await self.add(Kept.of("policy", at, replica, version))
        return None

    async def remove_old(self, now: float) -> int:
        """Removes what is older than it may become; says how many that were."""
        removed = 0
        for scale, seconds in KEPT.items():
            docs = await self._store.find(ROLLUPS, Find({"scale": scale}, limit=_SWEPT))
            for doc in docs:
                if doc["start"] < now - seconds:
                    removed += await self._store.delete(ROLLUPS, {"id": doc["id"]})
        return removed

    async def key(self) -> bytes:
        """The secret that all replicas hash learners' names with, made by whoever comes first."""
        with suppress(Duplicate):
            await self._store.insert(ROLLUPS, to_doc(Kept(_KEY, _KEY, 0, "", token_hex(32))))
        doc = await self._store.get(ROLLUPS, _KEY)
        assert doc is not None  # noqa: S101 - nobody removes it
        return bytes.fromhex(doc["told"])


def _first(scale: str, start: int) -> str:
    """Sorts before every id of a stretch that begins then or later, and after those before."""
    return f"{scale}:{start:011d}:"
