"""SQLite's group commit gives each write the outcome it would have had alone and in its turn."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Duplicate
from app.storage.ports import TURNS, Doc, Find, Index
from app.storage.sqlite import SqliteStore
from tests.contract.documents import turn

Write = tuple[str, Doc]
"""What is done and with which document: `insert`, `replace` (if it is still open), `overwrite` (whatever it is)."""


class Model:
    """The store as a dictionary, one write at a time."""

    def __init__(self) -> None:
        self.docs: dict[str, Doc] = {}

    def write(self, verb: str, doc: Doc) -> Any:
        """The outcome, or the indexes of which one refuses."""
        old = self.docs.get(doc["id"])
        if verb == "insert" and old:
            return {"id"}
        if verb != "insert" and (old is None or (verb == "replace" and old["state"] != "open")):
            return old == doc
        if taken := {index.name for index in TURNS.indexes if index.unique and self._taken(index, doc)}:
            return taken
        self.docs[doc["id"]] = doc
        return None if verb == "insert" else True

    def _taken(self, index: Index, doc: Doc) -> bool:
        return _within(index, doc) and any(
            _within(index, other) and all(other[f] == doc[f] for f in index.fields)
            for other in self.docs.values()
            if other["id"] != doc["id"]
        )


def _within(index: Index, doc: Doc) -> bool:
    return all(doc[field] == value or (value != "open" and doc[field] is not None) for field, value in index.where)


documents = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abcdef"),
        "session_id": st.sampled_from("st"),
        "seq": st.integers(1, 4),
        "state": st.sampled_from(["open", "complete"]),
        "idempotency_key": st.sampled_from([None, None, "k"]),
    }
).map(lambda fields: turn(**fields))
writes = st.tuples(st.sampled_from(["insert", "insert", "replace", "overwrite"]), documents)


async def do(store: SqliteStore, verb: str, doc: Doc) -> Any:
    try:
        if verb == "insert":
            return await store.insert(TURNS, doc)
        return await store.replace(TURNS, doc, {"state": "open"} if verb == "replace" else {})
    except Duplicate as duplicate:
        return {duplicate.index}


def agree(outcome: Any, expected: Any) -> bool:
    if isinstance(outcome, set) and isinstance(expected, set):
        return outcome <= expected
    return bool(outcome == expected) and type(outcome) is type(expected)


@given(st.lists(st.lists(writes, min_size=1, max_size=12), max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_batch_comes_to_the_same_as_its_writes_one_by_one(batches: list[list[Write]]) -> None:
    async def check(folder: str) -> None:
        store, model = await SqliteStore.open(Path(folder, "masterx.db")), Model()
        await store.schema.create(TURNS)
        for batch in batches:
            outcomes = await asyncio.gather(*(do(store, *write) for write in batch))
            expected = [model.write(*write) for write in batch]
            assert all(map(agree, outcomes, expected)), (batch, outcomes, expected)
            assert await store.find(TURNS, Find({})) == [doc for _, doc in sorted(model.docs.items())]
        await store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(folder))
