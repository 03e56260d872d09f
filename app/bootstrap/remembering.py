"""What prompts are made of, wired: memories of learners, the courses' material, and who assembles them."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from app.bootstrap.background import Job
from app.bootstrap.base import Base
from app.bootstrap.teaching import library_of
from app.briefing import Briefing, Sources
from app.clock import Clock, iso
from app.context.assemble import Assembler
from app.context.memory.loading import Extent, Loader
from app.context.memory.memory import Memory
from app.context.memory.recalls import Parts, Recalls
from app.context.preload import Preload
from app.context.recall.dense import Dense
from app.library import Library
from app.policy import RecallPolicy
from app.readying import Readying
from app.storage.cache import Cache
from app.storage.ports import Store
from app.storage.records import to_doc
from app.storage.segments import Segments
from app.vocabulary import State, Turn


@dataclass(frozen=True, slots=True)
class Remembered:
    """Memories and material, who makes briefs and prompts of them, and who fetches them ahead."""

    recalls: Recalls
    library: Library
    assembler: Assembler
    briefing: Briefing
    preload: Preload

    def work(self) -> Mapping[str, Job]:
        """What goes on in the background."""
        return {
            "memories_heard": self.recalls.follow,
            "memories": self.recalls.stay,
            "preloading": self.preload.stay,
            "courses_heard": self.library.follow,
        }


async def remembered_of(base: Base, stack: AsyncExitStack) -> Remembered:
    """All of it in one process."""
    how = (base.policy.recall, base.dense)
    recalls = await stack.enter_async_context(Recalls.of(recall_parts(base.store, base.cache, base.clock, how)))
    library = await stack.enter_async_context(library_of(base))
    assembler, snapshots = Assembler(base.tokens), base.records.snapshots
    snapshots.tell_of_dropped(assembler.fragments.drop)
    retold = base.records.summaries if base.policy.context.summaries == "model" else None
    briefing = Briefing(base.policy, base.clock, Sources(recalls, library, retold))
    preload = Preload(recalls, base.clock, (Readying(snapshots, briefing, assembler).ready,))
    return Remembered(recalls, library, assembler, briefing, preload)


def recall_parts(store: Store, cache: Cache, clock: Clock, how: tuple[RecallPolicy, Dense | None]) -> Parts:
    """What memories are made of in one process, which has a name of its own for what it tells the others."""
    policy, dense = how
    # The stemmer and the rules of facts take 70 ms to load: not while a first turn ends.
    Memory().hear(to_doc(Turn("", "", "", "", 1, "I like algebra.", iso(0), State.COMPLETE)))
    segments = Segments(store)
    loader = Loader(store, segments, clock, Extent(policy.passages, dense))
    return Parts(loader, segments, cache, clock, policy, clock.id())
