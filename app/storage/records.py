"""Frozen records to stored documents and back. Nested records stay as they are: adapters write what orjson writes."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.storage.ports import Doc

R = TypeVar("R")

log = logging.getLogger("masterx.store")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
"""Built on first use: building one costs a millisecond, using it microseconds."""


def to_doc(record: Any) -> Doc:
    """A record as a document."""
    return dict(vars(record))


def from_doc(kind: type[R], doc: Doc) -> R:
    """The record in a document; fields that this version does not know are left out. `ValueError` for what is none."""
    adapter: TypeAdapter[R] | None = _ADAPTERS.get(kind)
    if adapter is None:
        adapter = _ADAPTERS[kind] = TypeAdapter(kind)
    try:
        return adapter.validate_python(doc)
    except ValidationError as error:
        # Pydantic quotes what it could not read, and this may be a learner's words, which no log may have.
        wrong = [f"{'.'.join(map(str, one['loc']))} ({one['type']})" for one in error.errors(include_input=False)]
        raise ValueError(f"no {kind.__name__}: {', '.join(wrong)}") from None


def readable(kind: type[R], docs: Iterable[Doc]) -> Iterator[R]:
    """The records in documents that have nothing to do with each other: one that is none, as another version may write
    it, is logged and left out, so that it stands in nobody's way."""
    for doc in docs:
        try:
            yield from_doc(kind, doc)
        except ValueError as error:
            log.error("%s is left out: %s", doc.get("id"), error)
