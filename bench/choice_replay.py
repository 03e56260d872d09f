"""How soon the better of two models is asked, task by task: what is learned beside standard Thompson sampling.

    masterx bench choice_replay [--turns 2000] [--runs 3]

Two fake providers stand in one catalogue without strengths. One helps learners better in two tasks, the other in the
other two: after a turn the learner's next try is right without help with a chance of 0.75 where the better one
answered, else of 0.5. That is told by `POST /v1/turns/{id}/rewards`, some turns later, to the real service on SQLite,
which knows nothing else. `turns to 90 %` is when the better one was asked in 90 of 100 turns in a row for the first
time. Every run has its own learners, and its policies meet the same chances.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from app.settings import CONFIG
from bench.report import keep, table
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx
from tests.e2e.two import catalogue

_POLICIES = ("hybrid", "thompson", "fixed")
_TASKS = {"explanation": "first", "practice": "second", "planning": "first", "general": "second"}
_GOOD, _POOR = 0.75, 0.5
_LEARNERS = 200
_AT_ONCE = 8
_LATER = 30
"""Turns after which the reward of one is told, at the most."""

_WINDOW, _SHARE, _LAST = 100, 0.9, 500


@dataclass(frozen=True, slots=True)
class Told:
    """A reward that is told before a turn with that number."""

    before: int
    turn_id: str
    value: float


async def run(masterx: Masterx, turns: int, seed: int) -> list[bool]:
    """One replay: whether the better one answered, turn by turn."""
    chance, waiting, found = random.Random(seed), list[Told](), dict[int, bool]()
    sessions = [await masterx.session(f"learner-{n}") for n in range(_LEARNERS)]
    for at in range(0, turns, _AT_ONCE):
        lots = [
            (n, chance.choice([*_TASKS]), chance.random(), chance.randint(1, _LATER)) for n in range(at, at + _AT_ONCE)
        ]
        due = [one for one in waiting if one.before <= at]
        waiting = [one for one in waiting if one.before > at]
        await asyncio.gather(*(_tell(masterx, one) for one in due))
        asked = await asyncio.gather(*(_ask(masterx, sessions[n % _LEARNERS], task, n) for n, task, _, _ in lots))
        for (n, task, lot, later), turn in zip(lots, asked, strict=True):
            found[n] = turn["provider"] == _TASKS[task]
            waiting.append(Told(n + later, turn["id"], float(lot < (_GOOD if found[n] else _POOR))))
    return [found[n] for n in sorted(found)]


async def _ask(masterx: Masterx, session: str, task: str, n: int) -> dict[str, Any]:
    status, turn = await masterx.call(
        "POST", f"/v1/sessions/{session}/turns", {"message": f"Question {n}", "task": task}
    )
    assert status == 200, turn
    return turn


async def _tell(masterx: Masterx, told: Told) -> None:
    body = {"source": "independent", "value": told.value}
    status, answer = await masterx.call("POST", f"/v1/turns/{told.turn_id}/rewards", body)
    assert status == 201, answer


def turns_to(better: Sequence[bool]) -> int:
    """When the better one was asked in 90 of 100 turns in a row for the first time; all turns where never."""
    for end in range(_WINDOW, len(better) + 1):
        if mean(better[end - _WINDOW : end]) >= _SHARE:
            return end
    return len(better)


async def bench(turns: int, runs: int) -> None:
    """All policies over the same chances."""
    found: dict[str, list[list[bool]]] = {name: [] for name in _POLICIES}
    for seed in range(1, runs + 1):
        for name in _POLICIES:
            async with AsyncExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                found[name].append(await run(await _service(stack, folder, name), turns, seed))
                print(f"run {seed}, {name}: {_row(found[name][-1:])}", flush=True)
    rows = [(name, *_row(all_runs).values()) for name, all_runs in found.items()]
    title = f"{turns:,} turns, two models, four tasks, {runs} runs"
    table(title, ("policy", "better in the last 500", "better in all", "turns to 90 %"), rows)
    keep("choice_replay", {"turns": turns, "runs": runs, "rows": {name: _row(all_) for name, all_ in found.items()}})


def _row(runs: Sequence[Sequence[bool]]) -> dict[str, str]:
    return {
        "last": f"{mean(mean(one[-_LAST:]) for one in runs):.1%}",
        "all": f"{mean(mean(one) for one in runs):.1%}",
        "turns": f"{mean(turns_to(one) for one in runs):,.0f}",
    }


async def _service(stack: AsyncExitStack, folder: Path, name: str) -> Masterx:
    first = await stack.enter_async_context(MisbehavingProvider())
    second = await stack.enter_async_context(MisbehavingProvider())
    text, mode = (CONFIG / "policy.toml").read_text("utf-8"), 'mode = "learned"'
    assert mode in text
    assert 'by = "hybrid"' in text
    text = text.replace(mode, 'mode = "fixed"') if name == "fixed" else text.replace('by = "hybrid"', f'by = "{name}"')
    (folder / "policy.toml").write_text(text, "utf-8")
    settings = {
        "OPENAI_API_KEY": "k",
        "MASTERX_PROVIDERS": catalogue(folder, first, second, strengths=(0.5, 0.5)),
        "MASTERX_POLICY": str(folder / "policy.toml"),
        "MASTERX_STORE": f"sqlite:///{folder}/masterx.db",
    }
    return await stack.enter_async_context(Masterx(folder, settings))


def main(arguments: list[str]) -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(prog="masterx bench choice_replay", description=__doc__)
    parser.add_argument("--turns", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    asyncio.run(bench(options.turns, options.runs))
