"""Requests sent in batches: what is asked while one batch is away makes up the next.

A call of PyMongo costs 0.2 ms of CPU, in a batch of 64 it is 0.013 ms a document: batches are what makes it affordable.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic

from app.errors import StoreUnavailable
from app.storage.batches import WAITING_LIMIT, Asked, J, Outcome, tell

BATCH = 1_000


class Lane(Generic[J]):
    """Requests in the order in which they were asked, one batch away at a time. A request alone waits for nobody."""

    def __init__(self, send: Callable[[list[J]], Awaitable[Sequence[Outcome]]], batch: int = BATCH) -> None:
        self._send, self._batch = send, batch
        self._asked: list[Asked[J]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def ask(self, job: J) -> "asyncio.Future[Outcome]":
        """The outcome to come; `StoreUnavailable` at once when too many wait or the lane is closed."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if len(self._asked) >= WAITING_LIMIT:
            raise StoreUnavailable(f"{WAITING_LIMIT} requests are waiting for the store")
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._asked.append((job, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return future

    async def close(self) -> None:
        """Ends when everything asked is done."""
        self._closed = True
        if self._task:
            await self._task

    async def _work(self) -> None:
        while self._asked:
            batch, self._asked = self._asked[: self._batch], self._asked[self._batch :]
            try:
                outcomes = await self._send([job for job, _ in batch])
            except StoreUnavailable as error:
                # What has queued up behind has waited through the same outage, and need not wait through its own.
                batch, self._asked = batch + self._asked, []
                outcomes = [StoreUnavailable(str(error)) for _ in batch]
            except Exception as error:  # whoever waits must hear of it
                outcomes = [error] * len(batch)
            tell(batch, outcomes)
        self._task = None
