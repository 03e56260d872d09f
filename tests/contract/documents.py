"""Documents for the tests of the store."""

from typing import Any

from app.clock import Ids
from app.storage.ports import Doc

_IDS = Ids()


def new_id() -> str:
    """An id that sorts after those before it."""
    return _IDS.new(1_790_000_000.0)


def turn(**fields: Any) -> Doc:
    """An open turn, the first of a session of its own, unless `fields` say otherwise."""
    return {
        "id": new_id(),
        "workspace": "school",
        "schema": 1,
        "session_id": new_id(),
        "seq": 1,
        "state": "open",
        "owner": "one",
        "idempotency_key": None,
        "message": "What is a prime?",
        "created_at": "2026-11-21T06:50:33.123456Z",
        **fields,
    }


def session(**fields: Any) -> Doc:
    """A session of some learner."""
    return {"id": new_id(), "workspace": "school", "schema": 1, "learner_id": "ada", "title": None, **fields}
