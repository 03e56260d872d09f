"""The shared nouns. Frozen records that every floor speaks in; they know nothing of storage, HTTP or providers.

All times are UTC and stored as ISO 8601 text (`2026-11-21T06:50:33.123456Z`), whose order is the order of time.
All ids are UUIDv7 text. Unknown is `None`, never zero.
"""

from app.vocabulary.asking import (
    FRAMING,
    MESSAGE_LIMIT,
    Ask,
    Attempt,
    Chunk,
    Finish,
    Message,
    Prompt,
    Said,
    Sampling,
    Task,
    Usage,
)
from app.vocabulary.keeping import (
    SCHEMA,
    Affect,
    Feedback,
    Key,
    LayerReceipt,
    Learner,
    Outcome,
    Page,
    Permission,
    Reading,
    Receipt,
    Session,
    State,
    Timing,
    Turn,
)
from app.vocabulary.known import Snapshot

__all__ = [
    "FRAMING",
    "MESSAGE_LIMIT",
    "SCHEMA",
    "Affect",
    "Ask",
    "Attempt",
    "Chunk",
    "Feedback",
    "Finish",
    "Key",
    "LayerReceipt",
    "Learner",
    "Message",
    "Outcome",
    "Page",
    "Permission",
    "Prompt",
    "Reading",
    "Receipt",
    "Said",
    "Sampling",
    "Session",
    "Snapshot",
    "State",
    "Task",
    "Timing",
    "Turn",
    "Usage",
]
