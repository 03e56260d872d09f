"""The counts of workspaces in the store: read by whoever grades, added to from the log of answers, each sheet once.

A sheet is marked `pending` until it is in every shard that it touches. Whoever adds it reads the shards, then looks
whether the sheet is still pending, then replaces a shard only if nobody else has: a shard forgets that it has a sheet
only long after the sheet is marked as counted, so that no sheet is added twice, whichever replicas count and die
meanwhile.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.clock import Clock
from app.learner.counts import NAMES_OF_SHARDS, RECALL, SKILLS, Shard, seen, shard_of, shards
from app.learner.knowledge.population import Population
from app.learner.memory.platt import Line, line
from app.rounds import Rounds
from app.storage.answers import Sheets
from app.storage.learned import NOBODY, Learned

_FRESH = 2.0
"""Seconds that a shard that was read is used: what was used stands with each sheet."""

_HELD = 512
_TRIES = 5
_SHEETS = 32
"""Sheets added in one go, far fewer than a shard remembers."""

_PAUSE = 1.0
_IDLE = 15.0
"""Seconds between looks for what another replica left pending."""

_Read = tuple[Mapping[str, Any] | None, str | None]

log = logging.getLogger("masterx.learner")


@dataclass(slots=True)
class _Held:
    shard: Shard
    until: float


class Counting:
    """Reads counts and adds to them."""

    def __init__(self, sheets: Sheets, learned: Learned, clock: Clock) -> None:
        self._sheets, self._learned, self._clock = sheets, learned, clock
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        away = partial(log.warning, "answers are not counted yet: %s")
        self._rounds = Rounds(self._count, away, every=_IDLE, rest=_PAUSE)

    async def of(self, workspace: str, skills: Iterable[str], items: Iterable[str]) -> Population:
        """What a workspace's learners made of these skills and items, up to some seconds ago."""
        items = tuple(items)
        names = (SKILLS, *sorted({shard_of(item) for item in items}))
        found = await asyncio.gather(*(self._shard(workspace, name) for name in names))
        return seen(dict(zip(names, found, strict=True)), skills, items)

    async def recall(self, workspace: str) -> Line:
        """How chances of recall come true in a workspace."""
        return line((await self._shard(workspace, RECALL)).table)

    def expect(self) -> None:
        """Says that a sheet is pending."""
        self._rounds.stir()

    async def stay(self) -> None:
        """Counts what is pending until cancelled."""
        await self._rounds.stay()

    async def _count(self) -> None:
        if await self.count():
            self._rounds.stir()  # there may be more

    async def count(self) -> int:
        """Adds the oldest pending sheets to the counts; says how many were pending."""
        pending = await self._sheets.pending(_SHEETS)
        for workspace in {sheet.workspace for sheet in pending}:
            wanted = {name for sheet in pending if sheet.workspace == workspace for name in shards(sheet.adds)}
            while wanted:
                wanted = await self._add(workspace, wanted)
        for sheet in pending:
            await self._sheets.counted(sheet)
        return len(pending)

    async def rebuild(self, workspace: str) -> bool:
        """Adds up all of a workspace's sheets anew; false where others kept adding meanwhile."""
        for _ in range(_TRIES):
            read = {name: await self._learned.get(workspace, NOBODY, name) for name in NAMES_OF_SHARDS}
            added = {name: Shard.of(kept).sheets for name, (kept, _) in read.items()}
            fresh = {name: Shard() for name in NAMES_OF_SHARDS}
            async for learner_id in self._sheets.learners(workspace):
                async for sheet in self._sheets.after(workspace, learner_id, 0):
                    for name, more in shards(sheet.adds).items():
                        if sheet.pending is None or sheet.id in added[name]:
                            fresh[name].add(sheet.id, more)
            if await self._put_all(workspace, fresh, read, added):
                return True
        return False

    async def _put_all(
        self, workspace: str, fresh: Mapping[str, Shard], read: Mapping[str, _Read], added: Mapping[str, list[str]]
    ) -> bool:
        """Puts shards in the place of those that were read; false where another one was there by then."""
        for name, shard in fresh.items():
            shard.sheets = added[name]
            kept, known = read[name]
            if (shard.table or kept) and await self._learned.put(
                (workspace, NOBODY, name), shard.kept(), known
            ) is None:
                return False
        return True

    async def _add(self, workspace: str, names: set[str]) -> set[str]:
        """Adds what is pending to these shards; gives those that somebody else was writing."""
        order = sorted(names)
        read = await asyncio.gather(*(self._learned.get(workspace, NOBODY, name) for name in order))
        # Only now: what is still pending was in no shard that had forgotten it when the shards were read.
        adds = [(s.id, shards(s.adds)) for s in await self._sheets.pending(_SHEETS) if s.workspace == workspace]
        taken = set()
        for name, (kept, known) in zip(order, read, strict=True):
            shard = Shard.of(kept)
            for sheet_id, more in adds:
                if name in more:
                    shard.add(sheet_id, more[name])
            if await self._learned.put((workspace, NOBODY, name), shard.kept(), known) is None:
                taken.add(name)
            else:
                self._hold(workspace, name, shard)
        return taken

    async def _shard(self, workspace: str, name: str) -> Shard:
        held = self._held.get((workspace, name))
        if held is not None and held.until > self._clock.monotonic():
            self._held.move_to_end((workspace, name))
            return held.shard
        kept, _ = await self._learned.get(workspace, NOBODY, name)
        return self._hold(workspace, name, Shard.of(kept))

    def _hold(self, workspace: str, name: str, shard: Shard) -> Shard:
        self._held[workspace, name] = _Held(shard, self._clock.monotonic() + _FRESH)
        self._held.move_to_end((workspace, name))
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return shard
