"""The command line: `masterx COMMAND`, of which `masterx --help` tells all."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from app import __version__, keyring
from app.bootstrap import bring_up_to_date, records_of, store_of
from app.clock import SystemClock
from app.doctor.findings import Finding, refused
from app.errors import MasterxError, SettingsError
from app.judging import options as judging_options
from app.logs import configure
from app.replay import options
from app.settings import Settings, load
from app.storage.migrate import migrate
from app.train import options as train_options

Command = Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when it did what it was asked, 2 when a setting or argument is wrong, 1 otherwise."""
    asked = _parser().parse_args(arguments)
    command: Command = asked.command
    try:
        settings = load()
    except SettingsError as error:
        if command is _doctor:
            return _diagnosis([_told(refused(error), asked)], asked)
        print(f"masterx: {error}", file=sys.stderr)
        return 2
    try:
        configure(settings.log)
        return command(settings, asked)
    except SettingsError as error:
        print(f"masterx: {error}", file=sys.stderr)
        return 2
    except MasterxError as error:
        print(f"masterx: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _serve(settings: Settings, asked: argparse.Namespace) -> int:
    from app.api.banner import banner  # with NumPy and FastAPI, which take most of a second
    from app.api.server import Address, Serving, serve
    from app.bootstrap.service import Service

    if asked.workers != 1:
        raise SettingsError(
            f"--workers {asked.workers}: one process serves all its cores can take; run more replicas on MongoDB and "
            "Redis instead, so that each has its own /metrics"
        )
    listener = Address(asked.host, asked.port, asked.fd).listen()
    host, port = listener.getsockname()[:2]
    # Every address of this machine is none that a browser can open.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is not listened on here
    shown = f"[{host}]" if ":" in host else host

    def ready(service: Service) -> None:
        print(banner(settings, service, f"http://{shown}:{port}"), flush=True)

    serve(settings, listener, Serving(asked.grace, asked.ping, ready))
    return 0


def _migrate(settings: Settings, asked: argparse.Namespace) -> int:
    async def run() -> int:
        clock = SystemClock()
        async with store_of(settings) as (_, schema):
            steps = await migrate(schema, clock, clock.id(), dry_run=asked.dry_run)
        for step in steps:
            print(f"{'would apply' if asked.dry_run else 'applied'} {step.number:04d} {step.title}")
        if not steps:
            print("nothing to do: the store is at the newest schema")
        return 0

    return asyncio.run(run())


def _doctor(settings: Settings, asked: argparse.Namespace) -> int:
    from app.doctor.examine import Patient, examine

    def looking(what: str) -> None:
        if not asked.json and sys.stderr.isatty():
            print(f"\r\x1b[K{what and f'… {what}'}", end="", file=sys.stderr, flush=True)

    async def run() -> list[Finding]:
        found = []
        async for finding in examine(Patient(settings, SystemClock(), asked.host, asked.port), looking):
            looking("")
            found.append(_told(finding, asked))
        looking("")
        return found

    return _diagnosis(asyncio.run(run()), asked)


def _told(finding: Finding, asked: argparse.Namespace) -> Finding:
    if not asked.json:
        print(finding.line(), flush=True)
    return finding


def _diagnosis(found: list[Finding], asked: argparse.Namespace) -> int:
    problems = sum(finding.verdict == "problem" for finding in found)
    if asked.json:
        print(orjson.dumps({"problems": problems, "findings": found}).decode())
    else:
        print(f"\n{problems} problem(s)" if problems else "\nall well")
    return 1 if problems else 0


def _replay(settings: Settings, asked: argparse.Namespace) -> int:
    from app.replay import replay, report, table

    def say(note: str) -> None:
        print(note, file=sys.stderr, flush=True)

    around = replay.Surroundings(settings, SystemClock(), say)
    found = replay.replay(options.Options.of(asked), around)
    print(orjson.dumps(found).decode() if asked.json else f"\n{table.table(found)}")
    if found["stopped"] == replay.INTERRUPTED:
        return 130
    return 0 if report.good(found) else 1


def _rebuild(settings: Settings, asked: argparse.Namespace) -> int:
    from app.rebuild import rebuild  # with NumPy

    return rebuild(settings)


def _export(settings: Settings, asked: argparse.Namespace) -> int:
    from app.transfer import export

    print(export(settings, asked.file))
    return 0


def _import(settings: Settings, asked: argparse.Namespace) -> int:
    from app.transfer import take

    print(take(settings, asked.file, replace=asked.replace))
    return 0


def _train(settings: Settings, asked: argparse.Namespace) -> int:
    from app.train.train import train  # with NumPy

    return train(settings, asked)


def _evaluate(settings: Settings, asked: argparse.Namespace) -> int:
    from app.judging.judging import evaluate  # with NumPy

    return evaluate(settings, asked)


def _bench(settings: Settings, asked: argparse.Namespace) -> int:
    try:
        from bench.__main__ import main as bench
    except ImportError as error:
        raise SettingsError(f"bench: not part of what is installed here ({error}); run it in a checkout") from error
    return bench(asked.rest)


def _weights(settings: Settings, asked: argparse.Namespace) -> int:
    from app import weights

    async def run() -> int:
        async with store_of(settings) as (store, schema):
            await bring_up_to_date(settings, schema, SystemClock())
            judged = await weights.judged(records_of(store, SystemClock()), settings.policy)
        print(weights.table(judged))
        if asked.write:
            print(f"\n{weights.write(judged, settings.policy, asked.write)}")
        return 0

    return asyncio.run(run())


def _adopt(settings: Settings, asked: argparse.Namespace) -> int:
    from app import adopting  # with NumPy

    async def run() -> int:
        clock = SystemClock()
        async with store_of(settings) as (store, schema):
            await bring_up_to_date(settings, schema, clock)
            found = await adopting.judged(store, settings.policy, (asked.workspace, asked.experiment), clock)
        print(adopting.told(found))
        if asked.write:
            print(f"\n{adopting.write(found, settings.policy, asked.write)}")
        return 0

    return asyncio.run(run())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="masterx", description="A tutoring backend.")
    parser.add_argument("--version", action="version", version=f"masterx {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _serve_parser(commands.add_parser("serve", help="run the service"))
    migrating = commands.add_parser("migrate", help="bring the store to the newest schema")
    migrating.add_argument("--dry-run", action="store_true", help="only say what would be done")
    migrating.set_defaults(command=_migrate)
    benching = commands.add_parser("bench", help="measure; needs the development dependencies", add_help=False)
    benching.add_argument("rest", nargs=argparse.REMAINDER)
    benching.set_defaults(command=_bench)
    _doctor_parser(commands.add_parser("doctor", help="look at all that the service needs; say what to do"))
    replaying = commands.add_parser("replay", help="play recorded dialogues through a service and say what it did")
    options.arguments(replaying)
    replaying.set_defaults(command=_replay)
    rebuilding = commands.add_parser("rebuild", help="derive what was learned from the log again; the service may run")
    rebuilding.set_defaults(command=_rebuild)
    exporting = commands.add_parser("export", help="write what was learned to a file")
    importing = commands.add_parser("import", help="begin with what was learned elsewhere")
    for moving, command in ((exporting, _export), (importing, _import)):
        moving.add_argument("file", type=Path, metavar="FILE")
        moving.set_defaults(command=command)
    importing.add_argument(
        "--replace", action="store_true", help="put it in the place of what the store has, and of earlier imports"
    )
    training = commands.add_parser("train", help="fit the model of knowledge on graded answers")
    train_options.arguments(training)
    training.set_defaults(command=_train)
    evaluating = commands.add_parser("evaluate", help="judge a policy by the decision log, before a learner sees it")
    judging_options.arguments(evaluating).set_defaults(command=_evaluate)
    weighing = commands.add_parser("weights", help="say what layers of context are worth, and the weights that follow")
    weighing.add_argument("--write", type=Path, metavar="FILE", help="write the next policy, with these weights")
    weighing.set_defaults(command=_weights)
    taking = commands.add_parser("adopt", help="say what follows from an experiment, and for the policy's tables")
    taking.add_argument("experiment", metavar="EXPERIMENT", help="its id")
    taking.add_argument("--workspace", default="default", help="(default %(default)s)")
    taking.add_argument("--write", type=Path, metavar="FILE", help="write the next policy, with the arm that won")
    taking.set_defaults(command=_adopt)
    keyring.arguments(commands.add_parser("keys", help="create, list and revoke API keys"))
    return parser


def _serve_parser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port, 0 for any free one (default %(default)s)")
    parser.add_argument("--fd", type=int, help="serve on this inherited listening socket instead")
    parser.add_argument("--workers", type=int, default=1, help="must be 1: run replicas instead")
    parser.add_argument(
        "--grace",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="for turns to finish after SIGTERM (default %(default)s)",
    )
    parser.add_argument(
        "--ping",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="between pings on a WebSocket, and for the answer to one (default %(default)s)",
    )
    parser.set_defaults(command=_serve)


def _doctor_parser(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_doctor)
    parser.description = (
        "Looks at settings, policy, catalogue, store, cache, port, file limits and clock, asks every provider that has "
        "a key for one word (which costs a fraction of a cent), and says of each problem what to do about it. "
        "Changes nothing. Exits with 1 if there is a problem."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address that the service is to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port that it is to listen on (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON, for programs")
