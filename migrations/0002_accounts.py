"""Budgets: accounts of money by day."""

from app.storage.ports import ACCOUNTS, Schema

NUMBER = 2
TITLE = "accounts"


async def up(schema: Schema) -> None:
    await schema.create(ACCOUNTS)
