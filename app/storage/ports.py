"""The store port: documents by kind, durable when the call returns. One contract suite runs over every adapter.

A document is a JSON object with at least `id`, `workspace` and `schema`; times in it are ISO 8601 text in UTC. What is
written may also hold what orjson writes as JSON, such as dataclasses; what is read is plain.
What a kind is indexed by is declared here once and created by `migrations/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from app.errors import FieldError, Invalid

Doc = dict[str, Any]
Where = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Index:
    """An index by `fields`. `where` makes it partial: only documents with these values are in it; the value
    `PRESENT` stands for any text."""

    name: str
    fields: tuple[str, ...]
    unique: bool = False
    where: tuple[tuple[str, str], ...] = ()


PRESENT = "\x00present"


@dataclass(frozen=True)
class Kind:
    """A collection of like documents, unique by `id`. Indexed fields hold text, numbers or null."""

    name: str
    indexes: tuple[Index, ...] = ()

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Every indexed field but `id`, in order of first mention; only by these may documents be found."""
        named = (f for index in self.indexes for f in (*index.fields, *(w[0] for w in index.where)))
        return tuple(dict.fromkeys(f for f in named if f != "id"))

    def indexed(self, doc: Doc) -> tuple[Any, ...]:
        """What a document has in `fields`; `Invalid` for anything but text, numbers and null."""
        values = tuple(map(doc.get, self.fields))
        if all(value is None or isinstance(value, str | int | float) for value in values):
            return values
        raise Invalid([FieldError(self.name, "an indexed field holds text, a number or null")])

    def check(self, values: Iterable[Any]) -> None:
        """Raises `Invalid` for values that no store can look for: text that is no Unicode, numbers over 64 bits."""
        for value in values:
            try:
                if isinstance(value, str):
                    value.encode()
                elif isinstance(value, int):
                    value.to_bytes(8, signed=True)
            except (UnicodeEncodeError, OverflowError) as error:
                raise Invalid([FieldError(self.name, str(error))]) from error

    def unique(self, fields: tuple[str, ...]) -> str:
        """The name of the unique index over these fields: what adapters learn from a server that refuses."""
        return "id" if fields == ("id",) else next(i.name for i in self.indexes if i.unique and i.fields == fields)


_OF_WORKSPACE = Index("by_workspace", ("workspace", "id"))
SESSIONS = Kind("sessions", (Index("by_learner", ("workspace", "learner_id", "id")), _OF_WORKSPACE))
LEARNERS = Kind("learners", (Index("by_name", ("workspace", "learner_id"), unique=True),))
TURNS = Kind(
    "turns",
    (
        # A second turn of a session that starts on what it knew of the first finds its number taken.
        Index("by_session", ("session_id", "seq"), unique=True),
        # One turn at a time per session, whichever replica asks.
        Index("one_open", ("session_id",), unique=True, where=(("state", "open"),)),
        Index("by_key", ("workspace", "idempotency_key"), unique=True, where=(("idempotency_key", PRESENT),)),
        Index("by_owner", ("owner",), where=(("state", "open"),)),
        # All that a learner said, in order, across sessions.
        Index("by_learner", ("workspace", "learner_id", "id")),
    ),
)
FEEDBACK = Kind("feedback", (Index("by_turn", ("turn_id", "id")),))
KEYS = Kind("keys", (Index("by_hash", ("hash",), unique=True), _OF_WORKSPACE))
INSTANCES = Kind("instances", ())
# Money, by day: what a workspace or a learner has spent and what is held for turns under way.
ACCOUNTS = Kind("accounts", (Index("by_day", ("day", "id")), Index("by_due", ("due",))))
QUESTIONS = Kind(
    "questions",
    (
        Index("by_state", ("state", "id")),
        Index("by_learner", ("workspace", "learner_id", "state", "id")),
        Index("by_session", ("session_id", "id")),
    ),
)
_OF_LEARNER = Index("by_learner", ("workspace", "learner_id", "id"))
# Pieces of a learner's retrieval index, derived from the turns.
SEGMENTS = Kind("segments", (_OF_LEARNER,))
# What a model made of older stretches of sessions, by the session's id.
SUMMARIES = Kind("summaries", (_OF_LEARNER,))
COURSES = Kind("courses", (Index("by_name", ("workspace", "course_id"), unique=True),))
MATERIALS = Kind("materials", (Index("by_course", ("workspace", "course_id", "id")),))
# Counts of turns that had a layer of context left out, by layer and task.
WORTH = Kind("worth", (_OF_WORKSPACE,))
# Graded attempts and what people said of a profile are the truth; what was learned from them is derived.
ANSWERS = Kind(
    "answers",
    (
        _OF_LEARNER,
        # A second sheet that starts on the same state finds its number taken.
        Index("by_seq", ("workspace", "learner_id", "seq"), unique=True),
        Index("by_key", ("workspace", "idempotency_key"), unique=True, where=(("idempotency_key", PRESENT),)),
        # Where an answer that is older than the newest one may have been counted before.
        Index("by_time", ("workspace", "learner_id", "until")),
        Index("by_pending", ("pending", "id"), where=(("pending", PRESENT),)),
        # What a class did, in the order in which it came.
        _OF_WORKSPACE,
    ),
)
CORRECTIONS = Kind("corrections", (_OF_LEARNER,))
LEARNED = Kind("learned", (_OF_LEARNER,))
MODELS = Kind("models", (Index("by_name", ("workspace", "name", "id")),))
# What came of decisions: the truth from which all is learned that chooses.
REWARDS = Kind(
    "rewards",
    (
        # A reward that is told twice finds its place taken.
        Index("by_turn", ("turn_id", "source"), unique=True),
        _OF_WORKSPACE,
        _OF_LEARNER,
    ),
)
# What the gate did to arms, each with its reason.
INTERVENTIONS = Kind("interventions", (_OF_WORKSPACE,))
EXPERIMENTS = Kind(
    "experiments",
    (
        _OF_WORKSPACE,
        Index("by_name", ("workspace", "name"), unique=True),
        Index("by_state", ("state", "id")),
    ),
)
# What came of a learner in an experiment, derived from turns and rewards.
PARTICIPANTS = Kind("participants", (Index("by_experiment", ("experiment", "id")), _OF_LEARNER))
# What was learned about arms, derived from turns and rewards.
ARMS = Kind("arms", (_OF_WORKSPACE,))
# Figures of a minute and of longer, by replica; old ones are removed.
ROLLUPS = Kind("rollups", (Index("by_time", ("scale", "id")),))
ALERTS = Kind(
    "alerts",
    (
        Index("by_state", ("state", "id")),
        Index("by_end", ("state", "closed_at")),
        # What a webhook has not heard yet.
        Index("by_pending", ("pending", "id"), where=(("pending", PRESENT),)),
    ),
)
KINDS = (
    *(SESSIONS, LEARNERS, TURNS, FEEDBACK, KEYS, INSTANCES, ACCOUNTS, QUESTIONS),
    *(SEGMENTS, SUMMARIES, COURSES, MATERIALS, WORTH, ANSWERS, CORRECTIONS, LEARNED, MODELS),
    *(REWARDS, INTERVENTIONS, EXPERIMENTS, PARTICIPANTS, ARMS, ROLLUPS, ALERTS),
)
# Everything that is a learner's, by that learner's name in the workspace: what an export holds and an erasure removes,
# in this order. What is derived comes after what it is derived from; feedback, which only names its turn, goes with it.
OF_LEARNER = (
    *(QUESTIONS, ANSWERS, CORRECTIONS, REWARDS, TURNS, SESSIONS),
    *(SEGMENTS, SUMMARIES, LEARNED, PARTICIPANTS, LEARNERS),
)


