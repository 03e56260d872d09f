"""What was learned of choices survives restarts and is the same on every replica.

A reward is told to the other replicas through the cache when it is told here. What the cache loses is read from the log
of rewards in the store, past the newest one that is known and a while before. So nothing depends on the cache, and
nothing is added up twice: a reward is known by its id. Now and then what is known is written down, with how far it
goes, so that a start reads little of the log.
"""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from app.choosing.applied import OVERLAP, earlier
from app.choosing.choosing import Choosing
from app.choosing.experience import Experience
from app.choosing.packing import UNREADABLE, packed, unpacked
from app.clock import Clock, before
from app.events import Event, Rewarded
from app.rounds import Rounds
from app.storage.arms import Arms, Head
from app.storage.cache import Cache
from app.storage.records import from_doc
from app.storage.rewards import Rewards
from app.vocabulary import Reward

CHANNEL = "rewarded"
"""Channel of rewards, each as JSON."""

_LOOK = 15.0
"""Seconds between looks at the log, for what the cache has lost."""

_AT_ONCE = 10
"""Rewards that are learned before others are served."""

_SAVE = 20
"""Looks between two times that what is known is written down."""

_WRITTEN = 600.0
"""Seconds after which whoever wrote a text has named it, or died."""

log = logging.getLogger("masterx.choosing")


@dataclass(frozen=True, slots=True)
class Parts:
    """What is kept where."""

    arms: Arms
    rewards: Rewards
    cache: Cache
    clock: Clock


