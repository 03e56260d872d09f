"""Pieces of replies under way, sent in the background.

What one round of sending takes along is one document a turn: `{_id: "TURN:NUMBER", turn_id, n, texts}`, `n` being the
number of its first text. Acknowledged by the primary alone: they need only survive a process of the service.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from app.storage.mongo.errors import translated, unavailable

# Between two rounds: a round costs 0.3 ms of CPU, and what a crash loses of a reply is what was streamed in one pause.
_PAUSE_SECONDS = 0.02
_WAITING_LIMIT = 20_000

_OF_CLOSED_TURNS: list[dict[str, Any]] = [
    {"$group": {"_id": "$turn_id"}},
    {
        "$lookup": {
            "from": "turns",
            "localField": "_id",
            "foreignField": "_id",
            "pipeline": [{"$match": {"state": "open"}}, {"$project": {"_id": 1}}],
            "as": "open",
        }
    },
    {"$match": {"open": []}},
]

Piece = tuple[str, int, str]
"""Turn, number, text."""

log = logging.getLogger("masterx.storage")


class Pieces:
    """Pieces by turn and number."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = database.get_collection(
            "pieces", write_concern=WriteConcern(w=1), read_concern=ReadConcern("local")
        )
        self._waiting: list[Piece] = []
        self._sending = asyncio.Lock()
        self._pump: asyncio.Task[None] | None = None
        self._failing = False

    def jot(self, turn_id: str, n: int, text: str) -> None:
        """Keeps a piece for the next round; drops it when too many wait, or when it is no text."""
        if len(self._waiting) >= _WAITING_LIMIT:
            return self._fail(f"{_WAITING_LIMIT} are waiting")
        try:
            self._waiting.append((turn_id, n, text.encode().decode()))
        except UnicodeError as error:
            return self._fail(str(error))
        if self._pump is None:
            self._pump = asyncio.create_task(self._send_while_any())
        return None

    async def jotted(self, turn_id: str) -> str:
        """The pieces of a turn up to the first gap."""
        await self._send()
        with translated():
            runs = await self._collection.find(_of(turn_id), sort=[("_id", 1)]).to_list()
        texts: list[str] = []
        for run in runs:
            if run["n"] == len(texts):
                texts += run["texts"]
        return "".join(texts)

    async def forget(self, turn_ids: Sequence[str]) -> None:
        """Drops the pieces of these turns."""
        gone = set(turn_ids)
        self._waiting = [piece for piece in self._waiting if piece[0] not in gone]
        if gone:
            async with self._sending:  # what is away must have arrived
                with translated():
                    await self._collection.delete_many({"$or": [_of(turn_id) for turn_id in gone]})

    async def sweep(self) -> None:
        """Drops the pieces of turns that are not open any more."""
        with translated():
            closed = await (await self._collection.aggregate(_OF_CLOSED_TURNS)).to_list()
        await self.forget([turn["_id"] for turn in closed])

    async def close(self) -> None:
        """Sends what is waiting."""
        await self._send()
        if self._pump:
            self._pump.cancel()

    async def _send_while_any(self) -> None:
        while self._waiting:
            await self._send()
            await asyncio.sleep(_PAUSE_SECONDS)
        self._pump = None

    async def _send(self) -> None:
        async with self._sending:
            runs, self._waiting = _runs(self._waiting), []
            if runs:
                try:
                    await self._collection.insert_many(runs, ordered=False)
                    self._failing = False
                except PyMongoError as error:
                    self._fail(str(unavailable(error)))

    def _fail(self, why: str) -> None:
        if not self._failing:
            log.warning("pieces of replies are not kept for crash recovery: %s", why)
        self._failing = True


def _of(turn_id: str) -> dict[str, Any]:
    return {"_id": {"$gt": f"{turn_id}:", "$lt": f"{turn_id};"}}


def _runs(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """Pieces that follow each other, put into one document."""
    runs: list[dict[str, Any]] = []
    last: dict[str, dict[str, Any]] = {}
    for turn_id, n, text in pieces:
        run = last.get(turn_id)
        if run and n == run["n"] + len(run["texts"]):
            run["texts"].append(text)
        else:
            run = last[turn_id] = {"_id": f"{turn_id}:{n:08}", "turn_id": turn_id, "n": n, "texts": [text]}
            runs.append(run)
    return runs
