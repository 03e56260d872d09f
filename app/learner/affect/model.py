"""The label of a text: hashed words (logistic regression) mixed with a small convolution over word vectors.

Trained by `bench/affect_train.py`; `affect.npz` holds numbers only, no words. But for one maximum both parts are
linear in the words, so that what a word adds is known before the text: it is kept for the words last seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from math import exp
from typing import Any

import numpy as np

from app.learner.affect.words import LABELS, WHOLE, buckets, key, pairs, spans, words
from app.vocabulary import Span
from app.vocabulary.ends import ends

_KEPT = 16_384
"""Words whose numbers are kept; when there are more, all are forgotten."""

_CAUSES = 3
_CAUSE_FROM = 0.15
"""Share of what speaks for the label that a word must bring to be named."""

_READ = 350
"""Characters from either end of a text that are read, about the 128 words that count; pasted text stands between."""

_UNKNOWN = 1
_VALENCE = (-1.0, 1.0, 0.0, 0.0, -1.0, -1.0, 1.0, 0.0)
"""How pleasant each label is (Russell 1980, doi 10.1037/h0077714), in the order of `LABELS`."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Felt:
    """The likeliest label and the chance that it is right; `chances` are those of all labels, in their order."""

    label: str
    confidence: float
    chances: tuple[float, ...]

    @property
    def valence(self) -> float:
        """How pleasant it is, from -1 to 1."""
        return sum(chance * pleasant for chance, pleasant in zip(self.chances, _VALENCE, strict=True))

    def of(self, *labels: str) -> float:
        """The chance that it is one of these."""
        return sum(self.chances[LABELS.index(label)] for label in labels)


class Model:
    """Reads texts. Not for several threads at once."""

    def __init__(self, data: bytes) -> None:
        """`data` is what `bench.affect_fit.packed` gives."""
        m = np.load(BytesIO(data), allow_pickle=False)
        share = m["share"]
        self._wide, self._wide_scale = m["wide"], m["wide_scale"] * (1 - share)
        self._bias = m["wide_bias"] * (1 - share) + m["out_bias"] * share
        self._rows = {int(k): n for n, k in enumerate(m["keys"]) if n > _UNKNOWN}
        self._vectors, self._scale = m["words"], m["words_scale"]
        self._width = self._vectors.shape[1]
        # One product gives what a word adds to a filter as the word before, at and after the middle.
        self._filter = np.ascontiguousarray(np.concatenate(list(m["filter"].astype(np.float32)), axis=1))
        self._filters = m["filter_bias"].shape[0]
        self._filter_bias = m["filter_bias"]
        out = m["out"].astype(np.float32) * share
        self._filter_out, self._words_out = out[: self._filters], out[self._filters :]
        self._offset, self._warmth = m["offset"].tolist(), float(m["warmth"])
        self._places: dict[str, int] = {}
        self._known = np.zeros((_KEPT, len(LABELS) + self._width), np.float32)

    def read(self, text: str) -> Felt | None:
        """What a text says of its writer; `None` for one without words."""
        found = words(ends(text, _READ))
        return self._felt(found)[0] if found else None

    def causes(self, text: str) -> tuple[Span, ...]:
        """The words that speak most for a text's label, strongest first, three at most."""
        excerpt = ends(text, _READ)
        found, places = words(excerpt), spans(excerpt)
        if not found or len(found) != len(places):  # a few letters are longer in lower case
            return ()
        felt, parts = self._felt(found)
        label = LABELS.index(felt.label)
        strong = self._spoken_for(label, parts)
        total = strong[strong > 0].sum()
        order = [int(n) for n in np.argsort(-strong)[:_CAUSES] if strong[n] >= _CAUSE_FROM * total > 0]
        left_out = len(text) - len(excerpt)
        strongest = (slice(*(at + left_out * (at > _READ) for at in places[n])) for n in order)
        return tuple(dict.fromkeys(Span(at.start, at.stop, text[at]) for at in strongest))

    def _felt(self, found: Sequence[str]) -> tuple[Felt, "_Parts"]:
        known, size, root = self._known[self._slots(found)], len(LABELS), len(found) ** -0.5
        two = self._wide[list(pairs(found))]
        filtered = self._filtered(known[:, size:])
        top = filtered.max(0)
        np.maximum(top, 0, out=top)
        total = known.sum(0) * root
        wide = total[:size] + two.sum(0) * (WHOLE * root * self._wide_scale)
        scores = (wide + self._bias + top @ self._filter_out + total[size:] @ self._words_out).tolist()
        best = max(range(size), key=lambda n: scores[n] + self._offset[n])
        chances = _chances(scores, self._warmth)
        return Felt(LABELS[best], chances[best], chances), _Parts(
            known, two * (WHOLE * self._wide_scale), filtered, root
        )

    def _filtered(self, vectors: Array) -> Array:
        """The value of each filter at each word."""
        n, f = len(vectors), self._filters
        each = vectors @ self._filter
        found: Array = each[:, f : 2 * f] + self._filter_bias
        if n > 1:
            found[1:] += each[:-1, :f]
            found[:-1] += each[1:, 2 * f :]
        return found

    def _spoken_for(self, label: int, parts: "_Parts") -> Array:
        """What each word adds to a label over what it adds to labels in the middle."""
        size = len(LABELS)
        wide = parts.known[:, :size].copy()
        if len(wide) > 1:
            wide[:-1] += parts.pairs / 2
            wide[1:] += parts.pairs / 2
        filters, words_ = (out[:, label] - out.mean(1) for out in (self._filter_out, self._words_out))
        found: Array = (wide[:, label] - wide.mean(1) + parts.known[:, size:] @ words_) * parts.root
        np.add.at(found, parts.filtered.argmax(0), np.maximum(parts.filtered.max(0), 0) * filters)
        return found

    def _slots(self, found: Sequence[str]) -> list[int]:
        places = self._places
        try:
            return [places[word] for word in found]
        except KeyError:
            return self._learn(found)

    def _learn(self, found: Sequence[str]) -> list[int]:
        """Works out the words that are new."""
        places = self._places
        if len(places) + len(found) > _KEPT:
            places.clear()
        for word in found:
            if word not in places:
                slot = places[word] = len(places)
                row = self._rows.get(key(word), _UNKNOWN)
                whole, *pieces = buckets(word)
                wide = (WHOLE * self._wide[whole].astype(np.int32) + self._wide[pieces].sum(0)) * self._wide_scale
                self._known[slot, : len(LABELS)] = wide
                self._known[slot, len(LABELS) :] = self._vectors[row] * self._scale
        return [places[word] for word in found]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a text's scores are made of: words, pairs of words, filters at each word, the scale of its length."""

    known: Array
    pairs: Array
    filtered: Array
    root: float


def _chances(scores: Sequence[float], warmth: float) -> tuple[float, ...]:
    """Probabilities by softmax: eight numbers are faster without NumPy."""
    highest = max(scores)
    weights = [exp(warmth * (score - highest)) for score in scores]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


@cache
def shipped() -> Model:
    """The model that comes with the package, loaded when it is first asked for."""
    return Model(files("app.learner.affect").joinpath("affect.npz").read_bytes())
