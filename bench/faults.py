"""The fault matrix: what a learner sees, and what falling over costs, for every way in which a provider misbehaves.

    masterx bench faults [--only FAULT,… | --only all] [--dialects openai,groq,gemini] [--turns 5]

Each fault × {JSON, stream} × {the faulty candidate is first of two, is the last one, is the last one with degraded mode
off} × dialect, against the real service on SQLite. Each turn with a faulty first candidate is asked beside one that the
healthy candidate answers alone; `added` is the difference of the medians, to the first word or to the answer in one
piece, where somebody else answered; `open` is that of streams after twelve more turns at once, when a breaker had
reason to open. Where the faulty candidate is last, the three before it answer 503. `cost` is in parts of what the
healthy candidate alone takes. Exit code 1 if anything was seen that `bench/fault_kinds.py` does not expect.
"""

import argparse
import asyncio
import logging
import tempfile
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from statistics import median
from typing import Any

from bench.fault_kinds import FAULTS, SIXTEEN, Fault, Outcome, Position, Strikes
from bench.fault_seen import Turn, turn
from bench.fault_world import DEADLINE, DIALECTS, LIMITS, World, world
from bench.report import keep, table

MEASURED = (Position.FIRST, Position.LAST, Position.OFF)
OPENING = 12
"""Turns at once that give a breaker reason to open: it judges after ten calls."""

SLOW_AT_ONCE = 3
_APART = 0.03
"""Seconds between the starts of lanes that wait side by side, so that their limits do not end at one moment."""


@dataclass(frozen=True)
class Cell:
    """The turns of one place of the matrix; `alone` are those that the healthy candidate answered beside them."""

    fault: Fault
    position: Position
    dialect: str
    stream: bool
    opened: bool
    turns: list[Turn]
    alone: list[Turn]

    def wrong(self) -> list[str]:
        """What was seen and not expected."""
        fine = self.fault.expected(self.position, self.stream)
        return [t.outcome for t in self.turns if t.outcome not in fine] + [
            f"healthy alone: {t.outcome}" for t in self.alone if t.outcome != Outcome.HEALTHY
        ]

    def added_ms(self) -> float | None:
        """What falling over added until the first word: difference of the medians. `None` where nobody fell over."""
        with_fault = _firsts(t for t in self.turns if t.outcome not in (Outcome.ITSELF, Outcome.BROKE_OFF))
        without = _firsts(self.alone)
        return median(with_fault) - median(without) if with_fault and without else None

    def cost(self) -> float | None:
        """What a turn cost, in parts of what the healthy candidate alone takes; `None` where it is not known."""
        costs = [t.cost for t in self.turns if t.cost is not None]
        alone = [t.cost for t in self.alone if t.cost]
        return median(costs) / median(alone) if len(costs) == len(self.turns) and alone else None

    def told(self) -> dict[str, Any]:
        """All of it, for a file."""
        attempts = Counter(" → ".join(t.attempts) for t in self.turns)
        firsts = _firsts(self.turns)
        return {
            "fault": self.fault.name,
            "position": self.position.name.lower(),
            "dialect": self.dialect,
            "mode": "stream" if self.stream else "json",
            "opened": self.opened,
            "turns": len(self.turns),
            "outcomes": Counter(t.outcome for t in self.turns),
            "expected": self.fault.expected(self.position, self.stream),
            "wrong": len(self.wrong()),
            "states": Counter(t.state for t in self.turns),
            "attempts": attempts,
            "requests_sent": Counter(t.sent for t in self.turns),
            "first_ms": round(median(firsts), 2) if firsts else None,
            "total_ms": round(median(t.total_ms for t in self.turns), 2),
            "alone_first_ms": round(median(_firsts(self.alone)), 2) if _firsts(self.alone) else None,
            "added_ms": None if (added := self.added_ms()) is None else round(added, 2),
            "cost_usd": median(costs) if (costs := [t.cost for t in self.turns if t.cost is not None]) else None,
            "cost_unknown": sum(t.cost is None for t in self.turns),
        }


