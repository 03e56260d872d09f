"""Passages that stay with the exchange they were found for.

What was found for a message stands at the beginning of its notes. Were it gone in the next turn, the prompt would
change right there, and providers would read it anew from there on. So it stays with the first exchange of the window
for as long as the window begins with it; what is found for later messages is only what is not there yet.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING

from app.context.layers.layer import Fragment

if TYPE_CHECKING:
    from app.context.recall.index import Index

_KEPT = 4_096

Place = tuple[str, str, str, int]
"""Workspace, learner, session, number of the exchange."""


class Carried:
    """What was found for the 4,096 messages last sent, by process: where it is not known any more, an exchange is sent
    without, and providers read a little more."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Place, Fragment] = OrderedDict()

    def keep(self, place: Place, found: Fragment) -> None:
        """Notes what a message was sent with."""
        self._kept[place] = found
        self._kept.move_to_end(place)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def drop(self, workspace: str, learner_id: str) -> None:
        """Forgets what was found for a learner's messages."""
        for place in [place for place in self._kept if place[:2] == (workspace, learner_id)]:
            del self._kept[place]

    def of(self, place: Place, index: "Index") -> Fragment | None:
        """What a message was sent with; nothing once any of it was erased."""
        found = self._kept.get(place)
        if found is None or not all(id_ in index for id_ in found.ids):
            return None
        return found
