"""Pieces of learners' retrieval indices in the store: derived from the turn log, and only as good as it says.

A segment holds the passages of a run of turns, packed. Segments of a learner are numbered from 0 without a gap; each
says after which turn it begins and with which it ends, and how many turns of the learner there are up to that one, so
that a turn which is missing from them (recorded late under an early id) or which they should not have any more (erased
since) shows in a count.
"""

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Duplicate
from app.storage.ports import SEGMENTS, SESSIONS, Doc, Find, Store
from app.vocabulary import SCHEMA

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose index it is."""

    workspace: str
    learner_id: str

    @property
    def where(self) -> dict[str, str]:
        """How a store finds what is theirs."""
        return {"workspace": self.workspace, "learner_id": self.learner_id}


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece: the passages of the turns past `after` up to `until`, packed in `data`; `turns` is how many turns of
    the learner there are up to `until`, from the first, and `facts` are what all of them state."""

    n: int
    after: str
    until: str
    turns: int
    data: bytes
    facts: Sequence[Doc] = ()


class Segments:
    """Segments in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def newest(self, owner: Owner) -> int:
        """The number of the last segment; -1 where there is none."""
        found = await self._store.find(SEGMENTS, Find(owner.where, "-id", limit=1))
        return int(found[0]["n"]) if found else -1

    async def past(self, owner: Owner, n: int) -> list[Segment | None]:
        """The segments past number `n`, some at a time; `None` in the place of a damaged one."""
        after = _id(owner, n) if n >= 0 else None
        docs = await self._store.find(SEGMENTS, Find(owner.where, "id", after, _AT_ONCE))
        return [_segment(doc) for doc in docs]

    async def add(self, owner: Owner, segment: Segment, sessions: Sequence[str]) -> bool:
        """Keeps a segment with passages of these sessions; false where another replica was faster, where the one before
        it is not what it was, or where one of the sessions was erased meanwhile: whoever erases one removes the
        segments after it, so one of the two sees the other."""
        doc = _doc(owner, segment)
        try:
            await self._store.insert(SEGMENTS, doc)
        except Duplicate:
            return False
        if await self._follows(owner, segment) and await self._all_there(sessions):
            return True
        await self._store.delete(SEGMENTS, {"id": doc["id"]})
        return False

    async def _follows(self, owner: Owner, segment: Segment) -> bool:
        before = await self._store.get(SEGMENTS, _id(owner, segment.n - 1)) if segment.n else None
        return (before["until"] if before else "") == segment.after

    async def _all_there(self, sessions: Sequence[str]) -> bool:
        found = await asyncio.gather(*(self._store.get(SESSIONS, session_id) for session_id in sessions))
        return None not in found

    async def remove(self, owner: Owner) -> int:
        """Removes all segments of a learner; says how many. The next load derives them anew."""
        return await self._store.delete(SEGMENTS, owner.where)


def _id(owner: Owner, n: int) -> str:
    """Unlike any other learner's, whatever they are called; in the order of the numbers."""
    name = hashlib.sha256(f"{owner.workspace}\0{owner.learner_id}".encode()).hexdigest()[:32]
    return f"{name}-{n:08}"


def _doc(owner: Owner, segment: Segment) -> Doc:
    own = {name: getattr(segment, name) for name in ("n", "after", "until", "turns", "facts")}
    data = base64.b64encode(segment.data).decode()
    return {"id": _id(owner, segment.n), **owner.where, "schema": SCHEMA, **own, "data": data}


def _segment(doc: Doc) -> Segment | None:
    """The segment in a document, if that is one; whether its data are whole shows when they are unpacked."""
    try:
        data = base64.b64decode(doc["data"], validate=True)
        return Segment(doc["n"], doc["after"], doc["until"], doc["turns"], data, doc["facts"])
    except (KeyError, TypeError, ValueError):
        return None
