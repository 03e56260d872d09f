"""What is known when a turn starts."""

from dataclasses import dataclass, field
from typing import Literal

from app.vocabulary.asking import Said
from app.vocabulary.keeping import SCHEMA, Learner, Session
from app.vocabulary.reading import Affect


@dataclass(frozen=True, slots=True)
class Passage:
    """Something that was said or that stands in course material, short enough to be quoted whole.

    `id` is the turn's id and `#m` (message) or `#r` (reply), or that of a piece of material; `session_id` the session,
    or the document; `n` its place there, from 0, so that neighbours can be told; `at` when it was said, ISO 8601 UTC;
    `speaker` who said it (`learner`, `tutor`, a name), or the title of the document.
    """

    id: str
    session_id: str
    n: int
    at: str
    speaker: str
    text: str
    source: Literal["turn", "material"] = "turn"


@dataclass(frozen=True)
class Standing:
    """What is believed of one skill: the chance that the next unaided answer is right, how sure that is (standard
    deviation), from how many answers.

    `trend` is how much that chance has risen over the learner's last answers there; `independence` the share of later
    items of the skill that were right without help. Both are `None` while there is nothing to tell it from.
    """

    skill: str
    mastery: float
    uncertainty: float
    attempts: int
    trend: float | None = None
    independence: float | None = None


@dataclass(frozen=True)
class Due:
    """A skill whose review is due: since when, and the chance that it is still known."""

    skill: str
    at: str
    recall: float


@dataclass(frozen=True)
class Trait:
    """One trait of a learner's profile that is sure enough to act on, in words."""

    name: str
    value: str


@dataclass(frozen=True)
class Portrait:
    """What MasterX believes about a learner, at most 2 KB as JSON, weakest skill and longest due first.

    `version` changes with it: two portraits of a learner with the same version are equal. `affect` is how they seemed
    to feel lately, under the `strain` (0 to 1) of what they do: `None` where nothing is seen, or may be. `failures` is
    how many of their newest answers of this sitting were wrong one after the other.
    """

    version: str
    weak: tuple[Standing, ...] = ()
    due: tuple[Due, ...] = ()
    affect: Affect = field(default_factory=Affect)
    strain: float | None = None
    traits: tuple[Trait, ...] = ()
    failures: int = 0


@dataclass(frozen=True)
class Retold:
    """What a model made of a stretch of a session, and where it is from: the numbers (`seqs`) and ids of the turns that
    it covers, oldest first, who made it (`provider/model`), and when, ISO 8601 UTC. `id` is the session's."""

    id: str
    workspace: str
    learner_id: str
    text: str
    seqs: tuple[int, ...]
    turn_ids: tuple[str, ...]
    model: str
    made_at: str
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known when a turn starts.

    `said` holds the newest exchanges, oldest first; `history_items` and `history_tokens` count all of them, also
    those not loaded;
    `memory` is a line for each earlier session of the learner, newest first; `portrait` is `None` while nothing is
    believed of the learner; `frustration` is how it stood with the session's last turn, 0 to 1; `alarmed` is the
    number of the newest of its turns that is flagged, and when it was opened, ISO 8601 UTC.
    """

    session: Session
    learner: Learner
    memory: tuple[str, ...]
    said: tuple[Said, ...]
    last_seq: int
    history_items: int
    history_tokens: int
    portrait: Portrait | None = None
    frustration: float | None = None
    alarmed: tuple[int, str] | None = None
