"""Fits the network: backpropagation through time over stretches of many learners at once (Werbos 1990), by Adam
(Kingma and Ba, ICLR 2015)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from app.learner.knowledge.logistic import Array

Weights = dict[str, Array]

EXTRAS = 5
"""Inputs of a step beside the embeddings: how it went, how far from what was expected, ease, gap, same item."""


@dataclass(frozen=True)
class Shape:
    """Sizes: of the embedding of a skill and of an item, of the memory and of the layer that reads it; and how it is
    fitted."""

    skill: int = 16
    item: int = 16
    memory: int = 48
    reading: int = 48
    learners: int = 32
    stretch: int = 100
    epochs: int = 10
    rate: float = 4e-3
    decay: float = 1e-3
    dropout: float = 0.25


@dataclass(frozen=True)
class Sequences:
    """Answers of learners one after the other: features, numbers of skill and item (0 for unknown), inputs of the
    network's steps beside its embeddings, how it went, and where each learner's begin (one more at the end)."""

    features: Array
    skills: np.ndarray
    items: np.ndarray
    extras: Array
    right: Array
    starts: np.ndarray


def initial(shape: Shape, sizes: tuple[int, int, int], base: Array, chance: np.random.Generator) -> Weights:
    """First weights for so many skills, items and features: what the logistic model `base` says, and nothing more."""
    skills, items, features = sizes
    both = shape.skill + shape.item
    inputs = 2 * both + EXTRAS
    h, k = shape.memory, shape.reading

    def normal(rows: int, columns: int, scale: float | None = None) -> Array:
        return chance.normal(0.0, scale or rows**-0.5, (rows, columns)).astype(np.float32)

    return {
        "skill": normal(skills + 1, shape.skill, 0.1),
        "item": normal(items + 1, shape.item, 0.1),
        "in": normal(inputs, 3 * h),
        "loop": normal(h, 3 * h),
        "gates": np.concatenate([np.zeros(h), np.ones(h), np.zeros(h)]).astype(np.float32),
        "from features": normal(features, k),
        "from memory": normal(h, k),
        "from asked": normal(both, k),
        "reading": np.zeros(k, np.float32),
        "out": normal(k, 1, 0.01)[:, 0],
        "match": normal(h, both, 0.05),
        "base": base.astype(np.float32).copy(),
    }


def sigmoid(x: Array) -> Array:
    out = np.clip(x, -30.0, 30.0)
    np.negative(out, out)
    np.exp(out, out)
    out += 1.0
    return np.reciprocal(out, out)


def batches(data: Sequences, learners: np.ndarray, shape: Shape) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Stretches of learners of like length: rows by step and learner, and which of them are answers. The first stretch
    of a group of learners has step 0 marked by `begins`."""
    lengths = np.diff(data.starts)[learners]
    for first in range(0, int(lengths.max()), shape.stretch):
        steps = np.arange(first, min(first + shape.stretch, int(lengths.max())))
        valid = steps[:, None] < lengths[None, :]
        rows = np.where(valid, data.starts[learners][None, :] + steps[:, None], 0)
        yield rows, valid


class Pass:
    """One stretch forwards and backwards. Memory goes on from stretch to stretch; gradients do not."""

    def __init__(self, weights: Weights, shape: Shape) -> None:
        self.w, self.shape = weights, shape

    def forward(self, data: Sequences, rows: np.ndarray, memory: Array, chance: np.random.Generator | None) -> Array:
        w, shape = self.w, self.shape
        h = shape.memory
        self.features = data.features[rows]
        self.si, self.ii = data.skills[rows], data.items[rows]
        self.extras = data.extras[rows]
        self.e = e = np.concatenate([w["skill"][self.si], w["item"][self.ii]], 2)
        sign = self.extras[:, :, :1]
        self.x = x = np.concatenate([e, e * sign, self.extras], 2)
        gx = x @ w["in"] + w["gates"]
        steps, learners = rows.shape
        self.before = before = np.empty((steps, learners, h), np.float32)
        self.rz = np.empty((steps, learners, 2 * h), np.float32)
        self.new = np.empty((steps, learners, h), np.float32)
        self.looped = np.empty((steps, learners, h), np.float32)
        loop = w["loop"]
        for t in range(steps):
            before[t] = memory
            g = memory @ loop
            rz = sigmoid(gx[t, :, : 2 * h] + g[:, : 2 * h])
            self.looped[t] = g[:, 2 * h :]
            n = np.tanh(gx[t, :, 2 * h :] + rz[:, :h] * g[:, 2 * h :])
            self.rz[t], self.new[t] = rz, n
            memory = n + rz[:, h:] * (memory - n)
        self.memory = memory
        if chance is not None:
            keep = 1.0 - shape.dropout
            self.mask = (chance.random(before.shape, np.float32) < keep) / np.float32(keep)
            seen = before * self.mask
            self.drop = (chance.random((steps, learners, shape.reading), np.float32) < keep) / np.float32(keep)
        else:
            seen, self.mask, self.drop = before, None, None
        self.seen = seen
        a = self.features @ w["from features"] + seen @ w["from memory"] + e @ w["from asked"] + w["reading"]
        self.read = np.maximum(a, 0.0)
        if self.drop is not None:
            self.read *= self.drop
        self.match = seen @ w["match"]
        return self.features @ w["base"][:-1] + w["base"][-1] + self.read @ w["out"] + (self.match * e).sum(2)

    def backward(self, pull: Array) -> Weights:
        """Gradients for `pull`, the derivative of the loss by what was said."""
        w, h = self.w, self.shape.memory
        flat = lambda x: x.reshape(-1, x.shape[-1])
        p = pull[:, :, None]
        g: Weights = {"base": np.append((self.features * p).sum((0, 1)), pull.sum()).astype(np.float32)}
        g["out"] = (self.read * p).sum((0, 1))
        da = (self.read > 0) * (p * w["out"])
        if self.drop is not None:
            da *= self.drop
        fa = flat(da)
        g["from features"] = flat(self.features).T @ fa
        g["from memory"] = flat(self.seen).T @ fa
        g["from asked"] = flat(self.e).T @ fa
        g["reading"] = fa.sum(0)
        dm = p * self.e
        g["match"] = flat(self.seen).T @ flat(dm)
        de = da @ w["from asked"].T + p * self.match
        dh = da @ w["from memory"].T + dm @ w["match"].T
        if self.mask is not None:
            dh *= self.mask
        steps = len(pull)
        dgx = np.empty((steps, pull.shape[1], 3 * h), np.float32)
        dgh = np.empty_like(dgx)
        carry = np.zeros((pull.shape[1], h), np.float32)
        loop = w["loop"].T.copy()
        for t in range(steps - 1, -1, -1):
            r, z, n = self.rz[t, :, :h], self.rz[t, :, h:], self.new[t]
            dn = carry * (1.0 - z) * (1.0 - n * n)
            dz = carry * (self.before[t] - n) * z * (1.0 - z)
            dr = dn * self.looped[t] * r * (1.0 - r)
            dgx[t, :, :h], dgx[t, :, h : 2 * h], dgx[t, :, 2 * h :] = dr, dz, dn
            dgh[t] = dgx[t]
            dgh[t, :, 2 * h :] *= r
            carry = carry * z + dgh[t] @ loop + dh[t]
        g["loop"] = flat(self.before).T @ flat(dgh)
        g["gates"] = flat(dgx).sum(0)
        g["in"] = flat(self.x).T @ flat(dgx)
        dx = dgx @ w["in"].T
        d = self.e.shape[2]
        de += dx[:, :, :d] + dx[:, :, d : 2 * d] * self.extras[:, :, :1]
        ds = w["skill"].shape[1]
        g["skill"] = scatter(flat(de[:, :, :ds]), self.si.ravel(), len(w["skill"]))
        g["item"] = scatter(flat(de[:, :, ds:]), self.ii.ravel(), len(w["item"]))
        return g


