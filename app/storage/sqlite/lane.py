"""One thread that works through requests in batches: what is asked while it is at one batch makes up the next."""

import asyncio
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Generic

from app.errors import StoreUnavailable
from app.storage.batches import WAITING_LIMIT, Asked, J, Outcome, tell


class Lane(Generic[J]):
    """Requests in the order in which they were asked.

    The event loop hands over what it was asked in one of its rounds in one go, and hears of a whole batch in one go:
    waking the other side is dear. A request alone waits for nobody.
    """

    def __init__(self, name: str, work: Callable[[list[J]], Sequence[Outcome]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._asked: list[Asked[J]] = []
        self._queue: SimpleQueue[list[Asked[J]] | None] = SimpleQueue()
        self._waiting = 0
        self._closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def ask(self, job: J) -> "asyncio.Future[Outcome]":
        """The outcome to come; `StoreUnavailable` at once when too many wait or the lane is closed."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if self._waiting >= WAITING_LIMIT:
            raise StoreUnavailable(f"{WAITING_LIMIT} requests are waiting for the store")
        future: asyncio.Future[Outcome] = self._loop.create_future()
        if not self._asked:
            self._loop.call_soon(self._hand_over)
        self._asked.append((job, future))
        self._waiting += 1
        return future

    async def close(self) -> None:
        """Ends when everything asked is done and the thread is gone."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._asked:
            self._queue.put(self._asked)
            self._asked = []

    def _run(self) -> None:
        while batch := self._next():
            outcomes = self._outcomes([job for job, _ in batch])
            self._loop.call_soon_threadsafe(self._tell, batch, outcomes)

    def _next(self) -> list[Asked[J]]:
        """All that has been asked; nothing at the end."""
        batch: list[Asked[J]] = []
        while (more := self._queue.get()) is not None:
            batch += more
            if not self._queue.qsize():
                return batch
        if batch:
            self._queue.put(None)  # the end is for the next round
        return batch

    def _outcomes(self, jobs: list[J]) -> Sequence[Outcome]:
        try:
            return self._work(jobs)
        except Exception as error:  # whoever waits must hear of it, and the thread must live on
            return [error] * len(jobs)

    def _tell(self, batch: list[Asked[J]], outcomes: Sequence[Outcome]) -> None:
        self._waiting -= len(batch)
        tell(batch, outcomes)
