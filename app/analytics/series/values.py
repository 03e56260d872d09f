"""Plain numbers out of a cell: the named series of charts, baselines and forecasts."""

from collections.abc import Mapping

from app.analytics.series.cell import Cell, Key

_QUANTILES = {
    "first_token_ms": (0.5, 0.95, 0.99),
    "total_ms": (0.5, 0.95, 0.99),
    "overhead_ms": (0.95,),
    "context_ms": (0.95,),
    "http.ms": (0.99,),
}
_QUANTILES_OF_PART = {"first_token_ms": (0.5, 0.95), "total_ms": (0.5, 0.95), "ms": (0.5, 0.95)}
_SUMS = ("opened", "turns", "failures", "tokens.input", "tokens.cached", "tokens.output", "cost_usd", "feedback")
_SUMS_OF_PART = ("count", "failures", "calls", "errors", "tokens.input", "tokens.output", "cost_usd")
_SHARES = (
    ("failed", "failures", "turns"),
    ("degraded", "degraded", "turns"),
    ("cached", "cached", "turns"),
    ("helpful", "helpful", "feedback"),
    ("correct", "correct", "answers"),
    ("cache.prefix", "tokens.cached", "tokens.input"),
    ("context.sent", "context.tokens", "context.full_tokens"),
    ("http.errors", "http.errors", "http.requests"),
)
_SHARES_OF_PART = (("failed", "failures", "count"), ("errors.share", "errors", "calls"))


def values(key: Key, cell: Cell, seconds: float) -> Mapping[str, float]:
    """The numbers of a cell that counted for so many seconds, by the name of the series; what is unknown is left out.

    Sums are of the whole stretch (`turns`, `cost_usd`), shares 0 to 1 (`failed`), rates end in `_per_s`, quantiles
    in `.p50`, `.p95`, `.p99`.
    """
    whole = not key.kind
    found = {name: cell.sums[name] for name in (_SUMS if whole else _SUMS_OF_PART) if name in cell.sums}
    for name, part, of in _SHARES if whole else _SHARES_OF_PART:
        share = cell.share(part, of)
        if share is not None:
            found[name] = share
    for name, wanted in (_QUANTILES if whole else _QUANTILES_OF_PART).items():
        if name in cell.sketches:
            found.update(_quantiles(cell, name, wanted))
    if whole:
        found["turns"] = cell.sums.get("turns", 0.0)
        found["turns_per_s"] = found["turns"] / seconds
    if cell.sums.get("writing_s"):
        found["tokens_per_s"] = cell.sums["written"] / cell.sums["writing_s"]
    return {name: float(f"{value:.6g}") for name, value in found.items()}


def _quantiles(cell: Cell, name: str, wanted: tuple[float, ...]) -> dict[str, float]:
    at = cell.sketches[name].quantiles(wanted)
    return {
        f"{name}.p{round(share * 100)}": value for share, value in zip(wanted, at, strict=True) if value is not None
    }
