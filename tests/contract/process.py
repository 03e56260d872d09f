"""A process that uses a store and is killed, or runs out of disk: `python -m tests.contract.process WHAT URL [TURN]`.

It says what it has done line by line on standard output, each line as soon as it is true.
"""

import asyncio
import os
import resource
import signal
import sys

from app.errors import StoreUnavailable
from app.storage.ports import SESSIONS
from tests.contract.conftest import AnyStore, open_store
from tests.contract.documents import session

CALLERS = 16
SMALL = 200_000
"""Bytes a file may have while the disk is full."""


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def insert(store: AnyStore) -> None:
    """Inserts for ever and says which ids are durable."""

    async def one_after_the_other() -> None:
        while True:
            doc = session(text="x" * 500)
            await store.insert(SESSIONS, doc)
            say(doc["id"])

    async with asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(one_after_the_other())


async def jot(store: AnyStore, turn_id: str) -> None:
    """Jots three pieces and kills itself within the same breath."""
    for n, text in enumerate(("Two is ", "the only even ", "prime.")):
        store.jot(turn_id, n, text)
    os.kill(os.getpid(), signal.SIGKILL)


async def fill(store: AnyStore) -> None:
    """Inserts until the disk is full, then gets room and inserts again."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, hard))
    try:
        while True:
            doc = session(text="x" * 5_000)
            await store.insert(SESSIONS, doc)
            say(doc["id"])
    except StoreUnavailable as error:
        say(f"full: {error}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    doc = session()
    await store.insert(SESSIONS, doc)
    say(doc["id"])
    await store.close()


async def main(what: str, url: str, *more: str) -> None:
    store = await open_store(url)
    if what == "jot":
        await jot(store, *more)
    else:
        await {"insert": insert, "fill": fill}[what](store)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
