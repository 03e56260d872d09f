"""What can be watched, by whom, and how somebody wants to see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from app.vocabulary import Permission

OPERATORS = frozenset({Permission.OPERATOR})

Current = Callable[[str | None], Mapping[str, Any] | Sequence[Any]]


class Kind(Enum):
    """What follows the snapshot of a channel."""

    STATE = "state"
    """Changes of the state as merge patches; whoever is slow gets several as one."""

    EVENTS = "events"
    """Events, each once and in order; whoever is very slow gets a snapshot of the newest instead."""

    KEPT = "kept"
    """Events of which none is left out: a reader who is too slow for that is let go."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom something is shown: in one workspace, or (`None`) in all, as where no keys are required. `learner_id` is
    that of a learner's own key."""

    workspace: str | None
    role: Permission
    learner_id: str | None = None


def _all(viewer: Viewer, value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Channel:
    """Something that can be watched.

    `current` gives its state in a workspace (`None`: in all together), or the list of events that a new reader begins
    with; it is quick, does no I/O, and is asked once in `every` seconds for all readers. Without it a channel of events
    begins with the last ones that were told. `shown` is what a viewer may see of the state or of one event; `None` is
    nothing. `whose` names the learner that an event is about: where it is given, learners may watch, and see only their
    own.
    """

    name: str
    current: Current | None = None
    roles: frozenset[Permission] = OPERATORS
    every: float = 1.0
    kind: Kind = Kind.STATE
    shown: Callable[[Viewer, Any], Any] = _all
    whose: Callable[[Any], str | None] | None = None

    def allows(self, viewer: Viewer) -> bool:
        """Whether a viewer may watch."""
        if viewer.role is Permission.LEARNER:
            return self.whose is not None and viewer.learner_id is not None
        return viewer.role in self.roles


@dataclass(frozen=True, slots=True)
class Want:
    """How somebody wants to see a channel: only these fields (dotted paths; all where there are none), no more often
    than once in `every` seconds (as the channel does it where that is not said)."""

    channel: str
    fields: tuple[str, ...] = ()
    every: float | None = None


_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


def pace(channel: Channel, wanted: float | None) -> float:
    """Seconds between frames: what was wanted, up to the next of a few steps so that readers share frames, and never
    more often than the channel changes.

    >>> pace(Channel("metrics", every=1.0), 0.1), pace(Channel("turns", every=0.1), 0.3)
    (1.0, 0.5)
    """
    least = max(wanted or 0.0, channel.every)
    return next((step for step in _STEPS if step >= least), least)