@dataclass(frozen=True, slots=True)
class Find:
    """A list query: equal to `where`, in the order of one field (`-seq` is newest first), past `after`."""

    where: Where
    order: str = "id"
    after: Any = None
    limit: int = 50


class Store(Protocol):
    """Documents, durable when a call returns. Every method may raise `StoreUnavailable`, and `Invalid` for ids and
    values that cannot be looked for."""

    async def insert(self, kind: Kind, doc: Doc) -> None:
        """Adds a document.

        Raises `Duplicate`, which names the unique index that refused it (`id` if that is taken, else any one where
        several do), and `Invalid` for what cannot be kept: no JSON, or nested too deep (100 levels always fit).
        """
        ...

    async def replace(self, kind: Kind, doc: Doc, where: Where) -> bool:
        """Puts `doc` in the place of the one with its id if that one still has the values of `where` (of any fields at
        its top level).

        Says whether it did; raises as `insert`. Doing the very same replacement twice is true both times, so that a
        caller whose first answer was lost may ask again.
        """
        ...

    async def get(self, kind: Kind, id: str) -> Doc | None:  # noqa: A002
        """The document with this id."""
        ...

    async def find(self, kind: Kind, query: Find) -> list[Doc]:
        """Documents by indexed fields and `id`."""
        ...

    async def count(self, kind: Kind, where: Where) -> int:
        """How many documents have these values (of indexed fields), from the index alone."""
        ...

    async def delete(self, kind: Kind, where: Where) -> int:
        """Removes the documents with these values (of indexed fields or `id`); says how many."""
        ...

    def jot(self, turn_id: str, n: int, text: str) -> None:
        """Keeps piece `n` (from 0) of an open turn's reply. Returns at once; the adapter sees that it survives
        the death of this process at the next moment it can. Never raises: a lost jot costs only crash recovery."""
        ...

    async def jotted(self, turn_id: str) -> str:
        """The pieces of a turn put together, up to the first gap."""
        ...

    async def forget(self, turn_ids: Sequence[str]) -> None:
        """Drops the pieces of these turns, which are closed."""
        ...

    async def ping(self) -> str:
        """Does one round trip and names the server and its version."""
        ...

    async def close(self) -> None:
        """Finishes what was asked and lets go of the connection."""
        ...


class Schema(Protocol):
    """How a migration changes a store. Every method may be run twice."""

    async def version(self) -> int:
        """The schema the store is at; 0 for an empty one."""
        ...

    async def set_version(self, version: int) -> None:
        """Records that the store is at `version`."""
        ...

    async def create(self, kind: Kind) -> None:
        """Makes sure that the kind and its indexes exist."""
        ...

    async def lock(self, owner: str, seconds: float) -> bool:
        """Takes or renews the migration lock for so long; false while another owner holds it."""
        ...

    async def unlock(self, owner: str) -> None:
        """Gives the lock back."""
        ...
