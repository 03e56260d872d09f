"""What gates did is kept and told: each suspension and each care taken, with its reason."""

import logging
from collections import Counter, deque
from functools import partial

from app.choices.gate.interventions import Intervention as Seen
from app.choosing.choosing import Choosing
from app.clock import Clock, iso
from app.events import Changed, Events
from app.rounds import Rounds
from app.storage.interventions import Intervention, Interventions

_WAITING = 1_000
_LOOK = 2.0
"""Seconds between looks at what gates did."""

log = logging.getLogger("masterx.choosing")


class Watching:
    """Watches the gates of this process."""

    def __init__(self, choosing: Choosing, kept: Interventions, events: Events, clock: Clock) -> None:
        self._choosing, self._kept, self._events, self._clock = choosing, kept, events, clock
        self._waiting: deque[Intervention] = deque(maxlen=_WAITING)
        self.seen = Counter[str]()
        """Interventions of this process, by what was done."""

    async def stay(self) -> None:
        """Keeps and tells what gates do until cancelled."""
        await Rounds(self.look, partial(log.warning, "interventions are kept later: %s"), every=_LOOK).stay()

    async def look(self) -> None:
        """Keeps and tells what was done since the last look."""
        for workspace, seen in self._choosing.interventions():
            self.seen[seen.what] += 1
            self._waiting.append(self._of(workspace, seen))
            what = f"{seen.what} in {seen.context}: {seen.reason}"
            self._events.publish(Changed("arm", f"{seen.choice} {seen.arm or 'all'}", what, workspace))
        while self._waiting:
            await self._kept.add(self._waiting[0])
            self._waiting.popleft()

    def _of(self, workspace: str, seen: Seen) -> Intervention:
        return Intervention(
            id=self._clock.id(),
            workspace=workspace,
            choice=seen.choice,
            context=seen.context,
            arm=seen.arm,
            what=seen.what,
            reason=seen.reason,
            at=iso(seen.at),
            until=None if seen.until is None else iso(seen.until),
        )
