"""Minds of learners, kept warm: read from the store with the sheets that came since, written back in the background.

Two replicas may hold the same mind. Each finds out what the other did from the log: by the number of the next sheet
when it writes one, by a look for newer sheets when it is asked what is believed. Whichever of them erased the learner:
a mind whose newest sheet is not in the log any more is believed no longer, whatever message was lost.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from app.learner.mind import Mind, answer_id
from app.learner.models import Thinking
from app.rounds import Rounds
from app.storage.answers import Sheets
from app.storage.learned import Learned
from app.vocabulary import Sheet

NAME = "answers"
"""Under which a mind is kept: it is what was learned from answers."""

_WARM = 2_048
_WARM_SKILLS = 200_000
_PAUSE = 1.0
SLICE = 20
"""Answers that are learned from before others are served: some milliseconds."""

Who = tuple[str, str]
"""A workspace and a learner in it."""

log = logging.getLogger("masterx.learner")


async def follow(mind: Mind, sheet: Sheet) -> None:
    """Learns from a sheet that was kept before, others being served now and then."""
    for n, (answer, (ease, _)) in enumerate(zip(sheet.answers, sheet.lessons, strict=True)):
        mind.retake(answer, answer_id(sheet.id, n), ease)
        if name := sheet.ids.get(str(n)):
            mind.name(name)
        if n % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    mind.seq, mind.sheet = sheet.seq, sheet.id


class Warm:
    """A mind that is held here. `stamp` is that of the document it came from or was last written to, `saved` the sheet
    that one was up to, `size` how many skills were reckoned for it; whoever uses it holds its lock."""

    __slots__ = ("lock", "mind", "saved", "size", "stamp")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.mind: Mind | None = None
        self.stamp: str | None = None
        self.saved = self.size = 0


class Minds:
    """The minds of the 2,048 learners last met, or of fewer when they know of over 200,000 skills together."""

    def __init__(self, sheets: Sheets, learned: Learned, thinking: Thinking) -> None:
        self._sheets, self._learned, self._thinking = sheets, learned, thinking
        self._warm: OrderedDict[Who, Warm] = OrderedDict()
        self._unsaved: set[Who] = set()
        self._skills = 0

    @asynccontextmanager
    async def at(self, who: Who, *, current: bool) -> AsyncIterator[Mind]:
        """A learner's mind, for nobody else meanwhile; `current` looks for sheets that others have added.

        What raises inside may have changed the mind halfway: it is read again then.
        """
        warm = self._warm.setdefault(who, Warm())
        self._warm.move_to_end(who)
        async with warm.lock:
            try:
                mind = warm.mind = await self._mind(who, warm, current=current)
                yield mind
                self._keep(who, warm, mind)
            except BaseException:
                self._let_go(warm)
                raise
        self._make_room()

    def warm(self, who: Who) -> Mind | None:
        """The mind if it is held here, as it is."""
        held = self._warm.get(who)
        return held.mind if held else None

    def drop(self, who: Who) -> None:
        """Forgets a learner, whose records somebody else has changed."""
        self._unsaved.discard(who)
        if held := self._warm.pop(who, None):
            self._let_go(held)

    async def stay(self) -> None:
        """Writes minds back until cancelled."""
        await Rounds(self.save, partial(log.warning, "what was learned is not written yet: %s"), every=_PAUSE).stay()

    async def save(self) -> int:
        """Writes back every mind that has moved on; says how many are to be written again, because another replica had
        written theirs."""
        for who in [*self._unsaved]:
            warm = self._warm.get(who)
            self._unsaved.discard(who)
            if warm is None:
                continue
            async with warm.lock:
                try:
                    saved = await self._save(who, warm)
                except BaseException:
                    self._unsaved.add(who)
                    raise
            if not saved:
                self.drop(who)
                async with self.at(who, current=True):  # what is there now, with what has come since
                    pass
        return len(self._unsaved)

    async def rebuild(self, who: Who) -> None:
        """Derives a learner's mind from all their sheets."""
        stamp = None
        while stamp is None:
            _, known = await self._learned.get(*who, NAME)
            mind = Mind(await self._thinking.of(who[0]))
            await self._catch_up(who, mind)
            if not mind.seq:
                return
            stamp = await self._learned.put((*who, NAME), mind.kept(), known)
        self.drop(who)

    def _keep(self, who: Who, warm: Warm, mind: Mind) -> None:
        if self._warm.get(who) is not warm:  # somebody dropped it meanwhile
            return self._let_go(warm)
        self._reckon(warm, mind.size)
        if mind.seq > warm.saved:
            self._unsaved.add(who)
        return None

    async def _mind(self, who: Who, warm: Warm, *, current: bool) -> Mind:
        """The mind that is held, or the one that is kept; an empty one brought up to the log where the log is not the
        one that it was learned from."""
        mind = warm.mind
        if mind is None:
            kept, warm.stamp = await self._learned.get(*who, NAME)
            mind, current = Mind.of(kept, await self._thinking.of(who[0])), True
            warm.saved = mind.seq
        while current and not await self._catch_up(who, mind):
            _, warm.stamp = await self._learned.get(*who, NAME)
            mind, warm.saved = Mind(await self._thinking.of(who[0])), 0
        return mind

    async def _save(self, who: Who, warm: Warm) -> bool:
        """False where another replica was faster, or the learner was erased."""
        mind = warm.mind
        if mind is None:
            return True
        new = warm.stamp is None
        if new and not await self.stands(who, mind):
            return False
        stamp = await self._learned.put((*who, NAME), mind.kept(), warm.stamp)
        if stamp is None:
            return False
        if new and not await self.stands(who, mind):  # erased between the look and the write
            await self._learned.remove(*who, NAME)
            return False
        warm.stamp, warm.saved = stamp, mind.seq
        return True

    async def stands(self, who: Who, mind: Mind) -> bool:
        """Whether the log has the newest sheet that a mind was learned from."""
        return not mind.sheet or await self._sheets.has(*who, mind.sheet)

    async def _catch_up(self, who: Who, mind: Mind) -> bool:
        """Takes in what the log has past a mind; false where the log is not the one that it was learned from."""
        known = mind.sheet
        if not await self.stands(who, mind):
            return False
        async for sheet in self._sheets.after(*who, mind.seq):
            await follow(mind, sheet)
        return known in ("", mind.sheet) or await self._sheets.has(*who, known)

    def _let_go(self, warm: Warm) -> None:
        warm.mind = None
        self._reckon(warm, 0)

    def _reckon(self, warm: Warm, skills: int) -> None:
        self._skills += skills - warm.size
        warm.size = skills

    def _make_room(self) -> None:
        """Lets go of those used least recently, whose documents are behind for no longer than the log takes to read."""
        while len(self._warm) > _WARM or (self._skills > _WARM_SKILLS and len(self._warm) > 1):
            who, oldest = next(iter(self._warm.items()))
            if oldest.lock.locked():
                return
            self.drop(who)