def _firsts(turns: Iterable[Turn]) -> list[float]:
    return [t.first_ms for t in turns if t.first_ms is not None]


async def lane(of: World, position: Position, dialect: str, stream: bool, turns: int) -> Cell:
    """One place of the matrix, in a session of its own."""
    cell = Cell(of.fault, position, dialect, stream, False, [], [])
    await _ask(of, cell, turns)
    return cell


async def opened(of: World, dialect: str, turns: int) -> Cell:
    """The same place after many turns at once."""
    cell = Cell(of.fault, Position.FIRST, dialect, True, True, [], [])
    await asyncio.gather(
        *(_ask(of, Cell(of.fault, Position.FIRST, dialect, True, True, [], []), 1) for _ in range(OPENING))
    )
    await _ask(of, cell, turns)
    return cell


async def _ask(of: World, cell: Cell, turns: int) -> None:
    session = await of.services[cell.position].session()
    if cell.position is Position.FIRST:
        await turn(of, session, of.question(Position.SOUND, cell.dialect), cell.stream)  # connections, caches
    for _ in range(turns):
        if cell.position is Position.FIRST:
            cell.alone.append(await turn(of, session, of.question(Position.SOUND, cell.dialect), cell.stream))
        cell.turns.append(await turn(of, session, of.question(cell.position, cell.dialect), cell.stream))


async def lanes(work: Sequence[Coroutine[Any, Any, Cell]], together: bool) -> list[Cell]:
    """One lane after the other; side by side where all they do is wait."""

    async def later(n: int, one: Coroutine[Any, Any, Cell]) -> Cell:
        await asyncio.sleep(_APART * n)
        return await one

    if together:
        return await asyncio.gather(*(later(n, one) for n, one in enumerate(work)))
    return [await one for one in work]


async def fault_cells(of: World, dialects: Sequence[str], turns: int) -> list[Cell]:
    """All places of one fault: fresh ones first, then with a breaker that had reason to open."""
    fresh = [lane(of, p, d, s, turns) for p, d, s in product(MEASURED, dialects, (False, True))]
    found = await lanes(fresh, of.fault.slow)
    if of.fault.strikes is Strikes.NEVER:
        return found
    return found + await lanes([opened(of, d, turns) for d in dialects], of.fault.slow)


async def bench(options: argparse.Namespace) -> list[Cell]:
    """The whole matrix: slow faults a few at a time, the others one after the other."""
    names = {"": SIXTEEN, "all": tuple(FAULTS)}.get(options.only) or tuple(dict.fromkeys(options.only.split(",")))
    slow = [FAULTS[name] for name in names if FAULTS[name].slow]
    batches = [[FAULTS[name]] for name in names if not FAULTS[name].slow]
    batches += [slow[at : at + SLOW_AT_ONCE] for at in range(0, len(slow), SLOW_AT_ONCE)]
    found: dict[str, list[Cell]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for batch in batches:
            print(f"… {', '.join(fault.name for fault in batch)}", flush=True)
            found |= await _batch(batch, Path(folder), options)
    return list(chain.from_iterable(found[name] for name in names))


async def _batch(faults: Sequence[Fault], folder: Path, options: argparse.Namespace) -> dict[str, list[Cell]]:
    """Some faults side by side, once all their services have started."""
    async with AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(world(fault, folder, MEASURED)) for fault in faults]
        dialects = options.dialects.split(",")
        found = await asyncio.gather(*(fault_cells(of, dialects, options.turns) for of in worlds))
    return {fault.name: cells for fault, cells in zip(faults, found, strict=True)}


def show(cells: Sequence[Cell]) -> None:
    """The matrix, one row for each fault."""
    head = ["fault", "first", "last", "last, not degraded", "added ms: JSON", "stream", "open", "attempts", "cost"]
    names = dict.fromkeys(cell.fault.name for cell in cells)
    limits = f"first token within {LIMITS['first_token']:g} s, idle {LIMITS['idle']:g} s, deadline {DEADLINE:g} s"
    title = f"What the learner sees, and medians of what it costs; the worst of the dialects ({limits})"
    table(title, head, [_row([c for c in cells if c.fault.name == name]) for name in names])


