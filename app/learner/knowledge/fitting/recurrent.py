"""Fits the network: backpropagation through time (Werbos, Proc. IEEE 78, 1990) over stretches of many learners at
once, by Adam with decoupled decay (Loshchilov and Hutter, ICLR 2019)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.fitting.examples import Progress
from app.learner.knowledge.fitting.stretch import Batch, Stretch, Weights, sigmoid
from app.learner.knowledge.logistic import Array
from app.learner.knowledge.network import EXTRAS

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Course:
    """The sizes of the network (embedding of a skill, memory, layer that reads it) and how it is fitted: learners and
    answers of a batch, passes over all, the highest rate, decay and dropout."""

    skill: int = 16
    memory: int = 48
    reading: int = 48
    learners: int = 32
    stretch: int = 100
    epochs: int = 8
    rate: float = 4e-3
    decay: float = 0.01
    dropout: float = 0.25


@dataclass(frozen=True)
class Sequences:
    """Answers of learners one after the other: features, the number of the skill (0 for unknown), the inputs of the
    network's steps beside its embedding, what is said without it, how it went; where each learner's begin, with the
    end of all."""

    features: Array
    skills: Numbers
    extras: Array
    said: Array
    right: Array
    starts: Numbers


def initial(course: Course, skills: int, features: int, chance: np.random.Generator) -> Weights:
    """First weights for so many skills and features: a network that has next to nothing to add."""
    size, memory, reading = course.skill, course.memory, course.reading

    def normal(rows: int, columns: int, scale: float | None = None) -> Array:
        return chance.normal(0.0, scale or rows**-0.5, (rows, columns)).astype(np.float32)

    gates = np.zeros(3 * memory, np.float32)
    # At first it remembers longer.
    gates[memory : 2 * memory] = 1.0
    return {
        "skill": normal(skills + 1, size, 0.1),
        "in": normal(2 * size + EXTRAS, 3 * memory),
        "loop": normal(memory, 3 * memory),
        "gates": gates,
        "from features": normal(features, reading),
        "from memory": normal(memory, reading),
        "from asked": normal(size, reading),
        "reading": np.zeros(reading, np.float32),
        "out": normal(1, reading, 0.01)[0],
        "match": normal(memory, size, 0.05),
    }


def fit(weights: Weights, data: Sequences, course: Course, chance: np.random.Generator, each: Progress) -> None:
    """Fits `weights` in place."""
    adam = Adam(weights, course.decay)
    total, done = course.epochs * len(data.right), 0
    for _ in range(course.epochs):
        for learners in _groups(data, course, chance):
            memory = np.zeros((len(learners), course.memory), np.float32)
            for batch, _, valid in _batches(data, learners, course):
                stretch = Stretch(weights, batch, memory)
                said = stretch.forward(course.dropout, chance)
                # A batch of few answers does not pull as one of many.
                pull = (sigmoid(said) - batch.right) * valid / max(valid.sum(), 200)
                adam.step(weights, stretch.backward(pull.astype(np.float32)), _rate(course.rate, done / total))
                memory = stretch.memory
                done += int(valid.sum())
                each("teaching the network", int(valid.sum()))


def added(weights: Weights, data: Sequences, course: Course) -> Array:
    """What the network adds to `said`, by answer."""
    out = np.zeros(len(data.right), np.float32)
    for learners in _groups(data, course, None):
        memory = np.zeros((len(learners), course.memory), np.float32)
        for batch, rows, valid in _batches(data, learners, course):
            stretch = Stretch(weights, batch, memory)
            said = stretch.forward() - batch.said
            out[rows[valid]] = said[valid]
            memory = stretch.memory
    return out


def _rate(highest: float, done: float) -> float:
    """A short rise, then down along a cosine."""
    return highest * min(1.0, 0.02 + done * 20.0) * (0.02 + 0.49 * (1.0 + float(np.cos(np.pi * done))))


def _groups(data: Sequences, course: Course, chance: np.random.Generator | None) -> list[Numbers]:
    """Learners with about as many answers each, in any order; in order of length without `chance`."""
    lengths = np.diff(data.starts)
    order = np.argsort(lengths if chance is None else lengths * chance.uniform(0.8, 1.25, len(lengths)))
    parts = [order[first : first + course.learners] for first in range(0, len(order), course.learners)]
    return parts if chance is None else [parts[n] for n in chance.permutation(len(parts))]


def _batches(data: Sequences, learners: Numbers, course: Course) -> Iterator[tuple[Batch, Numbers, NDArray[np.bool_]]]:
    """The answers of some learners, a stretch at a time: by step and learner, with their rows and which there are."""
    lengths = np.diff(data.starts)[learners]
    longest = int(lengths.max())
    for first in range(0, longest, course.stretch):
        steps = np.arange(first, min(first + course.stretch, longest))
        valid = steps[:, None] < lengths[None, :]
        rows = np.where(valid, data.starts[learners][None, :] + steps[:, None], 0)
        batch = Batch(data.features[rows], data.skills[rows], data.extras[rows], data.said[rows], data.right[rows])
        yield batch, rows, valid


class Adam:
    """Steps of a size of their own for each weight."""

    def __init__(self, weights: Weights, decay: float) -> None:
        self._mean = {name: np.zeros_like(values) for name, values in weights.items()}
        self._square = {name: np.zeros_like(values) for name, values in weights.items()}
        self._steps, self._decay = 0, decay

    def step(self, weights: Weights, slopes: Weights, rate: float) -> None:
        """One step down."""
        self._steps += 1
        norm = float(np.sqrt(sum(float((slope * slope).sum()) for slope in slopes.values())))
        if not np.isfinite(norm):
            return
        shorter = np.float32(min(1.0, 1.0 / (norm + 1e-9)))
        first, second = 1.0 - 0.9**self._steps, 1.0 - 0.999**self._steps
        for name, slope in slopes.items():
            mean, square, values = self._mean[name], self._square[name], weights[name]
            slope = slope * shorter
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope * slope - square)
            move = mean / first / (np.sqrt(square / second) + 1e-8)
            if values.ndim > 1:
                move += self._decay * values
            values -= np.float32(rate) * move
