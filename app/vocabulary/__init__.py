"""The shared nouns. Frozen records that every floor speaks in; they know nothing of storage, HTTP or providers.

All times are UTC and stored as ISO 8601 text (`2026-11-21T06:50:33.123456Z`), whose order is the order of time.
All ids are UUIDv7 text. Unknown is `None`, never zero.
"""

from app.vocabulary.asking import (
    FRAMING,
    MESSAGE_LIMIT,
    OFFLINE,
    Ask,
    Attempt,
    Chunk,
    Finish,
    Left,
    Message,
    Mode,
    Offer,
    Prompt,
    Quota,
    Said,
    Sampling,
    Task,
    Usage,
)
from app.vocabulary.graded import Answer, Exercise
from app.vocabulary.keeping import (
    SCHEMA,
    Feedback,
    Key,
    Learner,
    Page,
    Permission,
    Session,
    State,
    Timing,
    Turn,
)
from app.vocabulary.known import Due, Passage, Portrait, Snapshot, Standing, Trait
from app.vocabulary.learning import Estimate, Sheet
from app.vocabulary.reading import Affect, Alarm, Danger, Reading, Span
from app.vocabulary.receipts import Explored, ItemReceipt, LayerReceipt, Outcome, Receipt, Remembered
from app.vocabulary.teaching import Course, CourseBrief, Document, Format, Material, Piece, Skill
from app.vocabulary.waiting import Question, Wait

__all__ = [
    "FRAMING",
    "MESSAGE_LIMIT",
    "OFFLINE",
    "SCHEMA",
    "Affect",
    "Alarm",
    "Answer",
    "Ask",
    "Attempt",
    "Chunk",
    "Course",
    "CourseBrief",
    "Danger",
    "Document",
    "Due",
    "Estimate",
    "Exercise",
    "Explored",
    "Feedback",
    "Finish",
    "Format",
    "ItemReceipt",
    "Key",
    "LayerReceipt",
    "Learner",
    "Left",
    "Material",
    "Message",
    "Mode",
    "Offer",
    "Outcome",
    "Page",
    "Passage",
    "Permission",
    "Piece",
    "Portrait",
    "Prompt",
    "Question",
    "Quota",
    "Reading",
    "Receipt",
    "Remembered",
    "Said",
    "Sampling",
    "Session",
    "Sheet",
    "Skill",
    "Snapshot",
    "Span",
    "Standing",
    "State",
    "Task",
    "Timing",
    "Trait",
    "Turn",
    "Usage",
    "Wait",
]