class Keeping:
    """Keeps what `choosing` learns."""

    def __init__(self, choosing: Choosing, parts: Parts) -> None:
        self._choosing, self._p = choosing, parts
        self._heads: dict[str, Head] = {}
        self._unsaved: set[str] = set()
        self._read, self._looks = "", 0

    def hear(self, event: Event) -> None:
        """Learns from a reward that was told here, and tells the other replicas."""
        if isinstance(event, Rewarded):
            self._learn(event.reward, here=True)
            self._p.cache.publish(CHANNEL, orjson.dumps(event.reward))

    async def erase(self, workspace: str, learner_id: str) -> None:
        """Forgets what was learned of a learner alone, here, on other replicas, and in what is written down. One that
        does not hear of it, because the cache is away, goes on from what was written when it would write itself."""
        self._p.cache.publish(CHANNEL, orjson.dumps({"erased": [workspace, learner_id]}))
        if workspace not in self._choosing.workspaces and not await self._again(workspace):
            return
        self._choosing.erase(workspace, learner_id)
        text = await _packed(self._choosing.experience(workspace))
        self._heads[workspace] = await put(self._p.arms, self._p.clock, workspace, text)

    async def follow(self) -> None:
        """Learns from what other replicas tell, and forgets whom they erase; runs until cancelled."""
        async with self._p.cache.subscribe(CHANNEL) as messages:
            async for message in messages:
                try:
                    self._heed(orjson.loads(message))
                except UNREADABLE:
                    log.exception("a reward that another replica told is looked for in the log")

    def _heed(self, doc: dict[str, Any]) -> None:
        if erased := doc.get("erased"):
            self._choosing.erase(*erased)
        elif not self._known(doc["workspace"], doc["id"]):
            self._learn(from_doc(Reward, doc))

    async def stay(self) -> None:
        """Looks for what was missed, and writes down what is known, until cancelled."""
        await Rounds(self._look, partial(log.warning, "rewards are looked for later: %s"), every=_LOOK).stay()

    async def _look(self) -> None:
        await self.catch_up()
        if self._looks % _SAVE == 0:
            await self._choosing.share()
        self._looks += 1
        if self._looks % _SAVE == 0:
            await self.save()

    async def restore(self) -> None:
        """Goes on from what was written down; what cannot be read is learned again from the log."""
        self._read = await self._p.arms.cursor()
        async for workspace, head, text in self._p.arms.all():
            await self._take(workspace, head, text)

    async def _again(self, workspace: str) -> bool:
        """Goes on from what is written down of one workspace, to which `catch_up` adds what the log has beyond it;
        false where nothing is. Until it has been read, what was known stays in force."""
        cursor, there = await self._p.arms.cursor(), await self._p.arms.one(workspace)
        if there is None:
            return False
        self._read = min(self._read, cursor)
        await self._take(workspace, *there)
        return True

    async def _take(self, workspace: str, head: Head, text: str | None) -> None:
        try:
            kept = None if text is None else await asyncio.to_thread(unpacked, text)
            if kept is None:
                raise ValueError("a part is missing")
            fresh = self._choosing.fresh()
            fresh.restore(kept)
            self._choosing.take(workspace, fresh)
        except UNREADABLE as error:
            log.warning("what workspace %s has learned of choices is learned again: %r", workspace, error)
            self._choosing.forget(workspace)
            await self._begin(workspace)
            self._read = ""
        self._heads[workspace] = head

    async def _begin(self, workspace: str | None = None) -> None:
        """Begins with what imports brought to a workspace, or to all; the log of rewards comes on top of it."""
        async for one in self._p.arms.brought(workspace):
            try:
                lent = await asyncio.to_thread(unpacked, one.text)
                self._choosing.fresh().merge(lent)  # what fails, fails before any of it counts
                self._choosing.experience(one.workspace).merge(lent)
            except UNREADABLE as error:
                log.warning("what deployment %s taught workspace %s is left out: %r", one.by, one.workspace, error)

    async def catch_up(self) -> int:
        """Learns from what the log has and was not heard of; says how much that was. An id from the future, which a
        replica whose clock was ahead has made, must not make all seem learned that comes until then."""
        learned = 0
        async for newest, rewards in self._p.rewards.since(self._read, self._known):
            for some in range(0, len(rewards), _AT_ONCE):
                learned += sum(map(self._learn, rewards[some : some + _AT_ONCE]))
                await asyncio.sleep(0)
            self._read = max(self._read, min(earlier(newest), before(self._p.clock.now() - OVERLAP)))
        for experience in self._choosing.workspaces.values():
            experience.applied.settle(self._read)
        return learned

    async def save(self) -> int:
        """Writes down what is known and not yet written; says of how many workspaces. Removes what a process left that
        died while it did that."""
        read, unsaved, saved = self._read, sorted(self._unsaved), 0
        self._unsaved.clear()
        for n, workspace in enumerate(unsaved):
            try:
                saved += await self._save(workspace)
            except BaseException:  # also where it is cancelled: what is not written must not be passed by the cursor
                self._unsaved.update(unsaved[n:])
                raise
        if read and saved == len(unsaved):
            await self._p.arms.move(read)
        await self._p.arms.tidy(before(self._p.clock.now() - _WRITTEN))
        return saved

    async def rebuild(self) -> int:
        """Derives everything from imports and the log again and writes it down for good; says from how many rewards."""
        self._choosing.forget()
        await self._begin()
        self._read = ""
        self._heads = {workspace: head async for workspace, head, _ in self._p.arms.all()}
        learned = await self.catch_up()
        for workspace in {*self._heads, *self._choosing.workspaces}:
            text = await _packed(self._choosing.experience(workspace))
            self._heads[workspace] = await put(self._p.arms, self._p.clock, workspace, text)
        return learned

    async def _save(self, workspace: str) -> bool:
        """Another replica that has written meanwhile wrote the same; what was put there by hand is gone on from."""
        known = self._heads.get(workspace)
        new = Head(self._p.clock.id(), known.epoch if known else 0)
        text = await _packed(self._choosing.experience(workspace))
        if await self._p.arms.put(workspace, text, new, known):
            self._heads[workspace] = new
            return True
        self._unsaved.add(workspace)
        there = await self._p.arms.head(workspace)
        if there is not None and there.epoch > new.epoch:
            log.warning("what workspace %s has learned of choices was put there anew: it is read", workspace)
            await self._again(workspace)
            await self.catch_up()
        elif there is not None:
            self._heads[workspace] = there
        return False

    def _learn(self, reward: Reward, *, here: bool = False) -> bool:
        if not self._choosing.learn(reward, here=here):
            return False
        self._unsaved.add(reward.workspace)
        return True

    def _known(self, workspace: str, reward_id: str) -> bool:
        experience = self._choosing.workspaces.get(workspace)
        return experience is not None and experience.applied.has(reward_id)


async def put(arms: Arms, clock: Clock, workspace: str, text: str) -> Head:
    """Puts what was learned in the place of whatever is there; services go on from it when they write next."""
    while True:
        known = await arms.head(workspace)
        new = Head(clock.id(), known.epoch + 1 if known else 1)
        if await arms.put(workspace, text, new, known):
            return new


async def _packed(experience: Experience) -> str:
    return await asyncio.to_thread(packed, experience.frozen())
