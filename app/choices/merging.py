"""What several learned from rewards of their own, added up: deployments whose imports meet in one.

Beliefs are normal, so that precision and precision × mean add up over observations: what all know is what they agreed
on and the increments of each (streaming variational Bayes, Broderick et al. 2013). What cannot be added (groups of
learners, variances) is taken from the one that learned most.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.choices.contexts import DAY, ERRORS, LAST, LEVEL, MEAN, TRIED, VARIANCE, faded
from app.choices.harms import Harms
from app.choices.linear import Linear
from app.choices.rows import HALF_LIFE, pack, unpack

Array = NDArray[np.floating]
Kept = Mapping[str, Any]

Spread = Callable[[NDArray[Any], Array], NDArray[Any]]

_LEAST = 1.0
"""Precision of a residual that is left, in logits, however much was taken from it."""


def merged(base: Kept, parts: Sequence[Kept]) -> dict[str, Any]:
    """What one would keep that saw all that the `parts` saw since `base`, where all of them went on from; of what
    `Hybrid.kept` gives.

    Exact for what does not depend on the order of what is seen; else as good as the approximation of a logistic
    regression by normals (a tenth of a logit after hundreds of outcomes).
    """
    most = max(parts, key=lambda part: part["learned"])
    arms = list(dict.fromkeys(arm for each in (base, *parts) for arm in each["arms"]))
    learned = base["learned"] + sum(part["learned"] - base["learned"] for part in parts)
    harms = Harms()
    harms.restore(base["harms"], *(part["harms"] for part in parts))
    centres = _columns(unpack(most["groups"]["centres"]), most["arms"], arms, 0.0)
    return {
        **most,
        "arms": arms,
        "tried": {
            arm: _count(arm, base, parts) for arm in arms if any(arm in each["tried"] for each in (base, *parts))
        },
        "linear": _linear(base, parts, arms),
        "contexts": _contexts(base, parts, arms),
        "learners": _learners(base, parts, arms),
        "groups": {**most["groups"], "centres": pack(centres)},
        "harms": harms.kept(),
        "learned": learned,
        "fitted": max((part["fitted"] for part in parts if part["fitted"] is not None), default=base["fitted"]),
    }


def _count(arm: str, base: Kept, parts: Sequence[Kept]) -> float:
    before = float(base["tried"].get(arm, 0.0))
    return before + sum(float(part["tried"].get(arm, 0.0)) - before for part in parts)


def _columns(rows: NDArray[Any], known: Sequence[str], arms: Sequence[str], empty: float) -> NDArray[Any]:
    """The last axis, of known arms, as that of all arms."""
    result = np.full((*rows.shape[:-1], len(arms)), empty, rows.dtype)
    result[..., [arms.index(arm) for arm in known]] = rows
    return result


def _linear(base: Kept, parts: Sequence[Kept], arms: Sequence[str]) -> dict[str, Any]:
    def natural(kept: Kept) -> tuple[Array, Array]:
        mean, covariance = unpack(kept["linear"]["mean"]), unpack(kept["linear"]["covariance"])
        model = Linear(mean.shape[1])
        model.widen(len(arms))
        where = [arms.index(arm) for arm in kept["arms"]]
        model.mean[where], model.covariance[where] = mean, covariance
        return model.natural()

    before, each = natural(base), [natural(part) for part in parts]
    precision = before[0] + sum(one[0] - before[0] for one in each)
    shift = before[1] + sum(one[1] - before[1] for one in each)
    model = Linear(shift.shape[1])
    model.set_natural(precision, shift)
    return {"mean": pack(model.mean), "covariance": pack(model.covariance)}


class _Tables:
    """The same names in the same order, for the base and each part: rows, and when they were written."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        latest: dict[str, float] = {}
        for table in kept:
            for name, at in zip(table["names"], unpack(table["at"]).tolist(), strict=True):
                latest[name] = max(at, latest.get(name, at))
        self.names = sorted(latest, key=lambda name: latest[name])
        self.at = np.array([latest[name] for name in self.names])
        self._place = {name: n for n, name in enumerate(self.names)}

    def rows(self, table: Kept, spread: Spread, missing: Array) -> Array:
        """The rows of all names, as `spread` gives them for those that are there, with the share of their evidence that
        is left by the time of the latest; those that are missing as they are given."""
        where = np.array([self._place[name] for name in table["names"]], np.intp)
        past = self.at[where] - unpack(table["at"])
        rows: Array = np.broadcast_to(missing, (len(self.names), *missing.shape[-2:])).astype(np.float64)
        if len(where):
            rows[where] = spread(unpack(table["rows"]), 0.5 ** (past[:, None] / HALF_LIFE))
        return rows

    def kept(self, rows: Array) -> dict[str, Any]:
        """As `Rows.kept`."""
        return {"names": self.names, "rows": pack(rows), "at": pack(self.at)}


def _contexts(base: Kept, parts: Sequence[Kept], arms: Sequence[str]) -> dict[str, Any]:
    empty = np.zeros((ERRORS + 1, len(arms)))
    empty[VARIANCE] = base["special"]
    tables = _Tables([kept["contexts"] for kept in (base, *parts)])

    def at_last(kept: Kept, missing: Array) -> Array:
        def spread(rows: NDArray[Any], share: Array) -> NDArray[Any]:
            wide = _columns(rows, kept["arms"], arms, 0.0)
            new = [arms.index(arm) for arm in arms if arm not in kept["arms"]]
            wide[:, VARIANCE, new] = base["special"]
            wide[:, LAST, new] = unpack(kept["contexts"]["at"])[:, None] / DAY
            return faded(wide, share)

        return tables.rows(kept["contexts"], spread, missing)

    before = at_last(base, empty)
    each = [at_last(part, before) for part in parts]
    known, result = 1.0 / before[:, VARIANCE], before.copy()
    precision = known + sum(1.0 / rows[:, VARIANCE] - known for rows in each)
    shift = before[:, MEAN] * known
    shift = shift + sum(rows[:, MEAN] / rows[:, VARIANCE] - before[:, MEAN] * known for rows in each)
    result[:, VARIANCE] = 1.0 / np.maximum(precision, _LEAST)
    result[:, MEAN] = shift * result[:, VARIANCE]
    for kind in (TRIED, ERRORS):
        result[:, kind] = np.maximum(0.0, before[:, kind] + sum(rows[:, kind] - before[:, kind] for rows in each))
    result[:, LAST] = np.max([rows[:, LAST] for rows in each], axis=0)
    result[:, LEVEL] = before[:, LEVEL] + sum(rows[:, LEVEL] - before[:, LEVEL] for rows in each)
    return tables.kept(result.astype(np.float32))


def _learners(base: Kept, parts: Sequence[Kept], arms: Sequence[str]) -> dict[str, Any]:
    tables = _Tables([kept["learners"] for kept in (base, *parts)])

    def at_last(kept: Kept, missing: Array) -> Array:
        def spread(rows: NDArray[Any], share: Array) -> NDArray[Any]:
            return _columns(rows, kept["arms"], arms, 0.0) * share[:, None]

        return tables.rows(kept["learners"], spread, missing)

    before = at_last(base, np.zeros((2, len(arms))))
    result: Array = before + sum(at_last(part, before) - before for part in parts)
    result[:, 0] = np.maximum(result[:, 0], 0.0)
    return tables.kept(result)
