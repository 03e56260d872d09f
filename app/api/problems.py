"""Errors as problem details (RFC 9457): the only table of its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import orjson

from app import errors
from app.vocabulary import State, Turn


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client is told: `type` is `/problems/SLUG`, stable for programs; `detail` is for people."""

    slug: str
    title: str
    status: int
    detail: str
    headers: Mapping[str, str]
    errors: tuple[Mapping[str, str], ...] = ()

    def body(self, request_id: str, instance: str | None = None) -> dict[str, Any]:
        """The JSON of the problem; `instance` is the path it happened at."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "request_id": request_id,
            "errors": list(self.errors),
        }

    def json(self, request_id: str, instance: str | None = None) -> bytes:
        """`body` as bytes."""
        return orjson.dumps(self.body(request_id, instance))


_Row = tuple[type[errors.MasterxError], str, str, int]

# The first row whose class fits. Details of these errors are our own words and name no secret.
_TABLE: tuple[_Row, ...] = (
    (errors.SessionBusy, "session-busy", "A turn is already running in this session", 409),
    (errors.KeyReused, "idempotency-key-reused", "The idempotency key was used with another request", 409),
    (errors.QueueFull, "queue-full", "Too many questions wait", 409),
    (errors.NotAskedLater, "not-asked-later", "This question cannot be asked later", 409),
    (errors.Conflict, "conflict", "The request conflicts with the present state", 409),
    (errors.Unauthenticated, "unauthenticated", "An API key is required", 401),
    (errors.Forbidden, "forbidden", "This key's role does not allow that", 403),
    (errors.Malformed, "malformed", "The body is not valid JSON", 400),
    (errors.Invalid, "invalid", "The request is not valid", 422),
    (errors.TooLarge, "too-large", "The body is too large", 413),
    (errors.StoreUnavailable, "store-unavailable", "The store cannot be reached", 503),
    (errors.BudgetSpent, "budget-spent", "The budget for today is spent", 402),
    (errors.NoProvider, "no-provider", "No provider could answer", 503),
    (errors.Overloaded, "overloaded", "The service is at its limit", 503),
)

# Ends of a turn that are not an answer, by `Turn.problem`.
_ENDS: Mapping[str, tuple[str, int, str]] = {
    "no-provider": (
        "No provider could answer",
        503,
        "Every model provider failed. Your message is kept; please try again.",
    ),
    "answer-broke-off": ("The answer broke off", 502, "The model provider broke off. What it said so far is kept."),
    "shutting-down": (
        "The service is restarting",
        503,
        "The answer was cut short by a restart. What was said is kept.",
    ),
    "interrupted": ("The answer was interrupted", 503, "The service stopped during the answer. What was said is kept."),
    "store-unavailable": (
        "The store cannot be reached",
        503,
        "The answer is not recorded yet; it is as soon as can be.",
    ),
}

_RETRY_AFTER = "5"


def problem_of(error: errors.MasterxError) -> Problem:
    """What a client is told of an error."""
    if isinstance(error, errors.NotFound):
        title = f"There is no such {error.kind}"
        return Problem(f"{error.kind}-not-found", title, 404, f"no {error.kind} {error.id!r} for you", {})
    for kind, slug, title, status in _TABLE:
        if isinstance(error, kind):
            return Problem(slug, title, status, _detail(error), _headers(error, status), _fields(error))
    return internal()


def internal() -> Problem:
    """What a client is told when the fault is ours."""
    return Problem("internal", "Something went wrong here", 500, "The request id names it in our logs.", {})


def of_turn(turn: Turn) -> Problem | None:
    """What a client is told of a turn that did not end as an answer; `None` for one that did."""
    if turn.state in (State.COMPLETE, State.GUARDED, State.CANCELLED):
        return None
    slug = turn.problem or "interrupted"
    title, status, detail = _ENDS[slug]
    later = _RETRY_AFTER if turn.retry_after is None else _seconds(turn.retry_after)
    return Problem(slug, title, status, detail, {"Retry-After": later} if status == 503 else {})


def http(status: int, detail: str) -> Problem:
    """A problem that the framework found, such as an unknown path."""
    known = {
        404: ("not-found", "There is nothing at this address"),
        405: ("method-not-allowed", "Not with this method"),
    }
    slug, title = known.get(status, ("http", "The request cannot be answered"))
    return Problem(slug, title, status, detail, {})


def _seconds(wait: float) -> str:
    """Whole seconds, within an hour: no provider's word sends a learner away for longer."""
    return str(round(min(max(wait, 1.0), 3_600.0)))


def _detail(error: errors.MasterxError) -> str:
    if isinstance(error, errors.StoreUnavailable):
        return "The request was refused before anything was asked of a provider. Please try again."
    return str(error)


def _headers(error: errors.MasterxError, status: int) -> dict[str, str]:
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, errors.BudgetSpent):
        return {"Retry-After": str(ceil(error.retry_after))}
    if isinstance(error, errors.NoProvider):
        return {"Retry-After": _seconds(error.retry_after)}
    return {"Retry-After": _RETRY_AFTER} if status in (409, 503) and not isinstance(error, errors.KeyReused) else {}


def _fields(error: errors.MasterxError) -> tuple[Mapping[str, str], ...]:
    if isinstance(error, errors.Invalid):
        return tuple({"field": e.field, "message": e.message, **_coded(e)} for e in error.errors)
    return ()


def _coded(error: errors.FieldError) -> dict[str, str]:
    return {"code": error.code} if error.code else {}
