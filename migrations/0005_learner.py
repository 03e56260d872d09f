"""What the learner model keeps: answers and corrections, what was learned from them, models that were fitted."""

from app.storage.ports import ANSWERS, CORRECTIONS, LEARNED, MODELS, Schema

NUMBER = 5
TITLE = "learner"


async def up(schema: Schema) -> None:
    for kind in (ANSWERS, CORRECTIONS, LEARNED, MODELS):
        await schema.create(kind)
