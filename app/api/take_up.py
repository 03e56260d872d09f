"""Taking up an answer where the connection to it broke: while it runs, here or on another replica, and after."""

from collections.abc import AsyncIterator
from typing import Protocol

from app.bootstrap.service import Service
from app.errors import Conflict, FieldError, Invalid
from app.live import Event, Logged, Name, past
from app.vocabulary import State, Turn

_ON_ITS_WAY = 1.0
"""Seconds that an event which a client says it heard may take to get from the replica that said it to this one."""


class Told(Protocol):
    """A turn whose events can be heard: one that runs here (`Live`) or was written down (`Logged`)."""

    @property
    def turn(self) -> Turn:
        """The record; final once the last event was heard."""
        ...

    def listen(self, after: int, beat: float) -> AsyncIterator[list[Event]]:
        """The events past number `after`; an empty list after `beat` silent seconds."""
        ...


async def take_up(parts: Service, turn: Turn, after: int) -> Told | None:
    """The events of a streamed turn past number `after`; `None` where the last one was heard already.

    Raises `Conflict` where they are no longer, or never were, to be had one by one, `Invalid` for a number that has
    not been given out: a stream never silently starts again.
    """
    live = parts.running.get(turn.id)
    if live is not None and live.streamed:
        if after > live.said:
            raise Invalid([FieldError("Last-Event-ID", f"this turn has said {live.said} event(s) so far")])
        return live
    logged = Logged(turn, parts.base.cache, parts.records.turns)
    under_way = turn.state is State.OPEN and turn.streamed
    if under_way and not after and parts.base.cache.available:
        return logged  # perhaps nothing has been said yet
    newest = await logged.at(max(after, 1), _ON_ITS_WAY if under_way else 0.0)
    if newest is not None:
        return None if after and newest.name is Name.ENDED else logged
    if turn.state is State.OPEN:
        raise Conflict("this turn is running, but not as a stream that can be taken up")
    if after:
        raise Conflict("this answer's events are no longer kept; read it whole, without Last-Event-ID")
    return past(turn)
