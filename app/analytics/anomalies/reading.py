"""Minutes of sums out of the cells that series count in."""

from collections import defaultdict

from app.analytics.anomalies.minute import ALL, Label, Minute
from app.analytics.series.cell import OTHER, Cell, Key
from app.analytics.series.slices import Slice

_OF_TURNS = {
    "turns": "turns",
    "turns.failed": "failures",
    "turns.degraded": "degraded",
    "cost": "cost_usd",
    "tokens.input": "tokens.input",
    "feedback": "feedback",
    "feedback.helpful": "helpful",
    "store.ms": "store.ms",
    "store.checks": "store.checks",
}
_OF_TASK = {"turns": "count", "turns.failed": "failures"}
_OF_CALLS = {"calls": "calls", "calls.failed": "errors", "cost": "cost_usd", "tokens.input": "tokens.input"}
_OUTCOMES = ("busy", "down", "timeout", "credential")


def minute_of(start: int, cells: Slice) -> Minute:
    """The minute that began then (seconds since the epoch)."""
    sums: defaultdict[tuple[str, Label], float] = defaultdict(float)
    for key, cell in cells.items():
        amounts = _amounts(key, cell)
        for label in _labels(key):
            for name, amount in amounts.items():
                if key.kind != "model" or label != ALL or name.startswith("calls"):  # the rest is there already
                    sums[name, label] += amount
    return Minute(start // 60, dict(sums))


def _labels(key: Key) -> list[Label]:
    """Whom a cell is about: calls count for their provider, their model and everything."""
    names = ["other" if name == OTHER else name for name in key.names]
    if key.workspace is not None:
        return [] if key.kind else [("workspace", "other" if key.workspace == OTHER else key.workspace)]
    match key.kind:
        case "":
            return [ALL]
        case "task":
            return [("task", names[0])]
        case "model":
            return [("provider", names[0]), ("model", "/".join(names)), ALL]
        case _:
            return []


def _amounts(key: Key, cell: Cell) -> dict[str, float]:
    sums = cell.sums
    if key.kind == "model":
        found = {name: sums[its] for name, its in _OF_CALLS.items() if its in sums}
        found |= {f"calls.{what}": sums[f"errors.{what}"] for what in _OUTCOMES if f"errors.{what}" in sums}
        found |= _spent(cell, "ms", "calls.ms") | _spent(cell, "first_token_ms", "calls.first_ms")
        if "first_token_ms" in cell.sketches:
            found["calls.first"] = float(cell.sketches["first_token_ms"].count)
        return found
    names = _OF_TASK if key.kind == "task" else _OF_TURNS
    found = {name: sums[its] for name, its in names.items() if its in sums}
    return found | _spent(cell, "total_ms", "turns.ms") | _spent(cell, "overhead_ms", "turns.overhead_ms")


def _spent(cell: Cell, sketch: str, name: str) -> dict[str, float]:
    return {name: cell.sketches[sketch].total} if sketch in cell.sketches else {}
