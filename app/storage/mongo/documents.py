"""Documents and queries as MongoDB keeps them: native documents, whose `_id` is our `id`."""

from collections.abc import Sequence
from typing import Any

import bson
import orjson
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, DESCENDING

from app.errors import FieldError, Invalid
from app.storage.ports import Doc, Find, Kind, Where

Filter = dict[str, Any]
Pipeline = list[dict[str, Any]]


def to_bson(kind: Kind, doc: Doc) -> RawBSONDocument:
    """A document encoded here and now, so that one that cannot be kept (`Invalid`) spoils nobody else's batch."""
    kind.indexed(doc)
    try:
        named = orjson.loads(orjson.dumps(doc))
        named = {"_id": named.pop("id"), **named}
        encoded = bson.encode(named)
    except (BSONError, TypeError, OverflowError, UnicodeError, RecursionError) as error:
        raise Invalid([FieldError(kind.name, str(error))]) from error
    # An object with `$ref` and `$id` would be read as a reference to another document.
    if b"$ref\0" in encoded and bson.decode(encoded) != named:
        raise Invalid([FieldError(kind.name, "holds an object with `$ref` and `$id`")])
    return RawBSONDocument(encoded)


def from_bson(stored: dict[str, Any]) -> Doc:
    """A document as it was given."""
    stored["id"] = stored.pop("_id")
    return stored


def still(kind: Kind, where: Where) -> Filter:
    """What a document that is to be replaced must still be, of any fields."""
    kind.check(where.values())
    return {"_id" if field == "id" else field: value for field, value in where.items()}


def matching(kind: Kind, where: Where) -> Filter:
    """What `where` asks for, of indexed fields."""
    kind.check(where.values())
    return {_known(kind, field): value for field, value in where.items()}


def pipeline(kind: Kind, query: Find) -> Pipeline:
    """A query as stages of an aggregation."""
    field, down = _known(kind, query.order.removeprefix("-")), query.order.startswith("-")
    found = matching(kind, query.where)
    if query.after is not None:
        kind.check((query.after,))
        found[field] = {"$lt" if down else "$gt": query.after}
    return [{"$match": found}, {"$sort": {field: DESCENDING if down else ASCENDING}}, {"$limit": query.limit}]


def all_of(kind: Kind, pipelines: Sequence[Pipeline]) -> Pipeline:
    """What several queries of one kind find, each document as `{of, doc}` with the place of its query."""
    first, *others = ([*stages, {"$replaceWith": {"of": at, "doc": "$$ROOT"}}] for at, stages in enumerate(pipelines))
    return [*first, *({"$unionWith": {"coll": kind.name, "pipeline": stages}} for stages in others)]


def _known(kind: Kind, field: str) -> str:
    if field == "id":
        return "_id"
    if field not in kind.fields:
        raise ValueError(f"{kind.name} has no index by {field}")
    return field
