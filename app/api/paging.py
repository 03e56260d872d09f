"""Pages of a list that is in memory. A cursor is the place of the last row in the list's order, so that rows which come
or go meanwhile shift nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

import orjson
from starlette.requests import Request

from app.api.bodies import page_limit
from app.errors import FieldError, Invalid

BAD_CURSOR = FieldError("cursor", "must be the next_cursor of an earlier page")

P = TypeVar("P", bound=tuple[float | str, ...])
T = TypeVar("T")


def page(
    request: Request, found: Sequence[tuple[P, T]], shape: tuple[type[float] | type[str], ...]
) -> tuple[list[T], str | None]:
    """The rows of the page that is asked for (`limit`, `cursor`) and the next one's cursor, of rows with their places,
    in order; `shape` is what a place consists of. Raises `Invalid`."""
    limit, after = page_limit(request), _place(request.query_params.get("cursor"), shape)
    first = bisect_right(found, after, key=lambda one: one[0]) if after else 0
    rows = found[first : first + limit]
    cursor = urlsafe_b64encode(orjson.dumps(rows[-1][0])).decode() if len(found) > first + limit else None
    return [row for _, row in rows], cursor


def _place(cursor: str | None, shape: tuple[type[float] | type[str], ...]) -> tuple[float | str, ...] | None:
    if cursor is None:
        return None
    try:
        told = orjson.loads(urlsafe_b64decode(cursor.encode()))
        return tuple(kind(part) for kind, part in zip(shape, told, strict=True))
    except (ValueError, TypeError) as error:
        raise Invalid([BAD_CURSOR]) from error
