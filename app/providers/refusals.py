"""What a provider says when it does not answer, in our words: the one table from statuses and codes to errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from app.errors import (
    CredentialRefused,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
)
from app.providers.quota import LONGEST, duration, quota_in, seconds
from app.vocabulary import Quota

_DETAIL = 300
"""Characters of a provider's own words that are kept, for logs only."""

# 498 is Groq's "flex tier capacity exceeded", 529 Anthropic's and others' "overloaded".
_BUSY = {429, 498, 529}

# Codes that come inside a 200, where no status says how it is meant: OpenAI's and Groq's, then google.rpc.Code.
_STATUSES = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "capacity_exceeded": 498,
    "overloaded_error": 529,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "content_policy_violation": 400,
    "content_filter": 400,
    "model_not_found": 404,
    "API_KEY_INVALID": 401,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "NOT_FOUND": 404,
    "DEADLINE_EXCEEDED": 504,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer other than 200; `body` is as much of it as was there to read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def refusal(reply: Reply, key: str, now: float) -> ProviderError:
    """The error for a reply; `now` is the time in seconds since the epoch, `key` what must not be quoted."""
    error = _error_in(reply.body)
    # Gemini says 400 to a wrong key.
    status = 401 if "API_KEY_INVALID" in _codes(error) else reply.status
    retry_after = retry_in(reply.headers, now)
    if retry_after is None:
        retry_after = _retry_delay(error)
    words = _words(error) or reply.body.decode("utf-8", "replace")
    refused = _error(status, _without(key, words), retry_after)
    refused.quota = quota_in(reply.headers)
    return refused


def complaint(error: object, key: str) -> ProviderError:
    """The error for an `error` inside a 200; one that says nothing we know counts as the provider's own."""
    codes = _codes(error)
    number = next((code for code in codes if isinstance(code, int) and 400 <= code <= 599), None)
    known = next((_STATUSES[code] for code in codes if isinstance(code, str) and code in _STATUSES), 500)
    return _error(number or known, _without(key, _words(error) or str(error)), _retry_delay(error))


def retry_in(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait as the headers say, 0 to `LONGEST`; `None` where they say nothing that makes sense.

    `Retry-After` (seconds or a date), `retry-after-ms`, else the reset of the limit that is used up.

    >>> retry_in({"retry-after": "7"}, 0.0)
    7.0
    """
    if (milliseconds := seconds(headers.get("retry-after-ms"))) is not None:
        return _bounded(milliseconds / 1000)
    if (said := headers.get("retry-after")) is None:
        return _bounded(_reset(headers))
    wait = seconds(said)
    return _bounded(_until(said, now) if wait is None else wait)


def _error(status: int, words: str, retry_after: float | None) -> ProviderError:
    detail = f"{status}: {words}"[:_DETAIL]
    if status in (401, 403):
        return CredentialRefused(detail, status=status)
    if status in _BUSY:
        return ProviderBusy(detail, status=status, retry_after=retry_after)
    if status == 504:
        return ProviderTimeout(detail, status=status)
    if status == 408 or status >= 500:
        return ProviderDown(detail, status=status, retry_after=retry_after)
    return ProviderRefused(detail, status=status)


def _error_in(body: bytes) -> object:
    """The `error` of a body, in whichever shape it came; Gemini puts it into a list where a stream was asked for."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(said, list) and said:
        said = said[0]
    return said.get("error", said) if isinstance(said, dict) else None


def _codes(error: object) -> list[object]:
    """Whatever in an error names its kind: numbers and words, the most telling first."""
    if not isinstance(error, dict):
        return [error]
    reasons = [detail.get("reason") for detail in _details(error)]
    return [code for code in (*reasons, error.get("code"), error.get("status"), error.get("type")) if code]


def _words(error: object) -> str:
    if isinstance(error, dict):
        error = error.get("message")
    return error if isinstance(error, str) else ""


def _without(key: str, words: str) -> str:
    return words.replace(key, "***") if key else words


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def _retry_delay(error: object) -> float | None:
    """Seconds in google.rpc.RetryInfo."""
    for detail in _details(error) if isinstance(error, dict) else []:
        if isinstance(delay := detail.get("retryDelay"), str):
            return _bounded(duration(delay))
    return None


def _until(text: str, now: float) -> float | None:
    """Seconds until an HTTP date; one that is past is now."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment.timestamp() - now, 0.0)


def _reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the rate limit that is used up is reset."""
    said = quota_in(headers) or Quota()
    used_up = [limit.reset for limit in (said.requests, said.tokens) if limit and limit.left == 0]
    return max((wait for wait in used_up if wait is not None), default=None)


def _bounded(wait: float | None) -> float | None:
    return None if wait is None else min(wait, LONGEST)
