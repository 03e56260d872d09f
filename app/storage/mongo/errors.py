"""PyMongo's errors as ours: the one place that maps them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo.errors import PyMongoError

from app.errors import Duplicate, FieldError, Invalid, StoreError, StoreUnavailable
from app.storage.ports import Kind

_DUPLICATE_KEY = 11000
# Nested over 180 levels; over 16 MB.
_CANNOT_BE_KEPT = (15, 10334)
_WORDS = 300


@contextmanager
def translated() -> Iterator[None]:
    """What goes wrong in here is `StoreUnavailable`, in the driver's words."""
    try:
        yield
    except PyMongoError as error:
        raise unavailable(error) from error


def unavailable(error: PyMongoError) -> StoreUnavailable:
    """The driver's words without its view of the whole cluster."""
    return StoreUnavailable(f"MongoDB: {str(error).partition(', Timeout: ')[0][:_WORDS]}")


def refused(kind: Kind, refusal: Mapping[str, Any]) -> StoreError | Invalid:
    """Why the server refused one document of a batch (an entry of `writeErrors`, or the answer to a command)."""
    if refusal.get("code") == _DUPLICATE_KEY:
        fields = tuple("id" if field == "_id" else field for field in refusal["keyPattern"])
        return Duplicate(kind.name, kind.unique(fields))
    words = str(refusal.get("errmsg"))[:_WORDS]
    if refusal.get("code") in _CANNOT_BE_KEPT:
        return Invalid([FieldError(kind.name, words)])
    return StoreUnavailable(f"MongoDB: {words}")
