"""How much of the evidence for an answer the context holds at a budget, and what finding it costs.

Evidence is that of the LoCoMo dialogues, judged by the scorer that lies beside the repository; its own reference
systems are judged in the same run. `python eval_context.py --data … --system bench.context:make` judges this one alone.
The second table is of synthetic histories, made of shuffled turns of these dialogues. Run with
`python -m bench context`.
"""

import argparse
import contextlib
import importlib
import io
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from app.context.recall.index import Index
from app.context.recall.search import Question, search
from app.context.recall.select import select
from app.context.tokens import o200k
from app.vocabulary import Passage
from bench.prompted import Retrieved, Turned, passage
from bench.report import keep, skip, table

SHARED = Path(__file__).resolve().parents[2] / "shared"
BUDGETS = ("512", "1024", "2048", "4096", "40%")
SYSTEMS = {
    "last turns": "builtin:last",
    "SQLite FTS5": "builtin:fts5",
    "BM25": "builtin:bm25",
    "BM25 + neighbours": "builtin:bm25_ctx",
    "MasterX": "bench.context:make",
    "MasterX, all of a turn's prompt": "bench.context:turned",
}
SIZES = (600, 10_000, 100_000, 200_000)
_SESSION = 30
"""Turns of a session of a synthetic history."""
_ROOM = 2_048
_SEGMENT = 2_000


def make() -> Retrieved:
    """The system, for the scorer's `--system`: what a turn's prompt quotes."""
    return Retrieved()


def turned() -> Turned:
    """Whole prompts of turns by the shipped policy, for the scorer's `--system`."""
    return Turned()


def recall(scorer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """What the scorer finds of each system."""
    found = {}
    for name, spec in SYSTEMS.items():
        arguments = ["--data", str(SHARED / "data" / "locomo"), "--system", spec, "--budgets", ",".join(BUDGETS)]
        arguments += ["--haystack"] if options.haystack else []
        arguments += ["--limit", str(options.limit)] if options.limit else []
        with contextlib.redirect_stdout(io.StringIO()):
            found[name] = scorer.main(arguments)
        print(f"{name}: judged", file=sys.stderr, flush=True)
    return found


def _row(name: str, found: dict[str, Any]) -> list[str]:
    shares = [f"{found['budgets'][budget]['recall']:.1f}" for budget in BUDGETS]
    cuts = [f"{found['budgets'][budget]['cut']:.0f}" for budget in BUDGETS]
    took = found["budgets"]["1024"]
    over = sum(found["budgets"][budget]["over"] for budget in BUDGETS)
    return [name, *shares, "/".join(cuts), f"{took['p50_ms']:.1f} / {took['p99_ms']:.1f}", str(over)]


def history(size: int, turns: list[dict[str, Any]]) -> Iterator[Passage]:
    """A history of that many turns: those of all dialogues, shuffled anew each time they are used up."""
    chance, began = random.Random(size), datetime(2020, 1, 1, tzinfo=UTC)
    for n in range(size):
        if n % len(turns) == 0:
            order = chance.sample(turns, len(turns))
        session, place = divmod(n, _SESSION)
        at = began + timedelta(hours=6 * session, seconds=40 * place)
        yield passage(place, {**order[n % len(turns)], "id": f"{n}", "session": session, "at": at.isoformat()})


def scale(size: int, turns: list[dict[str, Any]], questions: list[str]) -> dict[str, Any]:
    """Milliseconds of this thread for adding to, asking and loading a history of a size."""
    tokens, index, asks = o200k(), Index(), []
    said = list(history(size, turns))
    adds = [_ms(partial(index.add, one)) for one in said]
    for n, question in enumerate(questions):
        index.add(Passage(f"new {n}", "new", n, said[-1].at, "learner", question))  # as in a turn, which adds first
        asked = Question(question, said[-1].at)
        asks.append(_ms(lambda asked=asked: select(search(index, asked), _ROOM, tokens)))
    segments = [index.pack([p.id for p in said[at : at + _SEGMENT]]) for at in range(0, size, _SEGMENT)]
    loaded = Index()
    load = _ms(lambda: [loaded.unpack(segment) for segment in segments])
    return {
        "turns": size,
        "ask p50": statistics.median(asks),
        "ask p99": _p99(asks),
        "add p50": statistics.median(adds),
        "add p99": _p99(adds),
        "load": load,
        "stored MB": sum(map(len, segments)) / 1e6,
        "memory MB": index.footprint / 1e6,
    }


def _ms(act: Callable[[], object]) -> float:
    began = time.thread_time_ns()
    act()
    return (time.thread_time_ns() - began) / 1e6


def _p99(took: list[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * 0.99))]


def main(arguments: list[str]) -> None:
    """Measures, prints both tables and writes the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench context", description=__doc__)
    parser.add_argument("--haystack", action="store_true", help="all dialogues as one history")
    parser.add_argument("--limit", type=int, help="questions of each dialogue")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="turns of the synthetic histories")
    options = parser.parse_args(arguments)
    if not (SHARED / "eval" / "eval_context.py").exists() or not (SHARED / "data" / "locomo").exists():
        skip(f"the scorer and the LoCoMo dialogues are not in {SHARED.name}/ beside the repository")
    sys.path.insert(0, str(SHARED / "eval"))
    scorer = importlib.import_module("eval_context")
    judged = recall(scorer, options)
    head = ["evidence recall, %", *BUDGETS, "tokens cut, %", "ms p50 / p99 at 1024", "over"]
    title = "Evidence in the context by budget of tokens" + (", all dialogues as one history" * options.haystack)
    table(title, head, [_row(name, each) for name, each in judged.items()])
    data = scorer.load(str(SHARED / "data" / "locomo"))
    turns = [turn for conversation, _ in data for turn in conversation["turns"]]
    asked = random.Random(0).sample([one["question"] for _, questions in data for one in questions], 200)
    sizes = [scale(size, turns, asked) for size in options.sizes]
    if sizes:
        rows = [[f"{each['turns']:,}", *(f"{value:.2f}" for value in list(each.values())[1:])] for each in sizes]
        table(f"Milliseconds of one thread; search and selection into {_ROOM} tokens", list(sizes[0]), rows)
    keep("context", {"options": vars(options), "recall": judged, "scale": sizes})
