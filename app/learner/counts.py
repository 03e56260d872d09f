"""A workspace's counts of answers: as JSON, in shards, and what a sheet needs of them. Pure.

A workspace has one shard for its skills, which also has the sums of all, and one for each of 64 groups of items, so
that an answer changes little. Each shard remembers the sheets that were added to it last, so that none is added twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from app.learner.knowledge.population import Population

GROUPS = 64
NAMES = 4_000
"""Skills or items in a shard; those that come later are met as unknown."""

TOKENS = 256
"""Newest sheets that a shard knows to be in it."""

SKILLS = "skills"
RECALL = "recall"
"""The shard that counts recalls by the chance that was given to them (`memory.platt`)."""

NAMES_OF_SHARDS = (SKILLS, RECALL, *(f"items-{group:02}" for group in range(GROUPS)))

Table = dict[str, list[int]]


@dataclass(slots=True)
class Shard:
    """Counts by name, the sums of all where it is that of the skills, and the sheets added last."""

    table: Table = field(default_factory=dict)
    answers: int = 0
    right: int = 0
    sheets: list[str] = field(default_factory=list)

    def add(self, sheet_id: str, more: "Shard") -> None:
        """Adds what one sheet has, unless it is in here already."""
        if sheet_id in self.sheets:
            return
        self.answers += more.answers
        self.right += more.right
        for name, counts in more.table.items():
            self._count(name, counts)
        self.sheets = [*self.sheets, sheet_id][-TOKENS:]

    def kept(self) -> dict[str, Any]:
        """As JSON: names are no keys, for not every store takes every key."""
        table = [[name, *self.table[name]] for name in sorted(self.table)]
        return {"answers": self.answers, "right": self.right, "table": table, "sheets": self.sheets}

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> "Shard":
        """From such JSON; an empty one where there is none."""
        if kept is None:
            return cls()
        table = {name: counts for name, *counts in kept["table"]}
        return cls(table, kept["answers"], kept["right"], [*kept["sheets"]])

    def _count(self, name: str, counts: list[int]) -> None:
        known = self.table.get(name)
        if known is not None:
            self.table[name] = [a + b for a, b in zip(known, counts, strict=True)]
        elif len(self.table) < NAMES:
            self.table[name] = [*counts]


def shard_of(item: str) -> str:
    """The shard that an item is counted in."""
    return f"items-{int.from_bytes(blake2b(item.encode(), digest_size=2).digest()) % GROUPS:02}"


def kept(counts: Population) -> dict[str, Any]:
    """Counts as JSON, in an order that does not depend on how they came about."""
    return {
        "answers": counts.answers,
        "right": counts.right,
        SKILLS: [[name, *counts.skills[name]] for name in sorted(counts.skills)],
        "items": [[name, *counts.items[name]] for name in sorted(counts.items)],
    }


def population(kept: Mapping[str, Any]) -> Population:
    """From such JSON; no counts where it is empty."""
    counts = Population()
    if kept:
        counts.answers, counts.right = kept["answers"], kept["right"]
        counts.skills = {name: row for name, *row in kept[SKILLS]}
        counts.items = {name: row for name, *row in kept["items"]}
    return counts


def difference(after: Population, before: Population) -> Population:
    """What was added: names that nothing was added to are left out."""
    grown = Population()
    grown.merge(after)
    grown.merge(before, -1)
    grown.skills = {name: row for name, row in grown.skills.items() if any(row)}
    grown.items = {name: row for name, row in grown.items.items() if any(row)}
    return grown


def shards(adds: Mapping[str, Any]) -> dict[str, Shard]:
    """What a sheet adds, by shard."""
    found = {SKILLS: Shard({name: row for name, *row in adds[SKILLS]}, adds["answers"], adds["right"])}
    if adds[RECALL]:
        found[RECALL] = Shard({name: row for name, *row in adds[RECALL]})
    for name, *row in adds["items"]:
        found.setdefault(shard_of(name), Shard()).table[name] = row
    return found


def seen(held: Mapping[str, Shard], skills: Iterable[str], items: Iterable[str]) -> Population:
    """What shards, by name, say of these skills and items."""
    counts, of_skills = Population(), held[SKILLS]
    counts.answers, counts.right = of_skills.answers, of_skills.right
    counts.skills = {name: [*row] for name in skills if (row := of_skills.table.get(name))}
    counts.items = {name: [*row] for name in items if (row := held[shard_of(name)].table.get(name))}
    return counts
