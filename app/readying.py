"""Makes ready what the next turn of a session needs besides the learner's memory, before its message comes."""

from app.briefing import Briefing
from app.context.assemble import Assembler
from app.errors import NotFound
from app.storage.snapshots import Snapshots


class Readying:
    """Has the snapshot, the course's material and the words of the prompt's head at hand: the next prompt differs from
    this one by its notes and its message."""

    def __init__(self, snapshots: Snapshots, briefing: Briefing, assembler: Assembler) -> None:
        self._snapshots, self._briefing, self._assembler = snapshots, briefing, assembler

    async def ready(self, workspace: str, session_id: str) -> None:
        """Makes a turn of this session ready; does nothing without one. Raises `StoreUnavailable`."""
        try:
            snapshot = await self._snapshots.of(workspace, session_id)
        except NotFound:
            return
        self._assembler.assemble(await self._briefing.ahead(snapshot))
