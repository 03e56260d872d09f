"""A gated recurrent unit (Cho et al., EMNLP 2014) over a learner's answers, and what reads it: features of the next
exercise beside its memory, one layer of rectified units, and how well memory matches the skill that is asked for."""

from collections.abc import Mapping, Sequence

import numpy as np

from app.learner.knowledge.logistic import Array, chance

EXTRAS = 5
"""Inputs of a step beside the embedding of the skill: right or wrong, how far from what was expected, ease, seconds
since the answer before, whether it was the same item."""


class Network:
    """What the fitted weights say; all buffers are made once."""

    def __init__(self, weights: Mapping[str, Array], skills: Sequence[str]) -> None:
        w = weights
        self._numbers = {skill: n for n, skill in enumerate(skills, 1)}
        self._skill = w["skill"]
        self._in, self._gates, self._loop = _whole(w["in"]), w["gates"], _whole(w["loop"])
        self._from_features, self._read_memory = _whole(w["from features"]), _whole(np.hstack([w["from memory"], w["match"]]))
        # What a skill adds to the reading layer and to a step does not change.
        self._asked = _whole(w["skill"] @ w["from asked"] + w["reading"])
        self._out = _whole(w["out"])
        self.width, self._reading, self._size = len(w["loop"]), len(w["out"]), w["skill"].shape[1]
        self._one = np.zeros(self._reading, np.float32)
        self._two = np.zeros(self._reading + self._size, np.float32)
        self._input = np.zeros(2 * self._size + EXTRAS, np.float32)
        self._extras, self._turned = self._input[2 * self._size :], self._input[self._size : 2 * self._size]
        self._from_input = np.zeros(3 * self.width, np.float32)
        self._from_memory = np.zeros(3 * self.width, np.float32)

    def log_odds(self, memory: Array, features: Array, skill: str) -> float:
        """What is to be added to what the logistic model says."""
        number = self._numbers.get(skill, 0)
        read = self._reading
        features.dot(self._from_features, self._one)
        memory.dot(self._read_memory, self._two)
        units = self._one
        units += self._two[:read]
        units += self._asked[number]
        np.maximum(units, 0.0, units)
        return float(units.dot(self._out)) + float(self._two[read:].dot(self._skill[number]))

    def step(self, memory: Array, skill: str, extras: tuple[float, ...]) -> Array:
        """The memory after an answer: a new array."""
        embedding = self._skill[self._numbers.get(skill, 0)]
        size, h = self._size, self.width
        self._input[:size] = embedding
        np.multiply(embedding, extras[0], self._turned)
        self._extras[:] = extras
        gates, looped = self._from_input, self._from_memory
        self._input.dot(self._in, gates)
        gates += self._gates
        memory.dot(self._loop, looped)
        both = gates[: 2 * h]
        both += looped[: 2 * h]
        # The logistic function by the hyperbolic tangent, which cannot overflow.
        both *= 0.5
        np.tanh(both, both)
        both *= 0.5
        both += 0.5
        new = gates[2 * h :]
        candidate = looped[2 * h :]
        candidate *= gates[:h]
        new += candidate
        np.tanh(new, new)
        after = memory - new
        after *= gates[h : 2 * h]
        after += new
        return after


def extras(right: bool, ease: float, gap: float, same: bool) -> tuple[float, ...]:
    """The inputs of a step beside the embedding, in numbers of about one; `gap` as the feature of that name."""
    return (1.0 if right else -1.0, right - chance(ease), ease * 0.3, gap, 1.0 if same else 0.0)


def _whole(values: Array) -> Array:
    return np.ascontiguousarray(values, np.float32)
