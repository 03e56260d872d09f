"""Ends a wait that has gone on for too long, with one timer for a whole answer."""

import asyncio
from types import TracebackType
from typing import Self


class Watchdog:
    """Cancels a wait when the time given to it is up; the wait then ends as `TimeoutError`.

    What `asyncio.timeout` does for one wait, for hundreds in a row: the timer is only moved when it fires too early.
    Times are the loop's. A cancellation from elsewhere stays one.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._until: float | None = None
        self._bit = False

    def wait(self, seconds: float) -> Self:
        """For `with`: the wait inside may take so long."""
        self._task = asyncio.current_task()
        self._until = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._until:
            self._arm()
        return self

    def bite(self) -> None:
        """Ends the wait under way, if there is one, now."""
        if self._until is not None and not self._bit and self._task is not None:
            self._bit = True
            self._task.cancel()

    def rest(self) -> None:
        """No wait will follow."""
        if self._timer:
            self._timer.cancel()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._until = None
        if not self._bit or self._task is None:
            return
        self._bit = False
        if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._until or 0.0, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._until is None:
            return  # between two waits; the next one winds it up again
        if self._loop.time() < self._until:
            self._arm()
        else:
            self.bite()
