"""What memories of learners are made of."""

from app.clock import Clock
from app.context.memory.loading import Loader
from app.context.memory.recalls import Parts
from app.policy import RecallPolicy
from app.storage.cache import Cache
from app.storage.ports import Store
from app.storage.segments import Segments


def recall_parts(store: Store, cache: Cache, clock: Clock, policy: RecallPolicy) -> Parts:
    """Their parts in one process, which has a name of its own for what it tells the others."""
    segments = Segments(store)
    return Parts(Loader(store, segments, clock, policy.passages), segments, cache, clock, policy, clock.id())
