"""Errors in OpenAI's shape, derived from the one table of problems."""

import orjson

from app.api.problems import Problem
from app.errors import FieldError, Invalid

_CODES = {
    "unauthenticated": "invalid_api_key",
    "malformed": "invalid_json",
    "too-large": "request_too_large",
    "budget-spent": "insufficient_quota",
}
"""Codes that clients know by another name than ours; every other one is the problem's slug."""

_STATUSES = {402: 429, 422: 400}
"""Statuses that OpenAI's clients know by another number; it calls a spent budget a quota."""

_VAIN = ("idempotency-key-reused", "budget-spent")

NO_RETRY = "x-should-retry"
"""The header that OpenAI's clients obey: with `false` they do not repeat a call by themselves."""


def invalid(param: str, message: str, code: str = "invalid_value") -> Invalid:
    """What is wrong with one parameter, in words for whoever wrote the request."""
    return Invalid([FieldError(param, message, code)])


def status(problem: Problem) -> int:
    """The status that OpenAI's clients expect."""
    return _STATUSES.get(problem.status, problem.status)


def headers(problem: Problem) -> dict[str, str]:
    """The problem's headers. OpenAI's clients repeat every 409 and 429 by themselves unless they are told that it is
    in vain."""
    vain = {NO_RETRY: "false"} if problem.slug in _VAIN else {}
    return {**problem.headers, **vain}


def body(problem: Problem) -> bytes:
    """The problem as `{"error": {"message", "type", "param", "code"}}`."""
    first = problem.errors[0] if problem.errors else {}
    code = first.get("code") or _CODES.get(problem.slug) or problem.slug.replace("-", "_")
    kind = code if problem.status == 402 else "invalid_request_error" if problem.status < 500 else "server_error"
    param = first.get("field")
    return orjson.dumps({"error": {"message": _message(problem), "type": kind, "param": param, "code": code}})


def _message(problem: Problem) -> str:
    if problem.errors:
        first = problem.errors[0]
        return first["message"] if "code" in first else f"Invalid value for '{first['field']}': {first['message']}."
    if problem.status in (404, 405):
        return f"{problem.title}: {problem.detail}"
    return problem.detail
