"""How a bench shows and keeps what it found."""

import json
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path
from typing import Any, NoReturn

RESULTS = Path(__file__).parent / "results"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a Markdown table."""
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = (c.ljust(w) if n == 0 else c.rjust(w) for n, (c, w) in enumerate(zip(cells, widths, strict=True)))
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (w + 1) + ("-" if n == 0 else ":") for n, w in enumerate(widths))
    print(f"\n{title}\n\n{line(head)}\n|{rule}|", *map(line, rows), sep="\n", flush=True)


def keep(name: str, found: dict[str, Any]) -> Path:
    """Writes what was found, with when and on what, to `bench/results/NAME.json`."""
    RESULTS.mkdir(exist_ok=True)
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{cpu_count()} cores, {platform.machine()}",
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({**about, **found}, indent=1), "utf-8")
    print(f"\nwritten to {path.relative_to(RESULTS.parent.parent)}")
    return path


def skip(reason: str) -> NoReturn:
    """Ends a bench that cannot be run here."""
    print(f"skipped: {reason}", file=sys.stderr)
    raise SystemExit(0)
