"""What `masterx replay` can be asked for."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.errors import SettingsError

_EPILOG = """\
a recording has one JSON object a line; session, subject, goal, task and at may be left out:

  {"learner_id": "ada", "message": "How do I solve 3x + 5 = 20?", "session": "monday", "subject": "algebra"}
  {"learner_id": "ada", "message": "I get x = 5", "session": "monday"}

Lines with the same learner_id and session are one dialogue and are played in their order as one new session; dialogues
are played side by side. Files of the LoCoMo data set (conv-*.json) are played too, each as one dialogue.

examples:
  masterx replay talk.jsonl                                   in a service of its own that is gone afterwards
  masterx replay recordings/ --limit 20                       the first 20 turns of each dialogue of a folder
  masterx replay talk.jsonl --url http://127.0.0.1:8000       through a service that runs (this adds sessions to it)
  masterx replay talk.jsonl --providers                       asks your model providers: that may cost money

Every turn is read back at the end. The exit code is 0 when all of them were answered and kept, 1 when not,
2 when an option or setting is wrong, 130 after Ctrl-C (which ends the replay with a report of what was played).
"""


@dataclass(frozen=True, slots=True)
class Options:
    """One replay: what to play, where and how."""

    file: str
    url: str | None
    key: str | None
    keep: bool
    providers: bool
    concurrency: int
    limit: int | None
    stream: bool
    skip_bad: bool
    quiet: bool

    @classmethod
    def of(cls, asked: argparse.Namespace) -> "Options":
        """The arguments as options; `SettingsError` where two contradict each other or a key cannot be read."""
        if asked.url and (asked.keep or asked.providers):
            word = "--keep" if asked.keep else "--providers"
            raise SettingsError(f"{word} is about the embedded service; with --url a service is there already")
        return cls(
            file=asked.file,
            url=asked.url,
            key=_key(asked.key_file) if asked.key_file else None,
            keep=asked.keep,
            providers=asked.providers,
            concurrency=asked.concurrency,
            limit=asked.limit,
            stream=asked.stream,
            skip_bad=asked.skip_bad,
            quiet=asked.json,
        )


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command to argparse."""
    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, _EPILOG
    parser.description = (
        "Plays recorded dialogues through MasterX, turn by turn over HTTP, and says what the context\n"
        "engine, the cache and the router did with them."
    )
    parser.add_argument("file", metavar="FILE", help="a recording, a folder of them, or - for standard input")
    where = parser.add_argument_group("where to play it")
    where.add_argument("--url", help="a running service; without it one is started for the replay")
    where.add_argument("--key-file", metavar="PATH", help="a file with the API key that the service wants")
    where.add_argument("--keep", action="store_true", help="use the configured store and cache, not temporary ones")
    where.add_argument(
        "--providers", action="store_true", help="ask the configured model providers, not the offline tutor"
    )
    how = parser.add_argument_group("how to play it")
    how.add_argument(
        "--concurrency", type=_from(1), default=8, metavar="N", help="dialogues at once (default %(default)s)"
    )
    how.add_argument("--limit", type=_from(1), metavar="N", help="play no more than N turns of each dialogue")
    how.add_argument("--stream", action="store_true", help="have the answers streamed")
    how.add_argument("--skip-bad", action="store_true", help="leave lines out that cannot be played")
    how.add_argument("--json", action="store_true", help="print the report as JSON, for programs")


def _from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return number


def _key(path: str) -> str:
    try:
        key = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise SettingsError(f"--key-file {path}: cannot be read: {why}") from error
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(f"--key-file {path}: holds no API key; allowed is one line such as mx_…")
    return key
