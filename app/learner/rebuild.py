"""All that was learned, derived from the log again.

Safe while the service runs: what is derived from a log is the same whoever derives it. A document is replaced only if
nobody wrote it meanwhile, else its learner is taken again; a replica that holds one that was replaced finds that out
when it writes, and reads it anew.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.learner.counting import Counting
from app.learner.following import Following
from app.learner.minds import Minds, Who
from app.storage.answers import Sheets
from app.storage.turns import TurnLog

log = logging.getLogger("masterx.learner")


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """What is needed for it."""

    sheets: Sheets
    turns: TurnLog
    minds: Minds
    counting: Counting
    following: Following

    async def everyone(self) -> list[Who]:
        """Every learner with an answer or a turn."""
        found: set[Who] = set()
        for records in (self.sheets, self.turns):
            async for workspace in records.workspaces():
                found |= {(workspace, learner) async for learner in records.learners(workspace)}
        return sorted(found)

    async def run(self, everyone: list[Who], step: Callable[[], None]) -> list[str]:
        """Derives everything of these learners and of their workspaces; `step` is called after each learner. Gives
        the workspaces whose counts were left as they are, because answers came faster than they could be added up."""
        for who in everyone:
            await self.minds.rebuild(who)
            await self.following.rebuild(who)
            step()
        workspaces = sorted({workspace for workspace, _ in everyone})
        return [workspace for workspace in workspaces if not await self.counting.rebuild(workspace)]
