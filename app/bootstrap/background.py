"""Work that goes on beside what is asked of the service: what fails is told, counted, and started again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from app.clock import Clock

FIRST, LONGEST = 1.0, 15.0
"""Seconds before work that failed is started again; they double up to the longest, which is less than the 20 after
which others take a process for dead that does not renew its lease."""

WELL = 60.0
"""Seconds that work has to go on for, before its failures are over."""

Job = Callable[[], Coroutine[None, None, None]]
"""Work that can be started again; it goes on until cancelled, or returns when it is done."""

log = logging.getLogger("masterx.background")


class Background:
    """The one supervisor of this process's background work. What ends one piece of work ends neither the others nor the
    service."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._again: dict[str, float] = {}
        self.failures: dict[str, int] = {}
        """How often each piece of work has failed, by name."""

    @property
    def unwell(self) -> tuple[str, ...]:
        """What waits to be started again after a failure, or was, less than a minute ago."""
        now = self._clock.monotonic()
        return tuple(name for name, again in self._again.items() if now - again < WELL)

    @asynccontextmanager
    async def beside(self, **work: Job) -> AsyncIterator[None]:
        """Keeps work going beside the context and stops it at the end; names are those of its metric and its log."""
        async with asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(self._keep_going(name, job), name=name) for name, job in work.items()]
            try:
                yield
            finally:
                for task in started:
                    task.cancel()

    async def _keep_going(self, name: str, job: Job) -> None:
        self.failures.setdefault(name, 0)  # there from the start, so that the first one is an increase
        began, pause = self._clock.monotonic(), 0.0
        while await self._failed(name, job):
            pause = longer(pause, self._clock.monotonic() - began)
            log.error("%s is started again in %g s", name, pause)
            began = self._again[name] = self._clock.monotonic() + pause
            await self._clock.sleep(pause)
        self._again.pop(name, None)

    async def _failed(self, name: str, job: Job) -> bool:
        """Does the work; whether it failed. Cancelling passes through, unless it is work that was cancelled by somebody
        who cancelled something that it waited for."""
        try:
            await job()
        except (Exception, asyncio.CancelledError) as error:
            # A bulkhead: the one for whatever ends background work.
            if not _is_to_end():
                self.failures[name] += 1
            elif isinstance(error, asyncio.CancelledError):
                raise
            log.exception("%s failed", name)
            return not _is_to_end()
        return False


def longer(pause: float, ran: float) -> float:
    """The pause after a failure: the first one where work ran well before it, else twice the last one.

    >>> longer(0.0, 0.1), longer(1.0, 0.1), longer(8.0, 59.0), longer(15.0, 60.0)
    (1.0, 2.0, 15.0, 1.0)
    """
    return FIRST if ran >= WELL else min(max(2 * pause, FIRST), LONGEST)


def _is_to_end() -> bool:
    """Whether this task was cancelled. A task group of Python 3.11 that is failing already swallows that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
