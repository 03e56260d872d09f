"""The part of the model of affect that reads word order: word vectors, one convolution over three words, the largest
value of each filter, one linear layer (Kim 2014, doi 10.3115/v1/D14-1181), trained in NumPy with Adam.

It learns the eight classes and, beside them, the 28 emotions of GoEmotions, which carry more than the classes do.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
UNKNOWN = 1
"""Row of words that were not seen in training; row 0 is padding."""

LONGEST = 40
_EVERY, _KEPT = 8, 0.998
"""Steps between two averages of all weights, and what a step leaves of the average before it."""


@dataclass(frozen=True)
class Shape:
    """Sizes and rates; the few there are were chosen on one fold and left alone."""

    width: int = 32
    filters: int = 96
    epochs: int = 5
    batch: int = 64
    rate: float = 3e-3
    drop: float = 0.4
    word_drop: float = 0.2
    emotions: float = 0.5
    """What the 28 emotions count beside the classes."""

    balance: float = 0.5
    """Power of a class's rarity in the loss: 0 is as it comes, 1 makes all classes count the same."""


@dataclass(frozen=True)
class Labelled:
    """Texts as words, the class of each as a number, its emotions as a row of zeros and ones."""

    texts: Sequence[Sequence[str]]
    classes: Array
    emotions: Array


