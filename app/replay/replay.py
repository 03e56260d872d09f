"""One replay from end to end: read, play, read back, report."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from app.clock import Clock
from app.errors import ReplayError
from app.replay.client import Client
from app.replay.embedded import Choice, chosen, embedded
from app.replay.options import Options
from app.replay.player import Listener, Manner, Played, Player
from app.replay.progress import Progress
from app.replay.recording import Recording, index
from app.replay.report import Circumstances, Tally, report
from app.replay.sources import found
from app.settings import Settings, masked

INTERRUPTED = "interrupted"
"""Why a replay ended that was stopped by a signal."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a replay works with: settings, time, and where to say what is worth knowing before it begins."""

    settings: Settings
    clock: Clock
    say: Callable[[str], None]


def replay(options: Options, around: Surroundings) -> dict[str, Any]:
    """Plays a recording and gives the report. Raises `ReplayError` when nothing can be played."""
    with TemporaryDirectory(prefix="masterx-replay-") as folder:
        recording = _read(options, Path(folder), around.say)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_play(options, recording, around, Path(folder)))


def _read(options: Options, scratch: Path, say: Callable[[str], None]) -> Recording:
    files = found(options.file, scratch)
    if files.passed_over:
        say(f"not played: {', '.join(files.passed_over)} (recordings end with .jsonl, .ndjson or .json)")
    recording = index(files.sources, options.limit)
    if recording.bad:
        more = f"\n  and {recording.bad - len(recording.complaints):,} more"
        named = "\n  ".join(recording.complaints) + (more if recording.bad > len(recording.complaints) else "")
        if not options.skip_bad:
            raise ReplayError(f"{options.file}: nothing was played, --skip-bad leaves these lines out:\n  {named}")
        say(f"left out, they cannot be played:\n  {named}")
    if recording.unknown:
        say(f"fields that are not looked at: {', '.join(sorted(recording.unknown))}")
    if not recording.turns:
        raise ReplayError(f"{options.file}: there is no dialogue in it")
    return recording


async def _play(options: Options, recording: Recording, around: Surroundings, scratch: Path) -> dict[str, Any]:
    tally, clock = Tally(), around.clock
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(_service(options, around, scratch))
        asked = await client.providers()
        around.say(f"playing {recording.turns:,} turns through {client.url}, answered by {', '.join(asked)}")
        progress = Progress(recording.turns, sys.stderr, clock.monotonic, quiet=options.quiet)
        manner = Manner(options.concurrency, options.stream, clock.id())

        def heard(played: Played) -> None:
            tally.add(played)
            progress.step(failed=played.turn is None)

        player = Player(client, manner, Listener(heard, tally.end))
        before, started = await client.lookups(), clock.monotonic()
        await _interruptible(player, recording)
        seconds = clock.monotonic() - started
        progress.end()
        lookups = {name: count - before.get(name, 0.0) for name, count in (await _lookups(client)).items()}
    where = options.url or "embedded"
    return report(tally, Circumstances(where, asked, recording.turns, recording.bad, seconds, player.stopped, lookups))


@asynccontextmanager
async def _service(options: Options, around: Surroundings, scratch: Path) -> AsyncIterator[Client]:
    async with AsyncExitStack() as stack:
        url = options.url
        if url is None:
            settings = chosen(around.settings, Choice(options.keep, options.providers), scratch)
            url = await stack.enter_async_context(embedded(settings))
            around.say(f"a service of its own, {_kept_where(options, settings)}")
        yield await stack.enter_async_context(Client.of(url, options.key))


def _kept_where(options: Options, settings: Settings) -> str:
    return f"on the store {masked(settings.store)}" if options.keep else "on a store that is removed afterwards"


async def _lookups(client: Client) -> dict[str, float]:
    try:
        return await client.lookups()
    except ReplayError:
        return {}  # it went away during the replay, which the report says anyway


async def _interruptible(player: Player, recording: Recording) -> None:
    """The first signal lets turns under way end; the second one leaves them."""
    loop, playing = asyncio.get_running_loop(), asyncio.create_task(player.play(recording))

    def interrupt() -> None:
        if player.stopped == INTERRUPTED:
            playing.cancel()
        player.stop(INTERRUPTED)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        await asyncio.wait({playing})
        if not playing.cancelled():
            playing.result()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
