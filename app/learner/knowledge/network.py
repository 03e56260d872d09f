"""A gated recurrent unit (Cho et al., EMNLP 2014) over a learner's answers, and what reads it: features of the next
exercise beside its memory, one layer of rectified units, and how well memory matches the skill that is asked for."""

from collections.abc import Mapping, Sequence

import numpy as np

from app.learner.knowledge.logistic import Array, chance

EXTRAS = 5
"""Inputs of a step beside the embedding of the skill: right or wrong, how far from what was expected, ease, time since
the answer before, whether it was the same item."""


class Network:
    """What fitted weights say, those of the regression with them; all buffers are made once. `features` is one: it is
    to be filled with what is asked.

    A product of matrices costs as much for a hundred columns as for ten, so what is multiplied with the same vector is
    one matrix, and what a skill adds is looked up.
    """

    def __init__(self, weights: Mapping[str, Array], skills: Sequence[str]) -> None:
        w = weights
        self._numbers = {skill: n for n, skill in enumerate(skills, 1)}
        self._skill = w["skill"]
        self.width, reading, features = len(w["loop"]), len(w["out"]), len(w["from features"])
        size = self._skill.shape[1]
        self._read = np.zeros((features + self.width, reading + size + 1), np.float32)
        self._read[:features, :reading] = w["from features"]
        self._read[features:, :-1] = np.hstack([w["from memory"], w["match"]])
        self._read[:features, -1] = w["base"][:-1]
        self._bias = float(w["base"][-1])
        self._asked = np.ascontiguousarray(self._skill @ w["from asked"] + w["reading"], np.float32)
        self._out = np.ascontiguousarray(w["out"], np.float32)
        self._known = np.zeros(features + self.width, np.float32)
        self.features, self._memory = self._known[:features], self._known[features:]
        self._said = np.zeros(reading + size + 1, np.float32)
        self._units, self._match = self._said[:reading], self._said[reading:-1]
        self._steps(w)

    def _steps(self, w: Mapping[str, Array]) -> None:
        """One matrix from extras and memory to both gates, what goes into the new memory and what comes from the old;
        what a skill and an outcome add to the first three. Gates by halves: s(x) = 1/2 + 1/2 tanh(x/2)."""
        h, size = self.width, self._skill.shape[1]
        half = np.repeat(np.array([0.5, 1.0], np.float32), [2 * h, h])
        into, looped = w["in"] * half, w["loop"] * half
        self._step = np.zeros((EXTRAS + h, 4 * h), np.float32)
        self._step[:EXTRAS, : 3 * h] = into[2 * size :]
        self._step[EXTRAS:, : 2 * h] = looped[:, : 2 * h]
        self._step[EXTRAS:, 3 * h :] = looped[:, 2 * h :]
        plain, turned = self._skill @ into[:size], self._skill @ into[size : 2 * size]
        self._went = np.stack([plain - turned, plain + turned], 1) + w["gates"] * half
        self._inputs = np.zeros(EXTRAS + h, np.float32)
        self._extras, self._before = self._inputs[:EXTRAS], self._inputs[EXTRAS:]
        self._all = np.zeros(4 * h, np.float32)
        self._into, self._gates = self._all[: 3 * h], self._all[: 2 * h]
        self._forget, self._keep = self._all[:h], self._all[h : 2 * h]
        self._new, self._looped = self._all[2 * h : 3 * h], self._all[3 * h :]

    def log_odds(self, memory: Array, skill: str) -> tuple[float, float]:
        """What regression says of what `features` was filled with, and what the network adds to it."""
        number = self._numbers.get(skill, 0)
        self._memory[:] = memory
        self._known.dot(self._read, self._said)
        units = self._units
        np.add(units, self._asked[number], units)
        np.maximum(units, 0.0, out=units)
        added = float(units.dot(self._out) + self._match.dot(self._skill[number]))
        return self._bias + float(self._said[-1]), added

    def step(self, memory: Array, skill: str, extras: tuple[float, ...]) -> Array:
        """The memory after an answer: a new array."""
        self._extras[:] = extras
        self._before[:] = memory
        self._inputs.dot(self._step, self._all)
        into, gates, new = self._into, self._gates, self._new
        np.add(into, self._went[self._numbers.get(skill, 0), 1 if extras[0] > 0.0 else 0], into)
        np.tanh(gates, gates)
        np.multiply(gates, 0.5, gates)
        np.add(gates, 0.5, gates)
        np.multiply(self._looped, self._forget, self._looped)
        np.add(new, self._looped, new)
        np.tanh(new, new)
        after = memory - new
        np.multiply(after, self._keep, after)
        np.add(after, new, after)
        return after


def extras(right: bool, ease: float, gap: float, same: bool) -> tuple[float, ...]:
    """The inputs of a step beside the embedding, in numbers of about one; `gap` as the feature of that name."""
    return (1.0 if right else -1.0, right - chance(ease), ease * 0.3, gap, 1.0 if same else 0.0)
