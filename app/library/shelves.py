"""The shelves that are at hand, the least recently used let go.

Which material a course has is read from its record: with each search, and for turns when that was last done over 30
seconds ago or somebody has said that the course was changed. So what another replica added or removed is found, or not
found, soon where it says so, and at the latest then.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from app.clock import Clock
from app.context.recall.dense import Dense
from app.context.recall.index import Index
from app.errors import NotFound, StoreUnavailable
from app.library.shelf import Shelf
from app.storage.courses import Courses
from app.vocabulary import Course

Name = tuple[str, str]
"""A workspace, and the name of a course in it."""

LIFETIME = 30.0
"""Seconds for which a turn takes a shelf to be as it was."""

PATIENCE = 0.1
"""Seconds that a turn waits for a shelf."""

_SHELVES = 256
_BYTES = 256_000_000
"""What all shelves may hold; one that is larger by itself is the only one."""

log = logging.getLogger("masterx.library")


class Shelves:
    """Shelves by course, each brought up to date by one task at a time."""

    def __init__(self, courses: Courses, clock: Clock, dense: Dense | None, tasks: asyncio.TaskGroup) -> None:
        self._courses, self._clock, self._tasks = courses, clock, tasks
        self._dense = dense
        self._held: OrderedDict[Name, Shelf] = OrderedDict()
        self._loads: dict[Name, asyncio.Task[None]] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, courses: Courses, clock: Clock, dense: Dense | None = None) -> AsyncIterator[Self]:
        """Shelves may be asked for inside this context; loads under way end with it."""
        async with asyncio.TaskGroup() as tasks:
            shelves = cls(courses, clock, dense, tasks)
            yield shelves
            for load in list(shelves._loads.values()):
                load.cancel()

    async def now(self, name: Name) -> Shelf:
        """A course's shelf as the course is now; `NotFound` without the course."""
        try:
            return await self._current(name, await self._courses.get(*name))
        except NotFound:
            self._held.pop(name, None)
            raise

    async def soon(self, name: Name) -> Shelf | None:
        """A course's shelf without a wait that a learner would feel: as it was where it is not there in time, and
        `None` where there is none, yet or at all."""
        held = self._held.get(name)
        if held and held.until > self._clock.monotonic():
            self._held.move_to_end(name)
            return held
        await asyncio.wait([self._load(name)], timeout=PATIENCE)
        return self._held.get(name)

    def at_hand(self, name: Name) -> Shelf | None:
        """A course's shelf as it is here, if it is."""
        return self._held.get(name)

    def changed(self, name: Name) -> None:
        """Has a course looked at again when it is wanted next."""
        if held := self._held.get(name):
            held.until = 0.0

    def _load(self, name: Name) -> asyncio.Task[None]:
        if load := self._loads.get(name):
            return load
        load = self._loads[name] = self._tasks.create_task(self._loaded(name))
        load.add_done_callback(lambda _: self._loads.pop(name))
        return load

    async def _loaded(self, name: Name) -> None:
        try:
            await self.now(name)
        except NotFound:
            pass
        except StoreUnavailable as error:
            log.warning("the material of course %s is not at hand: %s", name[1], error)
        except Exception:
            # A bulkhead: material that cannot be read must not end the service; its course goes without.
            log.exception("the material of course %s cannot be read", name[1])

    async def _current(self, name: Name, course: Course) -> Shelf:
        held = self._held.get(name)
        shelf = held if held and held.course == course.id else Shelf(course.id, index=Index(self._dense))
        self._held[name] = shelf
        self._held.move_to_end(name)
        async with shelf.lock:
            if shelf.version < course.version:
                await self._bring_up_to_date(shelf, course)
            shelf.until = self._clock.monotonic() + LIFETIME
        self._let_go()
        return shelf

    async def _bring_up_to_date(self, shelf: Shelf, course: Course) -> None:
        shelf.clear(course)
        for id_ in shelf.missing(course):
            if document := await self._courses.document(course.workspace, id_):
                await shelf.put(document)
        shelf.version, shelf.brief = course.version, course.brief
        shelf.titles = {skill.id: skill.title for skill in course.skills}

    def _let_go(self) -> None:
        sizes = {name: shelf.index.footprint for name, shelf in self._held.items()}
        while len(self._held) > 1 and (len(self._held) > _SHELVES or sum(sizes.values()) > _BYTES):
            del sizes[self._held.popitem(last=False)[0]]
