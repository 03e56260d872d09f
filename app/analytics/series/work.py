"""Work in small pieces, so that others are served between two of them; whoever cannot wait finishes it."""

from collections import deque
from collections.abc import Iterator

PIECE = 32
"""Cells of one piece: about half a millisecond."""

_MOST = 1_000


class Work:
    """Jobs, done in the order in which they came, never two at once."""

    def __init__(self) -> None:
        self._jobs: deque[Iterator[None]] = deque()
        self._busy = False

    def add(self, job: Iterator[None]) -> None:
        """Adds a job, which pauses now and then; where too many wait they are done at once."""
        self._jobs.append(job)
        if len(self._jobs) > _MOST:
            self.finish()

    def pieces(self) -> Iterator[None]:
        """Does what waits, with a pause after each piece; meanwhile somebody else may `finish` it. Asked from within a
        job, it does nothing. A job that raises is dropped."""
        while self._jobs and not self._busy:
            if self._next():
                yield

    def finish(self) -> None:
        """Does all that waits."""
        for _ in self.pieces():
            pass

    def _next(self) -> bool:
        """Does a piece; false where the job had none left."""
        paused, self._busy = False, True
        try:
            next(self._jobs[0])
            paused = True
        except StopIteration:
            pass
        finally:
            self._busy = False
            if not paused:
                self._jobs.popleft()
        return paused
