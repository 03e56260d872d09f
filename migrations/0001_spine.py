"""The kinds of the first schema. A step says all it needs in `Schema` calls and may be run twice."""

from app.storage.ports import FEEDBACK, INSTANCES, KEYS, LEARNERS, SESSIONS, TURNS, Schema

NUMBER = 1
TITLE = "sessions, learners, turns, feedback, keys, instances"


async def up(schema: Schema) -> None:
    for kind in (SESSIONS, LEARNERS, TURNS, FEEDBACK, KEYS, INSTANCES):
        await schema.create(kind)
