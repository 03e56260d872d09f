"""Figures that survive a restart, and alerts."""

from app.storage.ports import ALERTS, ROLLUPS, Schema

NUMBER = 7
TITLE = "live"


async def up(schema: Schema) -> None:
    for kind in (ROLLUPS, ALERTS):
        await schema.create(kind)