class Net:
    """A network over a vocabulary; `vectors` are where its word vectors begin, for the words that have one."""

    def __init__(self, data: Labelled, vectors: Mapping[str, Array], shape: Shape, seed: int) -> None:
        self.shape, self._rng = shape, np.random.default_rng(seed)
        counted = Counter(word for text in data.texts for word in text)
        self.vocabulary = ["", "<unknown>", *(word for word, n in counted.items() if n >= 2)]
        self._row = {word: n for n, word in enumerate(self.vocabulary)}
        d, f, out = shape.width, shape.filters, len(np.unique(data.classes))
        share = np.bincount(data.classes, minlength=out) / len(data.classes)
        weight = (1 / (out * share)) ** shape.balance
        self._weight = weight / (weight * share).sum()
        normal = self._rng.normal
        self.embedding = self._begin(vectors)
        self.p: dict[str, Array] = {
            "filter": normal(0, (2 / (3 * d)) ** 0.5, (3 * d, f)).astype(np.float32),
            "filter_bias": np.zeros(f, np.float32),
            "out": normal(0, 0.1, (f + d, out)).astype(np.float32),
            "out_bias": np.log(share).astype(np.float32),
            "emotions": normal(0, 0.1, (f + d, data.emotions.shape[1])).astype(np.float32),
            "emotions_bias": np.full(data.emotions.shape[1], -3.0, np.float32),
        }
        self._moments = {name: (np.zeros_like(v), np.zeros_like(v)) for name, v in self.p.items()}
        self._seen = np.zeros(len(self.vocabulary), np.float32)
        self._mean = {name: v.copy() for name, v in self.p.items()} | {"": self.embedding.copy()}
        self._fit(data)

    def log_odds(self, texts: Sequence[Sequence[str]]) -> Array:
        """The logarithm of each class's probability, a row for each text."""
        rows, found = self._rows(texts), np.zeros((len(texts), len(self.p["out_bias"])), np.float32)
        for some in self._batches(rows, np.arange(len(texts))):
            features, _ = self._forward(_padded(rows, some), None)
            found[some] = log_softmax(features @ self.p["out"] + self.p["out_bias"])
        return found

    def _begin(self, vectors: Mapping[str, Array]) -> Array:
        """Small random vectors; for known words the main directions of the given ones."""
        d = self.shape.width
        start = self._rng.normal(0, 0.1, (len(self.vocabulary), d)).astype(np.float32)
        known = [n for n, word in enumerate(self.vocabulary) if word in vectors]
        if known:
            given = np.stack([vectors[self.vocabulary[n]] for n in known])
            given = given - given.mean(0)
            directions = np.linalg.svd(given[:8_000], full_matrices=False)[2][:d]
            turned = given @ directions.T
            start[known] = 0.3 * turned / turned.std()
        start[0] = 0
        return start

    def _rows(self, texts: Sequence[Sequence[str]]) -> list[list[int]]:
        return [[self._row.get(word, UNKNOWN) for word in text[:LONGEST]] or [UNKNOWN] for text in texts]

    def _batches(self, rows: Sequence[Sequence[int]], order: Array) -> Iterator[Array]:
        """Texts of like length together, out of each fifty batches."""
        size, pool, found = self.shape.batch, self.shape.batch * 50, []
        for start in range(0, len(order), pool):
            some = order[start : start + pool]
            some = some[np.argsort([len(rows[i]) for i in some], kind="stable")]
            found += [some[at : at + size] for at in range(0, len(some), size)]
        for n in self._rng.permutation(len(found)):
            yield found[n]

    def _fit(self, data: Labelled) -> None:
        rows, step = self._rows(data.texts), 0
        total = self.shape.epochs * -(-len(rows) // self.shape.batch)
        for _ in range(self.shape.epochs):
            for some in self._batches(rows, self._rng.permutation(len(rows))):
                step += 1
                self._step(data, _padded(rows, some), some, (step, max(0.05, 1 - step / total)))
                if step % _EVERY == 0:
                    self._average(step)
        self.embedding = self._mean.pop("")
        self.p = self._mean

    def _average(self, step: int) -> None:
        """Moves the means, which read unseen texts better than the last step does (Polyak and Juditsky 1992)."""
        kept = min(_KEPT, (1 + step) / (10 + step)) ** _EVERY
        for name, value in (*self.p.items(), ("", self.embedding)):
            self._mean[name] += (1 - kept) * (value - self._mean[name])

    def _forward(self, rows: Array, keep: Array | None) -> tuple[Array, tuple[Array, ...]]:
        """Features of padded texts, and what the way back needs."""
        words = self.embedding[rows]
        if keep is not None:
            words = words * keep
        there = rows > 0
        window = windows(words)
        at = np.where(there[:, :, None], window @ self.p["filter"] + self.p["filter_bias"], -1e9)
        best = at.argmax(1)
        top = np.take_along_axis(at, best[:, None], 1)[:, 0]
        root = np.sqrt(there.sum(1, keepdims=True))
        return np.concatenate([np.maximum(top, 0), words.sum(1) / root], 1), (window, best, top, root, there)

    def _step(self, data: Labelled, rows: Array, some: Array, when: tuple[int, float]) -> None:
        """One batch: loss, gradients, and a step of Adam; word vectors by Adagrad, only those that occurred."""
        shape, p, rng = self.shape, self.p, self._rng
        keep = (rng.random((*rows.shape, 1)) > shape.word_drop).astype(np.float32)
        features, (window, best, top, root, there) = self._forward(rows, keep)
        mask = (rng.random(features.shape) > shape.drop) / np.float32(1 - shape.drop)
        seen, classes = features * mask, data.classes[some]
        error = np.exp(log_softmax(seen @ p["out"] + p["out_bias"]))
        error[np.arange(len(some)), classes] -= 1
        error *= self._weight[classes][:, None] / len(some)
        told = 1 / (1 + np.exp(-(seen @ p["emotions"] + p["emotions_bias"])))
        told = (told - data.emotions[some]) * shape.emotions / len(some)
        back = (error @ p["out"].T + told @ p["emotions"].T) * mask
        f = shape.filters
        at = np.zeros((*rows.shape, f), np.float32)
        np.put_along_axis(at, best[:, None], (back[:, :f] * (top > 0))[:, None], 1)
        flat = at.reshape(-1, f)
        gradients = {
            "filter": window.reshape(len(flat), -1).T @ flat,
            "filter_bias": flat.sum(0),
            "out": seen.T @ error,
            "out_bias": error.sum(0),
            "emotions": seen.T @ told,
            "emotions_bias": told.sum(0),
        }
        words = _unwindowed(at @ p["filter"].T) + (back[:, f:] / root)[:, None]
        self._adam(gradients, when)
        self._adagrad(rows, words * keep * there[:, :, None], when[1])

    def _adam(self, gradients: Mapping[str, Array], when: tuple[int, float]) -> None:
        step, slower = when
        rate = self.shape.rate * slower
        for name, gradient in gradients.items():
            mean, square = self._moments[name]
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            moved = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
            self.p[name] -= (rate * (moved + 1e-4 * self.p[name])).astype(np.float32)

    def _adagrad(self, rows: Array, gradient: Array, slower: float) -> None:
        unique, place = np.unique(rows, return_inverse=True)
        summed = np.zeros((len(unique), self.shape.width), np.float32)
        np.add.at(summed, place.ravel(), gradient.reshape(-1, self.shape.width))
        self._seen[unique] += (summed**2).mean(1)
        rate = 10 * self.shape.rate * slower
        self.embedding[unique] -= rate * summed / (np.sqrt(self._seen[unique])[:, None] + 1e-4)
        self.embedding[0] = 0


def windows(words: Array) -> Array:
    """Each word's vector between those of its neighbours: (texts, words, width) to (texts, words, 3 · width)."""
    padded = np.pad(words, ((0, 0), (1, 1), (0, 0)))
    return np.concatenate([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]], 2)


def _unwindowed(gradient: Array) -> Array:
    """The gradient of words from that of their windows."""
    before, here, after = np.split(gradient, 3, axis=2)
    found = here.copy()
    found[:, :-1] += before[:, 1:]
    found[:, 1:] += after[:, :-1]
    return found


def _padded(rows: Sequence[Sequence[int]], some: Array) -> Array:
    found = np.zeros((len(some), max(len(rows[i]) for i in some)), np.int64)
    for n, i in enumerate(some):
        found[n, : len(rows[i])] = rows[i]
    return found


def log_softmax(scores: Array) -> Array:
    """The logarithm of the probabilities that scores stand for."""
    lower = scores - scores.max(1, keepdims=True)
    found: Array = lower - np.log(np.exp(lower).sum(1, keepdims=True))
    return found
