"""How far a fit is."""

from collections.abc import Callable
from typing import TextIO

_BAR = 30
"""Characters."""


class Bar:
    """How far it is: a bar on a terminal, nothing elsewhere."""

    def __init__(self, total: int, stream: TextIO, now: Callable[[], float]) -> None:
        """`now` gives seconds that never go back."""
        self._total, self._stream, self._now = max(total, 1), stream, now
        self._terminal = stream.isatty()
        self._done, self._shown = 0, now() - 1.0

    def step(self, what: str, more: int) -> None:
        """So much more of it is done."""
        self._done += more
        now = self._now()
        if self._terminal and now - self._shown >= 0.1:
            self._shown = now
            full = min(_BAR, _BAR * self._done // self._total)
            share = min(1.0, self._done / self._total)
            self._stream.write(f"\r[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%} {what:<24}")
            self._stream.flush()

    def end(self) -> None:
        """Takes the bar away."""
        if self._terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
