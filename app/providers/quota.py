"""What the headers of a reply say is left of a rate limit, in our words.

OpenAI and Groq send `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` with every reply. Groq's requests are those
of a day and its tokens those of a minute (console.groq.com/docs/rate-limits); the reset says which. Others send
`ratelimit-{limit,remaining,reset}` for requests, as the IETF's drafts had it (httpapi-ratelimit-headers-07). Gemini
sends none.
"""

import re
from collections.abc import Mapping

from app.vocabulary import Left, Quota

LONGEST = 3600.0
"""Seconds: nobody is believed who says to stay away longer; health is looked at again by then."""

_MOST = 10**12
"""More than any limit there is; whoever says so has none."""

_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}


def quota_in(headers: Mapping[str, str]) -> Quota | None:
    """What is left; `None` where the headers say nothing that makes sense.

    >>> quota_in({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1m26.4s"})
    Quota(requests=Left(left=9, limit=None, reset=86.4), tokens=None)
    """
    requests = _left(headers, "x-ratelimit-{}-requests") or _left(headers, "ratelimit-{}")
    tokens = _left(headers, "x-ratelimit-{}-tokens")
    return Quota(requests, tokens) if requests or tokens else None


def duration(text: str) -> float | None:
    """Seconds in a duration as Go and Google write it; `None` where it is none.

    >>> duration("2m59.5s"), duration("34s"), duration("250ms"), duration("soon")
    (179.5, 34.0, 0.25, None)
    """
    if not re.fullmatch(r"(\d{1,9}(\.\d{1,9})?(ms|d|h|m|s))+", text):
        return None
    return sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"([\d.]+)(ms|d|h|m|s)", text))


def seconds(text: str | None) -> float | None:
    """A plain number of seconds; `None` for what is none.

    >>> seconds("7"), seconds("0.5"), seconds("-1"), seconds("nan"), seconds(None)
    (7.0, 0.5, None, None, None)
    """
    return float(text) if text and re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text.strip(), re.ASCII) else None


def _left(headers: Mapping[str, str], name: str) -> Left | None:
    remaining = _count(headers.get(name.format("remaining")))
    if remaining is None:
        return None
    reset = (headers.get(name.format("reset")) or "").strip()
    until = duration(reset) if seconds(reset) is None else seconds(reset)
    return Left(remaining, _count(headers.get(name.format("limit"))), None if until is None else min(until, LONGEST))


def _count(text: str | None) -> int | None:
    """A count that a limit may have; the drafts allow parameters after it (`100;w=60`), which are not needed."""
    found = re.match(r"\s*(\d{1,15})\s*(?:[;,]|$)", text or "", re.ASCII)
    return int(found[1]) if found and int(found[1]) <= _MOST else None
