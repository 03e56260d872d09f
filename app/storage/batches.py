"""Requests to a store that are answered together. Both adapters write this way."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

J = TypeVar("J")
Outcome = Any
"""What a request came to, or the exception it failed with."""
Asked = tuple[J, "asyncio.Future[Outcome]"]

WAITING_LIMIT = 10_000
"""Requests that may wait for a store in one lane; at 7,000 a second that is more than a caller would wait for."""


def tell(batch: Sequence[Asked[J]], outcomes: Sequence[Outcome]) -> None:
    """Gives each caller its outcome; one that was cancelled is passed over, though what it asked was done."""
    for (_, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
