"""Questions that wait for a model."""

from app.storage.ports import QUESTIONS, Schema

NUMBER = 3
TITLE = "questions"


async def up(schema: Schema) -> None:
    await schema.create(QUESTIONS)
