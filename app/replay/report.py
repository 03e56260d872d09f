"""What a replay adds up to. Unknown is `None`, never zero; every distribution says of how many turns it is."""

from array import array
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from app.replay.client import Json
from app.replay.player import Kept, Played

_TIMES = ("overhead_ms", "context_ms", "first_token_ms", "total_ms")
_NAMED = 10


@dataclass(slots=True)
class Sum:
    """A sum over the turns that know the figure; `None` while none does."""

    total: float | None = None

    def add(self, value: float | None) -> None:
        """Takes one turn's figure in."""
        if value is not None:
            self.total = (self.total or 0) + value


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles by nearest rank, and of how many values."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


def spread(values: "array[float]") -> Spread:
    """The percentiles of these values.

    >>> spread(array("d", [4.0, 1.0, 3.0, 2.0]))
    Spread(count=4, p50=2.0, p95=4.0, p99=4.0)
    >>> spread(array("d"))
    Spread(count=0, p50=None, p95=None, p99=None)
    """
    ordered = sorted(values)
    if not ordered:
        return Spread(0)
    ranks = (max(0, -(-len(ordered) * share // 100) - 1) for share in (50, 95, 99))
    return Spread(len(ordered), *(ordered[rank] for rank in ranks))


@dataclass(slots=True)
class Tally:
    """Counts turns as they end."""

    dialogues: int = 0
    turns: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)
    answered: int = 0
    kept: int = 0
    strange: int = 0
    unread: int = 0
    sent: Sum = field(default_factory=Sum)
    full: Sum = field(default_factory=Sum)
    layers: dict[str, Counter[str]] = field(default_factory=dict)
    usage: dict[str, Sum] = field(default_factory=dict)
    models: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    fell_over: int = 0
    degraded: int = 0
    times: dict[str, "array[float]"] = field(default_factory=lambda: {name: array("d") for name in _TIMES})

    def add(self, played: Played) -> None:
        """Takes a turn in."""
        self.turns += 1
        if played.turn is None:
            self.failed += 1
            if len(self.problems) < _NAMED:
                self.problems.append(f"{played.place}: {played.problem}")
            return
        self._route(played.turn)
        for name, value in played.turn["usage"].items():
            self.usage.setdefault(name, Sum()).add(value)
        for name in _TIMES:
            if (took := played.turn["timing"].get(name)) is not None:
                self.times[name].append(took)
        if played.receipt is not None:
            self._context(played.receipt)

    def end(self, kept: Kept) -> None:
        """Takes in what the session of a dialogue holds."""
        self.dialogues += 1
        self.answered += kept.answered
        self.kept += kept.kept
        self.strange += kept.strange
        self.unread += kept.unread

    def _route(self, turn: Json) -> None:
        self.models[f"{turn['provider']}/{turn['model']}"] += 1
        self.attempts.update(f"{a['provider']}/{a['model']} {a['outcome']}" for a in turn["attempts"])
        self.fell_over += len(turn["attempts"]) > 1
        self.degraded += turn["degraded"]

    def _context(self, receipt: Json) -> None:
        self.sent.add(receipt["tokens"])
        self.full.add(receipt["full_tokens"])
        for layer in receipt["layers"]:
            self.layers.setdefault(layer["name"], Counter())[layer["outcome"]] += 1


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a tally does not know: where it was played, for how many seconds, out of how many turns, why it ended
    early, how many snapshots were found warm and not in that time."""

    service: str
    providers: tuple[str, ...]
    planned: int
    skipped: int
    seconds: float
    stopped: str | None
    lookups: dict[str, float]


def report(tally: Tally, around: Circumstances) -> dict[str, Any]:
    """All of it, for programs and for the table."""
    used = {name: total.total for name, total in tally.usage.items()}
    return {
        "service": around.service,
        "providers": around.providers,
        "seconds": round(around.seconds, 3),
        "stopped": around.stopped,
        "dialogues": tally.dialogues,
        "turns": {
            "planned": around.planned,
            "played": tally.turns,
            "failed": tally.failed,
            "skipped_lines": around.skipped,
            "per_second": round(tally.turns / around.seconds, 1) if tally.turns else None,
            "problems": tally.problems,
        },
        "kept": {
            "answered": tally.answered,
            "kept": tally.kept,
            "strange": tally.strange,
            "not_read_back": tally.unread,
        },
        "context": {
            "tokens": tally.sent.total,
            "full_tokens": tally.full.total,
            "saved_percent": _saved(tally.sent.total, tally.full.total),
            "layers": {name: dict(outcomes) for name, outcomes in tally.layers.items()},
        },
        "cache": {
            "input_tokens": used.get("input_tokens"),
            "cached_tokens": used.get("cached_tokens"),
            "snapshot_hits": around.lookups.get("hit"),
            "snapshot_misses": around.lookups.get("miss"),
        },
        "router": {
            "turns": dict(tally.models.most_common()),
            "attempts": dict(tally.attempts.most_common()),
            "fell_over": tally.fell_over,
            "degraded": tally.degraded,
            "output_tokens": used.get("output_tokens"),
            "cost_usd": used.get("cost_usd"),
        },
        "latency": {name: asdict(spread(values)) for name, values in tally.times.items()},
    }


def good(found: dict[str, Any]) -> bool:
    """Whether every turn of the recording was played, answered and kept."""
    turns, kept = found["turns"], found["kept"]
    whole = turns["played"] == turns["planned"] and not turns["failed"]
    return whole and kept["kept"] == kept["answered"] == turns["played"] and not kept["strange"]


def _saved(sent: float | None, full: float | None) -> float | None:
    return round(100 * (1 - sent / full), 1) if sent is not None and full else None
