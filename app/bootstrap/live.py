"""The live channels of what happens: events of the service as those who watch may see them."""

from collections.abc import Mapping
from typing import Any

from app.broadcasting import Broadcasting, Channel, Kind, Viewer
from app.clock import Clock
from app.events import Event, Events, TurnEnded
from app.storage.cache import Cache
from app.storage.keys import Keys
from app.vocabulary import Permission, Turn

_TURNS = "turns"
_NAMES = ("learner_id", "session_id")


def broadcasting_of(clock: Clock, cache: Cache, keys: Keys, events: Events) -> Broadcasting:
    """Who tells those that watch; turns are told from now on."""
    broadcasting = Broadcasting(clock, cache, keys)
    roles = frozenset({Permission.TEACHER, Permission.SERVICE, Permission.OPERATOR})
    broadcasting.offer(Channel(_TURNS, None, roles, 0.1, Kind.EVENTS, _without_names, _learner))

    def hear(event: Event) -> None:
        if isinstance(event, TurnEnded):
            broadcasting.tell(_TURNS, event.turn.workspace, _told(event.turn))

    events.subscribe(hear)
    return broadcasting


def _told(turn: Turn) -> dict[str, Any]:
    """How a turn ended: never what was said in it."""
    return {
        "id": turn.id,
        "session_id": turn.session_id,
        "learner_id": turn.learner_id,
        "task": turn.task,
        "provider": turn.provider,
        "model": turn.model,
        "state": turn.state,
        "ms": turn.timing.total_ms,
        "degraded": turn.degraded,
        "cached": turn.cached,
        "at": turn.closed_at,
    }


def _without_names(viewer: Viewer, turn: Mapping[str, Any]) -> Mapping[str, Any]:
    if viewer.role is not Permission.TEACHER:
        return turn
    return {name: value for name, value in turn.items() if name not in _NAMES}


def _learner(turn: Mapping[str, Any]) -> str:
    return str(turn["learner_id"])
