"""What memories of learners are made of."""

from app.clock import Clock, iso
from app.context.memory.loading import Extent, Loader
from app.context.memory.memory import Memory
from app.context.memory.recalls import Parts
from app.context.recall.dense import Dense
from app.policy import RecallPolicy
from app.storage.cache import Cache
from app.storage.ports import Store
from app.storage.records import to_doc
from app.storage.segments import Segments
from app.vocabulary import State, Turn


def recall_parts(store: Store, cache: Cache, clock: Clock, how: tuple[RecallPolicy, Dense | None]) -> Parts:
    """Their parts in one process, which has a name of its own for what it tells the others."""
    policy, dense = how
    # The stemmer and the rules of facts take 70 ms to load: not while a first turn ends.
    Memory().hear(to_doc(Turn("", "", "", "", 1, "I like algebra.", iso(0), State.COMPLETE)))
    segments = Segments(store)
    loader = Loader(store, segments, clock, Extent(policy.passages, dense))
    return Parts(loader, segments, cache, clock, policy, clock.id())
