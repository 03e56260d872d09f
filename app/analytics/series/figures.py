"""What `GET /v1/metrics` and the live channel `metrics` tell of a window, out of its cells."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.analytics.series.cell import OTHER, Cell, Key
from app.clock import iso
from app.stats.sketch import Sketch

_SHARES = (0.5, 0.9, 0.95, 0.99)
_TOKENS = ("input", "cached", "output")
_LATENCIES = ("first_token_ms", "total_ms", "overhead_ms", "context_ms")


@dataclass(frozen=True, slots=True)
class Window:
    """What was counted in a stretch of time, in seconds since the epoch."""

    name: str
    since: float
    until: float
    workspace: str | None = None
    cells: dict[Key, Cell] = field(default_factory=dict)

    @property
    def whole(self) -> Cell:
        """Everything."""
        return self.cells.get(Key(self.workspace)) or Cell()

    def of(self, kind: str) -> list[tuple[tuple[str, ...], Cell]]:
        """The cells of a kind by their names, the others last."""
        found = [(key.names, cell) for key, cell in self.cells.items() if key.kind == kind]
        return sorted(found, key=lambda one: (OTHER in one[0], one[0]))


def figures(window: Window) -> dict[str, Any]:
    """The figures of a window; unknown is left out or null."""
    cell, seconds = window.whole, window.until - window.since
    found = {
        "window": window.name,
        "workspace": window.workspace,
        "from": iso(window.since),
        "to": iso(window.until),
        "turns": _turns(cell, seconds),
        "latency": _known({name: quantiles(cell.sketches.get(name)) for name in _LATENCIES}),
        "tokens": {name: int(cell.sums[f"tokens.{name}"]) for name in _TOKENS if f"tokens.{name}" in cell.sums},
        "cost_usd": _money(cell.sum("cost_usd")),
        "providers": [_provider(names, one) for names, one in window.of("model")],
        "tasks": [_task(names, one) for names, one in window.of("task")],
        "context": _context(cell),
        "cache": _cache(cell),
        "affect": {label: int(count) for label, count in _named(cell, "affect.")},
        "mastery": _mastery(cell),
        "engagement": _engagement(cell),
        "experiments": [_arm(names, one) for names, one in window.of("experiment")],
        "safety": {"flagged": int(cell.sums.get("flagged", 0))},
        "http": _http(cell, seconds),
    }
    return _known(found)


def quantiles(sketch: Sketch | None) -> dict[str, Any] | None:
    """The count and the quantiles of a sketch, to a relative 1 %."""
    if not sketch:
        return None
    at = sketch.quantiles(_SHARES)
    named = {f"p{round(share * 100)}": _rounded(value) for share, value in zip(_SHARES, at, strict=True)}
    return {"count": sketch.count, **named}


def _turns(cell: Cell, seconds: float) -> dict[str, Any]:
    count = int(cell.sums.get("turns", 0))
    shares = {
        "failed": cell.share("failures", "turns"),
        "degraded": cell.share("degraded", "turns"),
        "cached": cell.share("cached", "turns"),
    }
    rate = round(count / seconds, 4) if seconds > 0 else None
    return {"count": count, "rate": rate, **{name: _rounded(share) for name, share in shares.items()}}


def _provider(names: tuple[str, ...], cell: Cell) -> dict[str, Any]:
    speed = cell.sums["written"] / cell.sums["writing_s"] if cell.sums.get("writing_s") else None
    return _known(
        {
            "provider": _name(names[0]),
            "model": _name(names[1]),
            "calls": int(cell.sums.get("calls", 0)),
            "errors": _rounded(cell.share("errors", "calls")),
            "first_token_ms": quantiles(cell.sketches.get("first_token_ms")),
            "ms": quantiles(cell.sketches.get("ms")),
            "tokens_per_s": _rounded(speed),
            "cost_usd": _money(cell.sum("cost_usd")),
        }
    )


def _task(names: tuple[str, ...], cell: Cell) -> dict[str, Any]:
    return {
        "task": _name(names[0]),
        "count": int(cell.sums.get("count", 0)),
        "failed": _rounded(cell.share("failures", "count")),
        "total_ms": quantiles(cell.sketches.get("total_ms")),
    }


def _arm(names: tuple[str, ...], cell: Cell) -> dict[str, Any]:
    rewards = {
        source: {"count": int(count), "mean": _rounded(cell.sums[f"reward.{source}"] / count)}
        for source, count in _named(cell, "rewards.")
    }
    return {
        "experiment": _name(names[0]),
        "arm": _name(names[1]),
        "turns": int(cell.sums.get("count", 0)),
        "rewards": rewards,
    }


def _context(cell: Cell) -> dict[str, Any] | None:
    tokens, full = cell.sum("context.tokens"), cell.sum("context.full_tokens")
    if tokens is None or full is None:
        return None
    layers = [
        {"name": name, "tokens": int(cell.sums[f"layer.{name}.tokens"]), "full_tokens": int(amount)}
        for name, amount in ((n.removesuffix(".full_tokens"), a) for n, a in _named(cell, "layer.") if "full" in n)
    ]
    return {
        "tokens": int(tokens),
        "full_tokens": int(full),
        "saved": _rounded(1 - tokens / full) if full else None,
        "layers": layers,
    }


def _cache(cell: Cell) -> dict[str, Any]:
    responses = {name: int(count) for name, count in _named(cell, "responses.")}
    return _known({"responses": responses or None, "prefix": _rounded(cell.share("tokens.cached", "tokens.input"))})


def _mastery(cell: Cell) -> dict[str, Any] | None:
    if cell.sum("answers") is None:
        return None
    gain = cell.sum("gain")
    return {
        "answers": int(cell.sums["answers"]),
        "correct": _rounded(cell.share("correct", "answers")),
        "gain": None if gain is None else round(gain, 4),
    }


def _engagement(cell: Cell) -> dict[str, Any]:
    different = {name: cell.different[name].count for name in ("learners", "sessions") if name in cell.different}
    helpful = _rounded(cell.share("helpful", "feedback"))
    return _known({**different, "feedback": int(cell.sums.get("feedback", 0)), "helpful": helpful})


def _http(cell: Cell, seconds: float) -> dict[str, Any] | None:
    requests = cell.sum("http.requests")
    if requests is None or seconds <= 0:
        return None
    return {
        "rate": round(requests / seconds, 4),
        "errors": _rounded(cell.share("http.errors", "http.requests")),
        "p99_ms": _rounded(cell.sketches["http.ms"].quantile(0.99)) if "http.ms" in cell.sketches else None,
    }


def _named(cell: Cell, prefix: str) -> Iterator[tuple[str, float]]:
    return ((n.removeprefix(prefix), amount) for n, amount in sorted(cell.sums.items()) if n.startswith(prefix))


def _name(name: str) -> str:
    return "other" if name == OTHER else name


def _known(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


def _rounded(value: float | None) -> float | None:
    """To four figures that count: what is told within 1 % needs no more."""
    return None if value is None else float(f"{value:.4g}")


def _money(value: float | None) -> float | None:
    return None if value is None else round(value, 9)
