"""How far a replay is: a bar on a terminal, now and then a line elsewhere."""

from collections.abc import Callable
from typing import TextIO

_BAR = 30
_EVERY = {True: 0.1, False: 10.0}
"""Seconds between two looks, on a terminal and elsewhere."""


class Progress:
    """Writes to a stream that people look at; nothing at all when `quiet`."""

    def __init__(
        self, total: int, stream: TextIO, now: Callable[[], float], *, quiet: bool = False, of: str = "turns"
    ) -> None:
        """`now` gives seconds that never go back; `of` says what is counted."""
        self._total, self._stream, self._now, self._quiet, self._of = total, stream, now, quiet, of
        self._terminal = stream.isatty()
        self._done, self._failed = 0, 0
        self._started = self._shown = now()

    def step(self, *, failed: bool) -> None:
        """One more has ended."""
        self._done += 1
        self._failed += failed
        now = self._now()
        if not self._quiet and now - self._shown >= _EVERY[self._terminal]:
            self._shown = now
            self._write("\r" if self._terminal else "", "" if self._terminal else "\n")

    def end(self) -> None:
        """Leaves a last line if there is a bar."""
        if self._terminal and not self._quiet:
            self._write("\r", "\n")

    def _write(self, before: str, after: str) -> None:
        took = max(self._now() - self._started, 1e-9)
        rate = self._done / took
        left = f"{(self._total - self._done) / rate:,.0f} s left" if rate else ""
        full = _BAR * self._done // max(self._total, 1)
        bar = f"[{'#' * full}{'.' * (_BAR - full)}] " if self._terminal else ""
        failed = f", {self._failed:,} failed" if self._failed else ""
        line = f"{bar}{self._done:,}/{self._total:,} {self._of}{failed}, {rate:,.0f}/s, {left}"
        self._stream.write(f"{before}{line:<78}{after}")
        self._stream.flush()