def _row(cells: Sequence[Cell]) -> list[str]:
    fresh = [c for c in cells if not c.opened]
    ways = {p: [[c for c in fresh if (c.position, c.stream) == (p, s)] for s in (False, True)] for p in MEASURED}
    seen = [_both(*map(_seen, ways[position])) for position in MEASURED]
    first = ways[Position.FIRST]
    attempts = max((len(t.attempts) for t in chain.from_iterable(c.turns for c in chain(*first))), default=0)
    added = [_added(some) for some in (*first, [c for c in cells if c.opened])]
    return [cells[0].fault.name, *seen, *added, str(attempts), _both(*map(_cost, first))]


def _both(json: str, stream: str) -> str:
    return json if json == stream else f"{json}; stream: {stream}"


def _seen(cells: Sequence[Cell]) -> str:
    """What was seen: what was wrong if anything was."""
    wrong = Counter(words for cell in cells for words in cell.wrong())
    if wrong:
        total = sum(len(cell.turns) for cell in cells)
        return f"**{wrong.most_common(1)[0][0]}** ({wrong.total()}/{total})"
    return " or ".join(sorted({str(t.outcome) for cell in cells for t in cell.turns}))


def _added(cells: Sequence[Cell]) -> str:
    added = [ms for cell in cells if (ms := cell.added_ms()) is not None]
    return f"{max(added):+.1f}" if added else ""


def _cost(cells: Sequence[Cell]) -> str:
    costs = [cell.cost() for cell in cells]
    known = [cost for cost in costs if cost is not None]
    return f"×{max(known):.2f}" if len(known) == len(costs) else "unknown"


def judge(cells: Sequence[Cell]) -> int:
    """Says what was wrong, cell by cell; gives how many turns were."""
    wrong = [(cell, words) for cell in cells for words in cell.wrong()]
    for (name, position, mode, dialect, words), n in Counter(
        (c.fault.name, c.position.name.lower(), "stream" if c.stream else "JSON", c.dialect, words)
        for c, words in wrong
    ).items():
        print(f"NOT EXPECTED {name}, {position}, {mode}, {dialect}: {words} ({n} turns)")
    measured = sum(len(cell.turns) for cell in cells)
    in_vain = sum(
        t.outcome not in (Outcome.HEALTHY, Outcome.ITSELF)
        for c in cells
        if c.position is Position.FIRST and c.fault.when(c.stream) is not Strikes.AFTER
        for t in c.turns
    )
    hidden = sum(t.sent > len(t.attempts) for c in cells for t in c.turns)
    print(f"\n{measured:,} turns in {len(cells)} cells; {len(wrong)} not as expected;")
    print(f"{in_vain} errors seen by a learner before the first word while a healthy candidate was there;")
    print(f"{hidden} turns with more requests than recorded attempts")
    return len(wrong)


def _known(names: str) -> str:
    unknown = [name for name in names.split(",") if name not in FAULTS and names not in ("", "all")]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such fault: {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return names


def _spoken(names: str) -> str:
    if unknown := [name for name in names.split(",") if name not in DIALECTS]:
        raise argparse.ArgumentTypeError(f"no such dialect: {', '.join(unknown)}; there are {', '.join(DIALECTS)}")
    return names


def _some(number: str) -> int:
    if not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError("one turn at least")
    return int(number)


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench faults", description=__doc__)
    parser.add_argument("--only", default="", type=_known, help="faults, or `all` (five minutes); else sixteen")
    parser.add_argument("--dialects", default=",".join(DIALECTS), type=_spoken)
    parser.add_argument("--turns", type=_some, default=5, help="measured turns of each cell (default %(default)s)")
    options = parser.parse_args(arguments)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each write to a service that has hung up
    cells = asyncio.run(bench(options))
    show(cells)
    wrong = judge(cells)
    keep("faults", {"turns": options.turns, "wrong": wrong, "cells": [cell.told() for cell in cells]})
    if wrong:
        raise SystemExit(1)
