"""Minutes of a small service, for tests: two providers, two workspaces, a daily cycle, chance by a seed."""

import random
from collections.abc import Iterator
from math import cos, pi

from app.analytics.anomalies.minute import ALL, Label, Minute

START = 20_000 * 1440
A, B = ("provider", "a"), ("provider", "b")
NORTH, SOUTH = ("workspace", "north"), ("workspace", "south")


def usual(at: int) -> float:
    """Turns of a minute: 60 at noon, 6 at midnight."""
    return 33 - 27 * cos(at % 1440 / 1440 * 2 * pi)


def minute(at: int, chance: random.Random, slow: float = 1.0, dear: float = 1.0, part: float = 1.0) -> Minute:
    """One minute; `slow` is by what provider a is slower, `dear` by what the south costs more, `part` the share of the
    turns that come."""
    turns = round(max(chance.gauss(part * usual(at), (part * usual(at)) ** 0.5), 0))
    south, of_a = turns // 2, 2 * turns // 3
    a = of_a * 1_000 * slow * chance.gauss(1, 0.05)
    b = (turns - of_a) * 1_500 * chance.gauss(1, 0.05)
    north_cost, south_cost = (turns - south) * 0.001 * chance.gauss(1, 0.05), south * 0.001 * dear
    sums: dict[tuple[str, Label], float] = {
        ("turns", ALL): turns,
        ("turns", NORTH): turns - south,
        ("turns", SOUTH): south,
        ("turns.ms", ALL): a + b + turns * 20,
        ("turns.overhead_ms", ALL): turns * 20,
        ("calls", A): of_a,
        ("calls", B): turns - of_a,
        ("calls.ms", ALL): a + b,
        ("calls.ms", A): a,
        ("calls.ms", B): b,
        ("calls.first", A): of_a,
        ("calls.first_ms", A): a / 3,
        ("calls.first", B): turns - of_a,
        ("calls.first_ms", B): b / 3,
        ("cost", ALL): north_cost + south_cost,
        ("cost", NORTH): north_cost,
        ("cost", SOUTH): south_cost,
    }
    return Minute(at, sums)


def days(count: int, seed: int = 1) -> Iterator[Minute]:
    """So many healthy days."""
    chance = random.Random(seed)
    return (minute(at, chance) for at in range(START, START + count * 1440))
