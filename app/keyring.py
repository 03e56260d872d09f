"""`masterx keys`: creates, lists and revokes API keys."""

import argparse
import asyncio
import sys

from app.bootstrap import bring_up_to_date, records_of, store_of
from app.clock import SystemClock
from app.errors import NotFound, SettingsError
from app.settings import Settings
from app.storage.keys import Grant, Keys
from app.vocabulary import Permission


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may be said after `masterx keys`."""
    parser.set_defaults(command=run)
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    create = actions.add_parser("create", help="make a key; it is printed this once")
    create.add_argument("--role", required=True, choices=[role.value for role in Permission])
    create.add_argument("--workspace", default="default", help="(default %(default)s)")
    create.add_argument("--learner", help="the learner of a learner's key")
    actions.add_parser("list", help="show all keys, never their secrets")
    actions.add_parser("revoke", help="end a key").add_argument("id", metavar="ID")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Does what was asked; raises `SettingsError` where that makes no sense."""

    async def act() -> int:
        clock = SystemClock()
        async with store_of(settings) as (store, schema):
            await bring_up_to_date(settings, schema, clock)
            action = {"create": _create_key, "list": _list_keys, "revoke": _revoke_key}[asked.action]
            await action(records_of(store, clock).keys, asked)
        return 0

    return asyncio.run(act())


async def _create_key(keys: Keys, asked: argparse.Namespace) -> None:
    role = Permission(asked.role)
    if (role is Permission.LEARNER) != bool(asked.learner):
        raise SettingsError("--learner names the learner of a key with --role learner, and only of such a key")
    key, secret = await keys.create(Grant(role, asked.workspace, asked.learner))
    print(f"{secret}\n", flush=True)
    print(f"key {key.id}: role {key.role}, workspace {key.workspace}. It is shown this once.", file=sys.stderr)


async def _list_keys(keys: Keys, asked: argparse.Namespace) -> None:
    for key in await keys.all():
        state = f"revoked {key.revoked_at}" if key.revoked_at else "active"
        print(f"{key.id}  {key.role:8}  {key.workspace}  {key.learner_id or '-'}  {key.created_at}  {state}")


async def _revoke_key(keys: Keys, asked: argparse.Namespace) -> None:
    try:
        await keys.revoke(asked.id)
    except NotFound as error:
        raise SettingsError(f"keys revoke {asked.id}: there is no such key; `masterx keys list` shows them") from error
    print(f"revoked {asked.id}")
