"""What messages are heard with, loaded before the first one comes."""

import asyncio
from typing import TYPE_CHECKING

from app.learner.hearing import Hearing
from app.learner.reader import Reader
from app.learner.safety.danger import danger
from app.policy import Policy

if TYPE_CHECKING:
    from app.learner.affect.model import Model


def hearing(reader: Reader) -> Hearing:
    """What hears messages; the model of affect is loaded where a workspace wants it."""
    return Hearing(_model, reader.read)


async def load(policy: Policy) -> None:
    """Loads what the first message would wait for."""
    await asyncio.to_thread(danger, "")
    if any(workspace.affect for workspace in policy.workspaces.values()):
        await asyncio.to_thread(_model)


def _model() -> "Model":
    from app.learner.affect.model import shipped  # it needs NumPy, which takes a quarter of a second

    return shipped()
