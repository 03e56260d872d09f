"""What is known when a turn starts."""

from dataclasses import dataclass

from app.vocabulary.asking import Said
from app.vocabulary.keeping import Learner, Session


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known when a turn starts.

    `said` holds the newest exchanges, oldest first; `history_items` and `history_tokens` count all of them, also
    those not loaded;
    `memory` is a line for each earlier session of the learner, newest first.
    """

    session: Session
    learner: Learner
    memory: tuple[str, ...]
    said: tuple[Said, ...]
    last_seq: int
    history_items: int
    history_tokens: int
