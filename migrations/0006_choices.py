"""What choices are learned from, what was learned, and experiments."""

from app.storage.ports import ARMS, EXPERIMENTS, INTERVENTIONS, PARTICIPANTS, REWARDS, Schema

NUMBER = 6
TITLE = "choices"


async def up(schema: Schema) -> None:
    for kind in (REWARDS, INTERVENTIONS, EXPERIMENTS, PARTICIPANTS, ARMS):
        await schema.create(kind)