def scatter(values: Array, where: np.ndarray, rows: int) -> Array:
    """Sums of the rows of `values` by number."""
    order = np.argsort(where, kind="stable")
    sorted_where = where[order]
    begins = np.flatnonzero(np.append(True, np.diff(sorted_where) > 0))
    out = np.zeros((rows, values.shape[1]), np.float32)
    out[sorted_where[begins]] = np.add.reduceat(values[order], begins, 0)
    return out


class Adam:
    def __init__(self, weights: Weights, decay: float) -> None:
        self.m = {k: np.zeros_like(v) for k, v in weights.items()}
        self.v = {k: np.zeros_like(v) for k, v in weights.items()}
        self.t, self.decay = 0, decay

    def step(self, weights: Weights, gradients: Weights, rate: float) -> None:
        self.t += 1
        norm = np.sqrt(sum(float((g * g).sum()) for g in gradients.values()))
        clip = min(1.0, 1.0 / (norm + 1e-9))
        a, b = 1 - 0.9**self.t, 1 - 0.999**self.t
        for k, g in gradients.items():
            m, v = self.m[k], self.v[k]
            g = g * np.float32(clip)
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            step = (m / a) / (np.sqrt(v / b) + 1e-8)
            r = rate * 0.1 if k == "base" else rate
            if k in ("skill", "item"):
                step += self.decay * 30 * weights[k]
            elif k != "base" and k != "gates":
                step += self.decay * 10 * weights[k]
            weights[k] -= r * step


def groups(data: Sequences, shape: Shape, chance: np.random.Generator | None) -> list[np.ndarray]:
    lengths = np.diff(data.starts)
    noisy = lengths * (1.0 if chance is None else chance.uniform(0.8, 1.25, len(lengths)))
    order = np.argsort(noisy)
    parts = [order[i : i + shape.learners] for i in range(0, len(order), shape.learners)]
    return parts if chance is None else [parts[i] for i in chance.permutation(len(parts))]


def fit(weights: Weights, data: Sequences, shape: Shape, chance: np.random.Generator, each: Callable[[int], None]) -> Weights:
    adam = Adam(weights, shape.decay)
    total = shape.epochs * len(data.right)
    done = 0
    for epoch in range(shape.epochs):
        for learners in groups(data, shape, chance):
            memory = np.zeros((len(learners), shape.memory), np.float32)
            for rows, valid in batches(data, learners, shape):
                live = valid.any(0)
                p = Pass(weights, shape)
                said = p.forward(data, rows, memory, chance)
                pull = (sigmoid(said) - data.right[rows]) * valid / max(valid.sum(), 200)
                rate = shape.rate * min(1.0, 0.02 + done / (0.05 * total)) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done / total)))
                adam.step(weights, p.backward(pull.astype(np.float32)), rate)
                memory = p.memory
                done += int(valid.sum())
        each(epoch)
    return weights


def predict(weights: Weights, data: Sequences, shape: Shape) -> Array:
    out = np.empty(len(data.right), np.float32)
    for learners in groups(data, shape, None):
        memory = np.zeros((len(learners), shape.memory), np.float32)
        for rows, valid in batches(data, learners, shape):
            p = Pass(weights, shape)
            said = p.forward(data, rows, memory, None)
            out[rows[valid]] = said[valid]
            memory = p.memory
    return out
