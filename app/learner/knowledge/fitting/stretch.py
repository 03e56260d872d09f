"""The network over a stretch of answers of many learners, forwards and backwards, as `Network` computes it for one.

Arrays are by step, learner and unit. Memory goes on from stretch to stretch; gradients do not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.logistic import Array

Weights = dict[str, Array]


@dataclass(frozen=True)
class Batch:
    """Answers by step and learner."""

    features: Array
    skills: NDArray[np.int64]
    extras: Array
    said: Array
    right: Array


class Stretch:
    """One pass. `memory` is that before it, and after `forward` that after it."""

    def __init__(self, weights: Weights, batch: Batch, memory: Array) -> None:
        self._w, self._batch, self.memory = weights, batch, memory
        self._size = memory.shape[1]
        self._asked = weights["skill"][batch.skills]
        self._went = batch.extras[:, :, :1]

    def forward(self, dropout: float = 0.0, chance: np.random.Generator | None = None) -> Array:
        """The log odds of each answer before it; units of the reading are dropped if there is `chance`."""
        w, batch = self._w, self._batch
        self._remember()
        keep = 1.0 - dropout if chance is not None else 1.0
        reading = (*batch.skills.shape, len(w["out"]))
        self._kept = _mask(self._before.shape, keep, chance)
        self._lit = _mask(reading, keep, chance)
        self._seen = self._before * self._kept
        units = batch.features @ w["from features"] + self._seen @ w["from memory"]
        units += self._asked @ w["from asked"] + w["reading"]
        self._units = np.maximum(units, 0.0) * self._lit
        self._matched = self._seen @ w["match"]
        said: Array = batch.said + self._units @ w["out"] + (self._matched * self._asked).sum(2)
        return said

    def _remember(self) -> None:
        w, h, memory = self._w, self._size, self.memory
        self._input = np.concatenate([self._asked, self._asked * self._went, self._batch.extras], 2)
        into = self._input @ w["in"] + w["gates"]
        shape = (*self._batch.skills.shape, h)
        self._before, self._new, self._looped = (np.empty(shape, np.float32) for _ in range(3))
        self._gates = np.empty((*shape[:2], 2 * h), np.float32)
        for t in range(len(into)):
            looped = memory @ w["loop"]
            gates = sigmoid(into[t, :, : 2 * h] + looped[:, : 2 * h])
            new = np.tanh(into[t, :, 2 * h :] + gates[:, :h] * looped[:, 2 * h :])
            self._before[t], self._gates[t], self._new[t], self._looped[t] = memory, gates, new, looped[:, 2 * h :]
            memory = new + gates[:, h:] * (memory - new)
        self.memory = memory

    def backward(self, pull: Array) -> Weights:
        """Slopes of the loss by each weight; `pull` is that by the log odds."""
        w, batch, each = self._w, self._batch, pull[:, :, None]
        units = (self._units > 0.0) * (each * w["out"]) * self._lit
        matched = each * self._asked
        flat = _flat(units)
        slopes = {
            "out": (self._units * each).sum((0, 1)),
            "reading": flat.sum(0),
            "from features": _flat(batch.features).T @ flat,
            "from memory": _flat(self._seen).T @ flat,
            "from asked": _flat(self._asked).T @ flat,
            "match": _flat(self._seen).T @ _flat(matched),
        }
        seen = np.asarray((units @ w["from memory"].T + matched @ w["match"].T) * self._kept, np.float32)
        into, looped = self._through_time(seen)
        slopes["loop"] = _flat(self._before).T @ _flat(looped)
        slopes["gates"] = _flat(into).sum(0)
        slopes["in"] = _flat(self._input).T @ _flat(into)
        inputs, size = into @ w["in"].T, w["skill"].shape[1]
        asked = units @ w["from asked"].T + each * self._matched
        asked += inputs[:, :, :size] + inputs[:, :, size : 2 * size] * self._went
        slopes["skill"] = np.zeros_like(w["skill"])
        np.add.at(slopes["skill"], batch.skills.ravel(), _flat(asked))
        return slopes

    def _through_time(self, seen: Array) -> tuple[Array, Array]:
        """Slopes by what goes into the gates from the inputs, and from the memory."""
        h = self._size
        into = np.empty((*seen.shape[:2], 3 * h), np.float32)
        looped = np.empty_like(into)
        carried = np.zeros(seen.shape[1:], np.float32)
        back = np.ascontiguousarray(self._w["loop"].T)
        for t in range(len(seen) - 1, -1, -1):
            forget, keep, new = self._gates[t, :, :h], self._gates[t, :, h:], self._new[t]
            slope = carried * (1.0 - keep) * (1.0 - new * new)
            into[t, :, :h] = slope * self._looped[t] * forget * (1.0 - forget)
            into[t, :, h : 2 * h] = carried * (self._before[t] - new) * keep * (1.0 - keep)
            into[t, :, 2 * h :] = slope
            looped[t] = into[t]
            looped[t, :, 2 * h :] *= forget
            carried = carried * keep + looped[t] @ back + seen[t]
        return into, looped


def sigmoid(x: Array) -> Array:
    """The logistic function."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), np.float32)


def _mask(shape: tuple[int, ...], keep: float, chance: np.random.Generator | None) -> Array:
    if chance is None:
        return np.ones((1, 1, 1), np.float32)
    return np.asarray((chance.random(shape, np.float32) < keep) / np.float32(keep), np.float32)


def _flat(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])
