"""What channels show, asked for once for all views of a workspace."""

import logging
from collections import OrderedDict, deque
from math import floor
from typing import Any

import orjson

from app.broadcasting.channel import Channel
from app.broadcasting.patch import Json
from app.clock import Clock

LAST = 50
"""Events that a reader begins with on a channel that has no list of its own."""

_MOST = 1_000
"""Workspaces times channels of which something is kept; those not used for longest give way."""

_EARLY = 0.002
"""Seconds by which a timer may go off before its time."""

log = logging.getLogger("masterx.live")

_Place = tuple[str, str | None]


class Sources:
    """The values of channels, as plain JSON that nobody changes under us."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: OrderedDict[_Place, tuple[int, Json]] = OrderedDict()
        self._last: OrderedDict[_Place, deque[tuple[str | None, Json]]] = OrderedDict()

    def value(self, channel: Channel, workspace: str | None) -> Json:
        """A channel's state in a workspace, or the events that a reader begins with; the same object until there is
        a new one. `None` where there is none to be had."""
        place, tick = (channel.name, workspace), self._tick(channel.every, self._clock.monotonic())
        kept = self._values.get(place)
        if kept is not None and kept[0] == tick:
            return kept[1]
        try:
            given: Any = channel.current(workspace) if channel.current else self._told(place)
            value = orjson.loads(orjson.dumps(given))
        except Exception:
            # A bulkhead: whoever offers a channel has failed; its readers keep what they have.
            log.exception("the channel %s could not be read", channel.name)
            value = kept[1] if kept else None
        _keep(self._values, place, (tick, value))
        return value

    def told(self, channel: Channel, workspace: str | None, event: Json) -> None:
        """Takes in an event: what a reader begins with is another list now. One that is for all workspaces is not among
        the last ones of each."""
        places = [(channel.name, workspace), (channel.name, None)]
        for place in places if workspace else [place for place in self._values if place[0] == channel.name]:
            self._values.pop(place, None)
        if channel.current is None:
            for place in set(places):
                if place not in self._last:
                    _keep(self._last, place, deque(maxlen=LAST))
                self._last[place].append((workspace, event))

    def forget(self, channel: Channel, workspace: str, learner_id: str) -> None:
        """Drops the events that are about a learner of a workspace."""
        for place in ((channel.name, workspace), (channel.name, None)):
            self._values.pop(place, None)
            if (whose := channel.whose) and (last := self._last.get(place)):
                kept = [one for one in last if one[0] != workspace or whose(one[1]) != learner_id]
                self._last[place] = deque(kept, LAST)

    def _told(self, place: _Place) -> list[Json]:
        return [event for _, event in self._last.get(place, ())]

    def next(self, every: float, now: float) -> float:
        """When the next round of so many seconds begins: at the same moment for all views, so that they share."""
        return (self._tick(every, now) + 1) * every

    def _tick(self, every: float, now: float) -> int:
        return floor((now + _EARLY) / every)


def _keep(kept: OrderedDict[_Place, Any], place: _Place, value: Any) -> None:
    kept[place] = value
    kept.move_to_end(place)
    if len(kept) > _MOST:
        kept.popitem(last=False)
