"""What was learned of choices, in the store: one text for each workspace, in parts that fit into documents.

A text is derived from the log of rewards, and from what imports brought, which is kept beside it; it may be behind
them. A new one is written whole under a name of its own before the workspace's head names it, so that whoever reads
finds the old one or the new one, never a mixture.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from app.errors import Duplicate
from app.storage.ports import ARMS, Find, Store
from app.vocabulary import SCHEMA

_PART = 1 << 20
"""Characters in one document; a store takes 16 MiB."""

_CURSOR = "cursor"
_HEAD = "head "
"""Heads sort before parts, so that a list of all ends before them."""

_BROUGHT = "import "
"""What imports brought sorts between heads and parts."""

_PART_OF = "part "
_MOST_PARTS = 999_999
_PAGE = 8


@dataclass(frozen=True, slots=True)
class Head:
    """Which text of a workspace is the one; `epoch` counts how often it was put there by hand (a rebuild, an import),
    and not by a service that goes on from it."""

    text: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Brought:
    """What an import brought to a workspace: learned by the deployment `by`, from the logs of the deployments `of`."""

    workspace: str
    by: str
    of: frozenset[str]
    text: str


class Arms:
    """Reads and writes the texts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> AsyncIterator[tuple[str, Head, str | None]]:
        """Each workspace with its head and its text; `None` in the place of one that is not whole."""
        async for doc in self._docs(_HEAD):
            head = Head(doc["text"], doc["epoch"])
            yield doc["workspace"], head, await self._text(head.text, doc["parts"])

    async def one(self, workspace: str) -> tuple[Head, str | None] | None:
        """The head and the text of a workspace, if it has any; `None` in the place of a text that is not whole."""
        doc = await self._store.get(ARMS, _head_id(workspace))
        return (Head(doc["text"], doc["epoch"]), await self._text(doc["text"], doc["parts"])) if doc else None

    async def head(self, workspace: str) -> Head | None:
        """Which text is the one now."""
        doc = await self._store.get(ARMS, _head_id(workspace))
        return Head(doc["text"], doc["epoch"]) if doc else None

    async def put(self, workspace: str, text: str, new: Head, known: Head | None) -> bool:
        """Puts a text in the place of the one that is known, or of none; false where another is there by now."""
        done = await self._point(workspace, new, (known, await self._write(workspace, new.text, text)))
        await self._drop((known.text if known else None) if done else new.text)
        return done

    async def bring(self, brought: Brought, name: str) -> None:
        """Keeps what an import brought, its text by this name, in the place of what the same deployment had brought."""
        known = await self._store.get(ARMS, _brought_id(brought))
        doc: dict[str, Any] = {
            "id": _brought_id(brought),
            "workspace": brought.workspace,
            "by": brought.by,
            "of": sorted(brought.of),
            "text": name,
            "parts": await self._write(brought.workspace, name, brought.text),
            "schema": SCHEMA,
        }
        if known is None:
            await self._store.insert(ARMS, doc)
        elif await self._store.replace(ARMS, doc, {"text": known["text"]}):
            await self._drop(known["text"])

    async def brought(self, workspace: str | None = None) -> AsyncIterator[Brought]:
        """What imports brought to a workspace, or to all, and is whole."""
        async for doc in self._docs(_BROUGHT):
            if workspace in (None, doc["workspace"]) and (text := await self._text(doc["text"], doc["parts"])):
                yield Brought(doc["workspace"], doc["by"], frozenset(doc["of"]), text)

    async def give_up(self, brought: Brought) -> None:
        """Removes what an import brought."""
        if doc := await self._store.get(ARMS, _brought_id(brought)):
            await self._store.delete(ARMS, {"id": doc["id"]})
            await self._drop(doc["text"])

    async def tidy(self, until: str) -> int:
        """Removes parts that neither a head nor an import names, of texts whose names sort before `until`: a process
        that died while it put a text left them. Says how many."""
        named, there = set[str](), int(await self._store.get(ARMS, _CURSOR) is not None)
        for first in (_HEAD, _BROUGHT):
            async for doc in self._docs(first):
                named.add(doc["text"])
                there += 1 + doc["parts"]
        if await self._store.count(ARMS, {}) <= there:
            return 0
        after, removed = _PART_OF, 0
        while found := await self._store.find(ARMS, Find({}, after=after, limit=1)):
            after = found[0]["id"]
            name = after.split()[1]
            if name >= until:
                break
            if name in named:
                after = _part_id(name, _MOST_PARTS)
            else:
                removed += await self._store.delete(ARMS, {"id": after})
        return removed

    async def cursor(self) -> str:
        """An id of the log of rewards up to which all texts have what it says."""
        doc = await self._store.get(ARMS, _CURSOR)
        return str(doc["after"]) if doc else ""

    async def move(self, after: str) -> None:
        """Sets the cursor."""
        doc = {"id": _CURSOR, "workspace": "", "after": after, "schema": SCHEMA}
        try:
            await self._store.insert(ARMS, doc)
        except Duplicate:
            await self._store.replace(ARMS, doc, {"workspace": ""})

    async def _point(self, workspace: str, new: Head, more: tuple[Head | None, int]) -> bool:
        known, parts = more
        doc: dict[str, Any] = {
            "id": _head_id(workspace),
            "workspace": workspace,
            "text": new.text,
            "epoch": new.epoch,
            "parts": parts,
            "schema": SCHEMA,
        }
        if known is not None:
            return await self._store.replace(ARMS, doc, {"text": known.text})
        try:
            await self._store.insert(ARMS, doc)
        except Duplicate:
            return False
        return True

    async def _write(self, workspace: str, name: str, text: str) -> int:
        """Writes a text in parts; says how many."""
        parts = [text[at : at + _PART] for at in range(0, len(text), _PART)]
        for n, part in enumerate(parts):
            doc = {"id": _part_id(name, n), "workspace": workspace, "part": part, "schema": SCHEMA}
            await self._store.insert(ARMS, doc)
        return len(parts)

    async def _text(self, name: str, parts: int) -> str | None:
        docs = [await self._store.get(ARMS, _part_id(name, n)) for n in range(parts)]
        return "".join(doc["part"] for doc in docs if doc) if all(docs) else None

    async def _drop(self, name: str | None) -> None:
        n = 0
        while name and await self._store.delete(ARMS, {"id": _part_id(name, n)}):
            n += 1

    async def _docs(self, first: str) -> AsyncIterator[dict[str, Any]]:
        """Those whose id begins so."""
        after = first
        while docs := await self._store.find(ARMS, Find({}, after=after, limit=_PAGE)):
            for doc in docs:
                if not doc["id"].startswith(first):
                    return
                yield doc
            after = docs[-1]["id"]


def _head_id(workspace: str) -> str:
    return f"{_HEAD}{json.dumps(workspace)}"


def _brought_id(brought: Brought) -> str:
    return f"{_BROUGHT}{json.dumps([brought.workspace, brought.by])}"


def _part_id(name: str, n: int) -> str:
    return f"{_PART_OF}{name} {n:06}"
