"""The report as people read it."""

from typing import Any

_LABEL = 14


def table(found: dict[str, Any]) -> str:
    """A line or two for each part of the report."""
    rows = [*_played(found), *_context(found["context"]), *_cache(found["cache"]), *_router(found["router"])]
    lines = [f"{label:<{_LABEL}}{text}" for label, text in rows]
    return "\n".join([*lines, "", *_latency(found["latency"])])


def number(value: float | None, digits: int = 0) -> str:
    """A figure with its thousands apart; a dash where it is unknown.

    >>> number(12345.0), number(0.5, 2), number(None)
    ('12,345', '0.50', '–')
    """
    return "–" if value is None else f"{value:,.{digits}f}"


def _played(found: dict[str, Any]) -> list[tuple[str, str]]:
    turns, kept = found["turns"], found["kept"]
    rate = f"{number(turns['per_second'], 1)} turns/s" if turns["per_second"] else "no turn"
    played = f"{number(turns['played'])} of {number(turns['planned'])} turns in {number(found['dialogues'])} dialogues"
    skipped = f", {number(turns['skipped_lines'])} bad lines skipped" if turns["skipped_lines"] else ""
    strange = f"; {number(kept['strange'])} turns that nobody asked for" if kept["strange"] else ""
    unread = f"; {number(kept['not_read_back'])} could not be read back" if kept["not_read_back"] else ""
    rows = [
        ("Service", found["service"]),
        ("Played", f"{played}, {number(found['seconds'], 1)} s, {rate}{skipped}"),
        ("Failed", f"{number(turns['failed'])}"),
        *(("", problem) for problem in turns["problems"]),
        ("Kept", f"kept {number(kept['kept'])} of {number(kept['answered'])}, once and in order{strange}{unread}"),
    ]
    return [*rows, ("Ended early", found["stopped"])] if found["stopped"] else rows


def _context(found: dict[str, Any]) -> list[tuple[str, str]]:
    sent, full = number(found["tokens"]), number(found["full_tokens"])
    rows = [("Context", f"{sent} tokens sent instead of {full}: {number(found['saved_percent'], 1)} % saved")]
    for name, outcomes in found["layers"].items():
        told = ", ".join(f"{outcomes[one]:,} {one}" for one in ("kept", "cut", "dropped", "empty") if one in outcomes)
        rows.append(("", f"{name:<14}{told}"))
    return rows


def _cache(found: dict[str, Any]) -> list[tuple[str, str]]:
    hits, misses = found["snapshot_hits"], found["snapshot_misses"]
    share = f" ({100 * hits / (hits + misses):.1f} %)" if hits is not None and misses is not None and hits else ""
    return [
        ("Cache", f"{number(hits)} snapshots of sessions found warm, {number(misses)} read from the store{share}"),
        ("", f"{number(found['cached_tokens'])} of {number(found['input_tokens'])} input tokens cached by providers"),
    ]


def _router(found: dict[str, Any]) -> list[tuple[str, str]]:
    answered = [("", f"{count:,} turns answered by {name}") for name, count in found["turns"].items()]
    asked = [("", f"{count:,} × {name}") for name, count in found["attempts"].items()]
    cost = "–" if found["cost_usd"] is None else f"${found['cost_usd']:,.4f}"
    first = f"{number(found['fell_over'])} turns fell over to another, {number(found['degraded'])} to the offline tutor"
    rows = [("Router", f"{first}; cost {cost}, {number(found['output_tokens'])} tokens written"), *answered]
    return [*rows, ("Attempts", asked[0][1]), *asked[1:]] if asked else rows


def _latency(found: dict[str, Any]) -> list[str]:
    head = f"{'Milliseconds':<18}{'p50':>10}{'p95':>10}{'p99':>10}{'turns':>10}"
    names = {
        "overhead_ms": "own overhead",
        "context_ms": "of it context",
        "first_token_ms": "first token",
        "total_ms": "whole turn",
    }
    rows = [
        f"{names[name]:<18}{number(one['p50'], 2):>10}{number(one['p95'], 2):>10}{number(one['p99'], 2):>10}"
        f"{one['count']:>10,}"
        for name, one in found.items()
    ]
    return [head, *rows]
