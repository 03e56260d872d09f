"""Boosted trees that ask the same question on each level (Kulin et al., IEEE Trans. KDE 2011; CatBoost: Prokhorenkova
et al., NeurIPS 2018): many of them are walked at once with one comparison, which is what makes them quick in NumPy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learner.knowledge.logistic import Array


@dataclass(frozen=True)
class Growth:
    """How trees are grown: how many, how deep, by which rate; from how many rows and which share of the features each;
    how finely features are cut, and what is added to the curvature of a leaf."""

    trees: int = 240
    depth: int = 6
    rate: float = 0.08
    rows: int = 80_000
    share: float = 0.4
    bins: int = 32
    ridge: float = 20.0


@dataclass(frozen=True)
class Forest:
    """Trees: the feature and threshold of each level (trees, depth), what each leaf adds (trees, leaves)."""

    features: NDArray[np.int32]
    thresholds: Array
    leaves: Array


def boost(
    features: Array, right: Array, base: Array, growth: Growth, chance: np.random.Generator, each: Callable[[int], None]
) -> Forest:
    """Trees that correct the log odds `base`, and which change them in place."""
    cuts = [np.unique(np.quantile(features[:200_000, f], np.linspace(0, 1, growth.bins + 1)[1:-1])) for f in range(features.shape[1])]
    binned = np.stack([np.searchsorted(c, features[:, f], side="left") for f, c in enumerate(cuts)]).astype(np.uint8)
    usable = np.array([f for f, c in enumerate(cuts) if len(c)])
    count = max(1, round(growth.share * len(usable)))
    chosen = np.zeros((growth.trees, growth.depth), np.int32)
    thresholds = np.zeros((growth.trees, growth.depth), np.float32)
    leaves = np.zeros((growth.trees, 1 << growth.depth), np.float32)
    n = len(right)
    for tree in range(growth.trees):
        rows = np.sort(chance.choice(n, growth.rows, replace=False)) if n > growth.rows else np.arange(n)
        p = 1.0 / (1.0 + np.exp(-base[rows]))
        g, h = (right[rows] - p).astype(np.float64), (p * (1.0 - p)).astype(np.float64)
        part = binned[:, rows] if False else None
        columns = chance.choice(usable, count, replace=False)
        cols = {f: binned[f][rows] for f in columns}
        leaf = np.zeros(len(rows), np.int32)
        for level in range(growth.depth):
            f, cut = split(cols, leaf, (g, h), (1 << level, growth))
            chosen[tree, level], thresholds[tree, level] = f, cuts[f][cut]
            leaf = leaf * 2 + (cols[f] > cut)
        size = 1 << growth.depth
        G, H = np.bincount(leaf, g, size), np.bincount(leaf, h, size)
        leaves[tree] = growth.rate * G / (H + growth.ridge)
        where = np.zeros(n, np.int32)
        for level in range(growth.depth):
            f = chosen[tree, level]
            cut = np.searchsorted(cuts[f], thresholds[tree, level])
            where *= 2
            where += binned[f] > cut
        base += leaves[tree][where]
        each(tree)
    return Forest(chosen, thresholds, leaves)


def split(cols, leaf, slopes, at) -> tuple[int, int]:
    g, h = slopes
    size, growth = at
    best, found = -1.0, (next(iter(cols)), 0)
    bins = growth.bins
    base = leaf * bins
    for f, col in cols.items():
        key = base + col
        G = np.bincount(key, g, size * bins).reshape(size, bins).cumsum(1)
        H = np.bincount(key, h, size * bins).reshape(size, bins).cumsum(1)
        GR, HR = G[:, -1:] - G, H[:, -1:] - H
        gain = (G * G / (H + growth.ridge) + GR * GR / (HR + growth.ridge)).sum(0)[:-1]
        b = int(gain.argmax())
        if gain[b] > best:
            best, found = float(gain[b]), (int(f), b)
    return found


def said(forest: Forest, features: Array) -> Array:
    out = np.zeros(len(features), np.float32)
    for fs, ts, values in zip(forest.features, forest.thresholds, forest.leaves, strict=True):
        where = np.zeros(len(features), np.int32)
        for f, t in zip(fs, ts, strict=True):
            where = where * 2 + (features[:, f] > t)
        out += values[where]
    return out
