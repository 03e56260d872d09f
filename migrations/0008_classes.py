"""Sessions and answers of a workspace in the order in which they came."""

from app.storage.ports import ANSWERS, SESSIONS, Schema

NUMBER = 8
TITLE = "classes"


async def up(schema: Schema) -> None:
    for kind in (SESSIONS, ANSWERS):
        await schema.create(kind)
