"""What was learned, in the store: derived documents that are read with the log that they were derived from.

A document may be behind its log, and two processes may write it: each derives the same from the same log. One that
was written by somebody else meanwhile is left as it is; whoever holds an older one loads it again.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from app.errors import Duplicate
from app.storage.ports import LEARNED, Store
from app.vocabulary import SCHEMA

NOBODY = ""
"""The learner of what belongs to a whole workspace."""


class Learned:
    """Reads and writes derived documents, by workspace, learner and name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, workspace: str, learner_id: str, name: str) -> tuple[Mapping[str, Any] | None, str | None]:
        """What was kept under a name, and the stamp by which it is known; `None` twice where nothing was."""
        doc = await self._store.get(LEARNED, _id(workspace, learner_id, name))
        return (doc["kept"], doc["stamp"]) if doc else (None, None)

    async def put(self, whose: tuple[str, str, str], kept: Mapping[str, Any], known: str | None) -> str | None:
        """Keeps a document in the place of the one that is `known` by its stamp, or of none; gives the new stamp, or
        `None` where another is there by now, or none any more."""
        stamp = sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
        workspace, learner_id, name = whose
        doc = {
            "id": _id(*whose),
            "workspace": workspace,
            "learner_id": learner_id,
            "name": name,
            "stamp": stamp,
            "kept": kept,
            "schema": SCHEMA,
        }
        if known is not None:
            return stamp if await self._store.replace(LEARNED, doc, {"stamp": known}) else None
        try:
            await self._store.insert(LEARNED, doc)
        except Duplicate:
            return None
        return stamp

    async def remove(self, workspace: str, learner_id: str, name: str) -> None:
        """Forgets what was kept under a name."""
        await self._store.delete(LEARNED, {"id": _id(workspace, learner_id, name)})


def _id(workspace: str, learner_id: str, name: str) -> str:
    """Unlike any other's, whatever workspaces and learners are called."""
    return json.dumps([workspace, learner_id, name], separators=(",", ":"))
