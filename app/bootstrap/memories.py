"""What the memories of learners work with."""

from app.clock import Clock
from app.context.memory.loading import Loader
from app.context.memory.recalls import Parts
from app.policy import RecallPolicy
from app.storage.cache import Cache
from app.storage.ports import Store
from app.storage.segments import Segments


def recall_parts(store: Store, cache: Cache, clock: Clock, policy: RecallPolicy, me: str) -> Parts:
    """The parts of `Recalls`; `me` tells this process's messages from others'."""
    segments = Segments(store)
    return Parts(
        loader=Loader(store, segments, clock, policy.passages),
        segments=segments,
        cache=cache,
        clock=clock,
        policy=policy,
        me=me,
    )
