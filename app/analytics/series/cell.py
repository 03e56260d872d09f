"""What was counted of one thing in one stretch of time: sums, quantiles and how many were different. Cells add up."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from app.stats.distinct import Distinct
from app.stats.sketch import Sketch

OTHER = "\x00other"
"""Stands for all that came after there was room for more. No workspace or model can be called so."""

MEASURES = 200
"""Different sums of one cell at most: layers and labels are few, but their names come from elsewhere."""


_LABELS: Mapping[str, tuple[str, ...]] = {
    "": (),
    "model": ("provider", "model"),
    "task": ("task",),
    "experiment": ("experiment", "arm"),
}


class Key(NamedTuple):
    """What a cell is about: a workspace (`None`: all of them), and in it everything, or one thing of a kind.

    `kind` is `""` (everything), `model` (`names` are provider and model), `task` or `experiment` (id and arm).
    """

    workspace: str | None
    kind: str = ""
    names: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """What it is about, by name: `{"workspace": "school", "provider": "groq", "model": "llama"}`."""
        found = {} if self.workspace is None else {"workspace": self.workspace}
        return found | dict(zip(_LABELS[self.kind], self.names, strict=True))

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> "Key":
        """The key with these labels; `ValueError` where there is none.

        >>> Key.of({"workspace": "school", "task": "practice"})
        Key(workspace='school', kind='task', names=('practice',))
        """
        for kind, names in _LABELS.items():
            if labels.keys() - {"workspace"} == set(names):
                return cls(labels.get("workspace"), kind, tuple(labels[name] for name in names))
        raise ValueError(f"no series has the labels {', '.join(labels)}")

    @property
    def rest(self) -> "Key":
        """Where it is counted when there is no room for it."""
        return Key(self.workspace, self.kind, (OTHER,) * len(self.names)) if self.names else Key(OTHER)


EVERYTHING = Key(None)


class Cell:
    """Sums, sketches and distinct counts by name. What never came is not there."""

    __slots__ = ("different", "sketches", "sums")

    def __init__(self) -> None:
        self.sums: defaultdict[str, float] = defaultdict(float)
        self.sketches: defaultdict[str, Sketch] = defaultdict(Sketch)
        self.different: defaultdict[str, Distinct] = defaultdict(Distinct)

    def merge(self, other: "Cell") -> None:
        """Adds what another cell has counted."""
        sums = self.sums
        for name, amount in other.sums.items():
            sums[name if name in sums or len(sums) < MEASURES else "other"] += amount
        for name, sketch in other.sketches.items():
            self.sketches[name].merge(sketch)
        for name, distinct in other.different.items():
            self.different[name].merge(distinct)

    def copy(self) -> "Cell":
        """One of its own that has counted the same."""
        made = Cell()
        made.sums.update(self.sums)
        made.sketches.update({name: sketch.copy() for name, sketch in self.sketches.items()})
        made.different.update({name: distinct.copy() for name, distinct in self.different.items()})
        return made

    def sum(self, name: str) -> float | None:
        """A sum; `None` where nothing was added to it."""
        return self.sums.get(name)

    def share(self, part: str, whole: str) -> float | None:
        """One sum as a share of another; `None` where there is nothing to share."""
        total = self.sums.get(whole)
        return self.sums.get(part, 0.0) / total if total else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.plain() == other.plain()

    __hash__ = None  # type: ignore[assignment]

    def plain(self) -> dict[str, Any]:
        """As what JSON can say."""
        return {
            "sums": {name: amount if amount % 1 else int(amount) for name, amount in self.sums.items()},
            "sketches": {name: sketch.packed() for name, sketch in self.sketches.items()},
            "different": {name: distinct.packed() for name, distinct in self.different.items()},
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Cell":
        """The cell that was told so."""
        made = cls()
        made.sums.update({name: float(amount) for name, amount in plain["sums"].items()})
        made.sketches.update({name: Sketch.unpacked(flat) for name, flat in plain["sketches"].items()})
        made.different.update({name: Distinct.unpacked(flat) for name, flat in plain["different"].items()})
        return made

    def packed(self) -> bytes:
        """In few bytes, for a long time."""
        return compact(orjson.dumps(self.plain()))


def compact(written: bytes) -> bytes:
    """The same in no more room than it takes: what orjson gives keeps the room that it was written in, 1 to 5 kB."""
    return bytes(memoryview(written))
