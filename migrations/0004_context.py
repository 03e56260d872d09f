"""What the context engine keeps: pieces of indices, memories, summaries, courses with their material, the worth of layers."""

from app.storage.ports import COURSES, MATERIALS, SEGMENTS, SUMMARIES, TURNS, WORTH, Schema

NUMBER = 4
TITLE = "context"


async def up(schema: Schema) -> None:
    for kind in (TURNS, SEGMENTS, SUMMARIES, COURSES, MATERIALS, WORTH):
        await schema.create(kind)
