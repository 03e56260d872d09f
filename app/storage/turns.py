"""The turn log: the truth about every message and its answer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from app.errors import Duplicate, NotFound, SessionBusy
from app.storage.ports import SESSIONS, TURNS, Doc, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import Page, Said, State, Turn

_FORGET_AT = 128


class StaleSnapshot(Exception):
    """The turn was prepared on a history that has moved on; load it again."""


class KeyTaken(Exception):
    """Another turn was opened under this idempotency key."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was said in a session: the newest exchanges, oldest first; `items` and `tokens` count all of them.

    `running` says that the newest turn is open, so that this will not be all for long; `frustration` is the learner's
    at that turn; `alarmed` is as in `Snapshot`.
    """

    said: tuple[Said, ...]
    last_seq: int
    items: int
    tokens: int
    running: bool
    frustration: float | None = None
    alarmed: tuple[int, str] | None = None


class TurnLog:
    """Turns in the store. A turn is opened once and closed once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._closed: list[str] = []

    async def open(self, turn: Turn) -> None:
        """Makes the learner's message durable.

        Raises `SessionBusy` while another turn of the session is open, `StaleSnapshot` when its number is taken,
        `KeyTaken` when its idempotency key is.
        """
        try:
            await self._store.insert(TURNS, to_doc(turn))
        except Duplicate as duplicate:
            if duplicate.index == "one_open":
                raise SessionBusy(f"a turn is already running in session {turn.session_id}") from duplicate
            raise (KeyTaken if duplicate.index == "by_key" else StaleSnapshot) from duplicate

    async def confirm(self, turn: Turn) -> None:
        """Takes a turn back that was opened while its session was erased elsewhere; raises `NotFound` then. Whoever
        erases a session looks for turns of it once more when it is gone, so one of the two sees the other."""
        if await self._store.get(SESSIONS, turn.session_id) is None:
            await self._store.delete(TURNS, {"id": turn.id})
            raise NotFound("session", turn.session_id)

    def jot(self, turn_id: str, n: int, text: str) -> None:
        """Keeps a piece of the reply so that it survives this process."""
        self._store.jot(turn_id, n, text)

    async def close(self, turn: Turn) -> bool:
        """Makes the outcome durable; false if someone else has closed the turn before."""
        done = await self._store.replace(TURNS, to_doc(turn), {"state": State.OPEN})
        self._closed.append(turn.id)
        if len(self._closed) >= _FORGET_AT:
            closed, self._closed = self._closed, []
            await self._store.forget(closed)
        return done

    async def recover(self, turn: Turn, at: str) -> Turn:
        """Closes a turn whose process died as `incomplete`, with the text that had been streamed."""
        reply = await self._store.jotted(turn.id)
        closed = replace(turn, state=State.INCOMPLETE, reply=reply, problem="interrupted", closed_at=at)
        await self.close(closed)
        return closed

    async def get(self, workspace: str, turn_id: str) -> Turn:
        """The turn; `NotFound` if it is not in this workspace."""
        doc = await self._store.get(TURNS, turn_id)
        if doc is None or doc["workspace"] != workspace:
            raise NotFound("turn", turn_id)
        return from_doc(Turn, doc)

    async def by_key(self, workspace: str, key: str) -> Turn | None:
        """The turn that was opened under an idempotency key."""
        found = await self._find({"workspace": workspace, "idempotency_key": key}, limit=1)
        return found[0] if found else None

    async def newest(self, session_id: str, limit: int, before: int | None = None) -> Page[Turn]:
        """Turns of a session, newest first; the cursor is the number of the oldest one on the page."""
        found = await self._find({"session_id": session_id}, order="-seq", after=before, limit=limit + 1)
        page = tuple(found[:limit])
        return Page(page, str(page[-1].seq) if len(found) > limit else None)

    async def of_learner(self, workspace: str, learner_id: str, limit: int, before: str | None = None) -> Page[Turn]:
        """A learner's turns over all sessions, newest first; the cursor is the id of the oldest one on the page."""
        found = await self._find(
            {"workspace": workspace, "learner_id": learner_id}, order="-id", after=before, limit=limit + 1
        )
        page = tuple(found[:limit])
        return Page(page, page[-1].id if len(found) > limit else None)

    async def past(self, session_id: str, limit: int) -> Past:
        """What was said in a session, from its newest `limit` turns. Reads no more of them than it needs."""
        docs = await self._store.find(TURNS, Find({"session_id": session_id}, "-seq", limit=limit))
        if not docs:
            return Past((), 0, 0, 0, running=False)
        newest, last = docs[0], _said(docs[0])
        return Past(
            said=tuple(said for doc in reversed(docs) if (said := _said(doc))),
            last_seq=newest["seq"],
            items=newest["history_items"] + (last is not None),
            tokens=newest["history_tokens"] + (last.tokens if last else 0),
            running=newest["state"] == State.OPEN,
            frustration=newest["reading"]["affect"]["frustration"],
            alarmed=next(((doc["seq"], doc["created_at"]) for doc in docs if doc.get("safety")), None),
        )

    async def open_of(self, owner: str) -> list[Turn]:
        """Turns that an instance has open, oldest first, 200 at most."""
        return await self._find({"owner": owner, "state": State.OPEN}, limit=200)

    async def since(self, workspace: str, learner_id: str, after: str | None, limit: int) -> list[Turn]:
        """A learner's turns past an id, in the order of their ids."""
        return await self._find({"workspace": workspace, "learner_id": learner_id}, after=after, limit=limit)

    async def learners(self, workspace: str) -> AsyncIterator[str]:
        """Every learner of a workspace who has a turn."""
        last: str | None = None
        while docs := await self._store.find(TURNS, Find({"workspace": workspace}, "learner_id", last, 1)):
            last = docs[0]["learner_id"]
            yield last

    async def workspaces(self) -> AsyncIterator[str]:
        """Every workspace that has a turn."""
        last: str | None = None
        while docs := await self._store.find(TURNS, Find({}, "workspace", last, 1)):
            last = docs[0]["workspace"]
            yield last

    async def _find(
        self, where: dict[str, object], order: str = "id", after: object = None, limit: int = 50
    ) -> list[Turn]:
        docs = await self._store.find(TURNS, Find(where, order, after, limit))
        return [from_doc(Turn, doc) for doc in docs]


def exchange(turn: Turn) -> Said | None:
    """A closed turn as history: `None` when nothing was answered."""
    if turn.state is State.OPEN or not turn.reply:
        return None
    return Said(turn.seq, turn.message, turn.reply, turn.message_tokens or 0, turn.reply_tokens or 0)


def _said(doc: Doc) -> Said | None:
    """The same of a document: a long history is loaded without making a record of each of its turns."""
    if doc["state"] == State.OPEN or not doc["reply"]:
        return None
    return Said(doc["seq"], doc["message"], doc["reply"], doc["message_tokens"] or 0, doc["reply_tokens"] or 0)
