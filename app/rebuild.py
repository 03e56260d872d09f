"""`masterx rebuild`: all that was learned is derived from the logs again; the service may run."""

import asyncio
import sys

from app.bootstrap import bring_up_to_date, learning_of, store_of
from app.bootstrap.choosing import choosing_of, keeping_of
from app.bootstrap.experiments import noted_again
from app.bootstrap.teaching import helping_of
from app.clock import SystemClock
from app.policy import load
from app.replay.progress import Progress
from app.settings import Settings
from app.storage.memory import MemoryCache
from app.storage.ports import Store
from app.storage.rollups import Rollups


def rebuild(settings: Settings) -> int:
    """Runs the command; 1 where counts of a workspace could not be kept up with."""
    left = asyncio.run(_rebuild(settings))
    for workspace in sorted({*left}):
        print(f"masterx: the counts of workspace {workspace} are as they were: answers kept coming", file=sys.stderr)
    return 1 if left else 0


async def _rebuild(settings: Settings) -> list[str]:
    clock = SystemClock()
    async with store_of(settings) as (store, schema):
        await bring_up_to_date(settings, schema, clock)
        left, everyone = await _of_learners(store, clock)
        policy = load(settings.policy)
        choosing = choosing_of(policy, await Rollups(store).key())
        rewards = await keeping_of(choosing, store, MemoryCache(clock), clock).rebuild()
        print(f"{rewards:,} rewards: what was learned of choices is derived again")
        seats = await noted_again(store, policy, clock, everyone)
        print(f"{seats:,} participants of experiments: what came of them is derived again")
        return left


async def _of_learners(store: Store, clock: SystemClock) -> tuple[list[str], list[tuple[str, str]]]:
    rebuilding = learning_of(store, clock).rebuilding
    everyone = await rebuilding.everyone()
    progress = Progress(len(everyone), sys.stderr, clock.monotonic, of="learners")
    left = await rebuilding.run(everyone, lambda: progress.step(failed=False))
    progress.end()
    helping = helping_of(store)
    left += [one for one in sorted({workspace for workspace, _ in everyone}) if not await helping.rebuild(one)]
    print(f"{len(everyone):,} learners: what was learned of them is derived again")
    return left, everyone
