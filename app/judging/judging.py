"""Judges a candidate by the decision log, for an operator."""

import argparse
import asyncio

import orjson

from app.bootstrap import bring_up_to_date, store_of
from app.clock import SystemClock
from app.errors import SettingsError
from app.judging.table import table
from app.judging.verdicts import Verdict, verdicts
from app.policy import load
from app.settings import Settings


def evaluate(settings: Settings, asked: argparse.Namespace) -> int:
    """Runs the command; 0 where something could be told of some choice."""
    found = asyncio.run(_evaluate(settings, asked))
    shown = orjson.dumps([_told(one) for one in found]).decode() if asked.json else table(found)
    print(shown)
    return 0 if any(one.judged.estimates for one in found) else 1


def _told(one: Verdict) -> dict[str, object]:
    return {"choice": one.choice, **vars(one.judged), "gaps": dict(one.gaps)}


async def _evaluate(settings: Settings, asked: argparse.Namespace) -> list[Verdict]:
    try:
        policy = load(asked.policy)
    except SettingsError as error:
        raise SettingsError(str(error).replace("MASTERX_POLICY", "evaluate")) from error
    async with store_of(settings) as (store, schema):
        await bring_up_to_date(settings, schema, SystemClock())
        return await verdicts(store, policy, asked.workspace)
