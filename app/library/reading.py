"""Reads what was sent in a process of its own, which is ended when it takes too long."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import app
from app.courses.blocks import Unreadable
from app.vocabulary import Format

PATIENCE = 30.0
"""Seconds of the clock that a document may take."""

_AT_ONCE = 2
_WAITING = 32
"""Documents that may wait to be read."""

_BUSY = "cannot be read now: many others are being read; send it again in a minute"
_TOO_MUCH = "takes too much time or memory to read; send it in parts, or as text"


class Reading:
    """Two documents at once are read; a few more wait."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._turn, self._waiting = asyncio.Semaphore(_AT_ONCE), 0
        self._patience = patience

    async def read(self, content: bytes, format: Format) -> bytes:  # noqa: A002 - the field's own name
        """What `app.courses.extract` says of a document; `Unreadable` where it does not come to an end."""
        if self._waiting >= _WAITING:
            raise Unreadable(_BUSY)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._said(content, format)
        finally:
            self._waiting -= 1

    async def _said(self, content: bytes, format: Format) -> bytes:  # noqa: A002
        # Nothing of this process's environment, keys of providers among it, is for whoever reads a stranger's file.
        root = str(Path(app.__file__).parent.parent)
        arguments = ("-P", "-m", "app.courses.extract", format)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={"PYTHONPATH": root}
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(content), self._patience)
        except TimeoutError:
            raise Unreadable(_TOO_MUCH) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise Unreadable(_TOO_MUCH)
        return said
