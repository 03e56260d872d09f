"""What many workspaces learned of arms, as a start for one that has learned nothing: aggregates only.

Nothing of a learner or of a segment goes in. A number comes out only where several workspaces had rewards, and none of
them weighs more than another that has many, so that nobody's own experience can be read off. Who takes part is for
whoever asks: workspaces that allowed it, and nobody by default. A workspace must give what it learned itself, without
the start that it was given.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from app.choices.table import MONTH, Floats, Table

WORKSPACES = 3
"""Workspaces that must have had rewards of an arm in a context before the others hear of it."""

REWARDS = 20.0
"""Rewards that a workspace's experience counts for at the most, and the start that a new one gets."""


def start(shared: Iterable[Mapping[str, Any]], at: float) -> dict[str, Any]:
    """What `Beliefs` may be restored from, made of what the `Beliefs` of other workspaces have kept, at a time.

    >>> from app.choices.beliefs import Beliefs
    >>> from app.choices.port import Outcome, Situation
    >>> beliefs = Beliefs()
    >>> for learner in "abc":
    ...     beliefs.learn(Situation("a", "d", (), learner, False, 1.8e9), Outcome("x", 1.0))
    >>> [start([beliefs.kept()] * n, 1.8e9)["what"]["rows"] != [] for n in (2, 3)]
    [False, True]
    """
    kept = [one["what"] for one in shared]
    half_life = kept[0]["half_life"] if kept else MONTH
    tables = [_table(one, half_life) for one in kept]
    names = dict.fromkeys(name for one in kept for name, *_ in one["rows"])
    arms = tuple(dict.fromkeys(arm for one in kept for arm in one["arms"]))
    pooled = Table(half_life)
    for name in names:
        cells = _together([table.read(name, arms, at) for table in tables])
        for arm, weight, total in zip(arms, *cells.tolist(), strict=True):
            if weight:
                pooled.add(name, arm, (weight, total), at)
    return {"what": pooled.kept(), "who": Table(half_life).kept()}


def _table(kept: Mapping[str, Any], half_life: float | None) -> Table:
    table = Table(half_life)
    table.merge(kept)
    return table


def _together(cells: list[Floats]) -> Floats:
    """Weights and sums of all workspaces, where enough of them have any."""
    known = np.sum([cell[0] > 0.0 for cell in cells], axis=0) >= WORKSPACES
    found: Floats = _capped(np.sum([_capped(cell) for cell in cells], axis=0)) * known
    return found


def _capped(cell: Floats) -> Floats:
    """The same means, of as many rewards as count at the most."""
    found: Floats = cell * (REWARDS / np.maximum(cell[0], REWARDS))
    return found
