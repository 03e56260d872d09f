"""The model of knowledge that each workspace uses: the newest that was fitted for it when it was first wanted here, or
one that was never fitted. What `masterx train` adds is in use from the next start on: minds are derived again then."""

import asyncio
import base64
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from app.storage.models import KNOWLEDGE, Models

if TYPE_CHECKING:  # with NumPy, which takes a quarter of a second: not for a command that builds no service
    from app.learner.knowledge.model import Model

_KEPT = 64

log = logging.getLogger("masterx.learner")


class Thinking:
    """The models of the 64 workspaces last met; what fitted none share one."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._unfitted: Model | None = None
        self._kept: OrderedDict[str, Model] = OrderedDict()

    async def of(self, workspace: str) -> "Model":
        """A workspace's model."""
        model = self._kept.get(workspace)
        if model is None:
            model = self._kept[workspace] = await self._load(workspace)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(workspace)
        return model

    async def _load(self, workspace: str) -> "Model":
        from app.learner.knowledge.fitted import UnknownModel
        from app.learner.knowledge.model import Model

        stored = await self._models.newest(workspace, KNOWLEDGE)
        if stored is not None:
            try:
                return await asyncio.to_thread(_fitted, stored.packed)
            except UnknownModel as error:
                log.warning("workspace %s goes on without its fitted model: %s", workspace, error)
        if self._unfitted is None:
            self._unfitted = Model()
        return self._unfitted


def _fitted(packed: str) -> "Model":
    """Half a second of a thread, for the largest."""
    from app.learner.knowledge.fitted import Fitted
    from app.learner.knowledge.model import Model

    return Model(Fitted.unpack(base64.b64decode(packed)))
