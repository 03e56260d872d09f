"""How well posts that cannot wait are told from others: AUC on posts that were held out.

    masterx bench urgency
    masterx bench urgency [--train LABELLED.csv[.gz]] --predict IN.csv[.gz] OUT.csv

Posts of learners in online courses with a human judgement of their urgency, 1 to 7 (Švábenský et al. 2023, doi
10.5281/zenodo.8115790); urgent is 4 and more. Five folds by the hash of the post's id, so that each post is judged by a
model that has not seen it; the interval is a bootstrap over posts. Nothing fitted on these posts ships: a deployment
labels some of its own, in a file with the columns id, text and urgency, and gives it as `--train`. `--predict` writes
the chance that a post is urgent, a line each, as a number from 0 to 1.
"""

import argparse
import csv
import gzip
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np

from app.learner.affect.model import shipped
from app.learner.affect.words import LABELS
from bench.report import keep, skip, table

DATA = Path(__file__).parents[2] / "shared" / "data" / "mooc_urgency" / "train.csv.gz"
_URGENT = 4.0
_FOLDS = 5
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[a-z']+")
_CUES = (
    *(
        "help",
        "please",
        "urgent",
        "error",
        "problem",
        "issue",
        "can't",
        "cannot",
        "unable",
        "wrong",
        "stuck",
        "why",
        "how",
    ),
    *(
        "what",
        "when",
        "where",
        "deadline",
        "submit",
        "submitted",
        "quiz",
        "exam",
        "grade",
        "score",
        "certificate",
        "link",
    ),
    *(
        "video",
        "access",
        "download",
        "thanks",
        "hi",
        "agree",
        "confused",
        "understand",
        "anyone",
        "staff",
        "instructor",
    ),
    *("still", "yet", "fix", "missing", "incorrect", "answer", "question"),
)
Tell = Callable[[Sequence[str]], Any]
"""The chance of each text to be urgent."""


@dataclass(frozen=True)
class Posts:
    """Texts with their urgency, 1 to 7; `fold` by the hash of their id."""

    texts: Sequence[str]
    urgency: Any
    fold: Any

    @property
    def urgent(self) -> Any:
        """Which of them cannot wait, as zeros and ones."""
        return (self.urgency >= _URGENT).astype(int)


def load(path: Path = DATA) -> Posts:
    """The posts in a file with the columns id, text and urgency."""
    rows = list(_rows(path))
    return Posts(
        [row["text"] for row in rows],
        np.array([float(row["urgency"]) for row in rows]),
        np.array([crc32(f"post {row['id']}".encode()) % _FOLDS for row in rows]),
    )


def by_length(texts: Sequence[str], urgent: Any) -> Tell:
    """Longer is more urgent."""
    return lambda some: np.array([len(text) for text in some]) / 1e5


def tfidf(texts: Sequence[str], urgent: Any) -> Tell:
    """Words, pairs of words and pieces of words with logistic regression: the best that was measured before."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return _regression(texts, urgent, TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True))


def ours(texts: Sequence[str], urgent: Any) -> Tell:
    """The same with what tf-idf throws away (question and exclamation marks, one-letter words, numbers), and again with
    how each sentence feels and how the post is written beside it; the mean of the two."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    pattern = r"[a-zA-Z']+|[?!]+|\d+"
    words = partial(TfidfVectorizer, ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=pattern)
    manner = make_pipeline(FunctionTransformer(_manner), StandardScaler(), FunctionTransformer(_times_a_little))
    tells = (_regression(texts, urgent, words(), strength=2), _regression(texts, urgent, words(), manner, strength=5))
    return lambda some: sum(tell(some) for tell in tells) / len(tells)


def _regression(texts: Sequence[str], urgent: Any, *parts: Any, strength: float = 10) -> Tell:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=60_000)
    regression = LogisticRegression(C=strength, solver="liblinear", tol=1e-3, class_weight="balanced")
    model = make_pipeline(make_union(*parts, pieces), regression).fit(list(texts), urgent)
    return lambda some: model.predict_proba(list(some))[:, 1]


def _manner(texts: Sequence[str]) -> Any:
    """A row for each post: the mean and the highest chance of each feeling over its first twelve sentences; its length,
    marks, capitals and digits; whether it ends with a question; which of a few words it has."""
    return np.array([_feelings(text) + _writing(text) for text in texts])


def _feelings(text: str) -> list[float]:
    read = (shipped().read(sentence) for sentence in _SENTENCE.split(text)[:12])
    felt = np.array([one.chances for one in read if one] or [[1 / len(LABELS)] * len(LABELS)])
    return [*felt.mean(0), *felt.max(0)]


def _writing(text: str) -> list[float]:
    lower, size = text.lower(), max(1, len(text))
    found = set(_WORD.findall(lower))
    shares = (sum(map(str.isupper, text)) / size, sum(map(str.isdigit, text)) / size)
    marks = (
        float(text.count("?")),
        float(text.count("!")),
        float(lower.rstrip().endswith("?")),
        float("http" in lower),
    )
    return [float(np.log1p(len(text))), *shares, *marks, *(float(word in found) for word in _CUES)]


def _times_a_little(rows: Any) -> Any:
    return rows * 0.07


WAYS: dict[str, Callable[[Sequence[str], Any], Tell]] = {
    "length": by_length,
    "tf-idf, logistic regression": tfidf,
    "ours": ours,
}


def bench() -> None:
    """All ways on the same folds."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    posts, rows, told = load(), {}, {}
    for name, way in WAYS.items():
        chance, took = np.zeros(len(posts.texts)), 0.0
        for fold in range(_FOLDS):
            away = np.flatnonzero(posts.fold == fold)
            known = np.flatnonzero(posts.fold != fold)
            tell = way([posts.texts[i] for i in known], posts.urgent[known])
            began = perf_counter()
            chance[away] = tell([posts.texts[i] for i in away])
            took += perf_counter() - began
        told[name] = chance
        rows[name] = {
            "auc": float(roc_auc_score(posts.urgent, chance)),
            "interval": _interval(posts.urgent, chance),
            "folds": [float(roc_auc_score(posts.urgent[f], chance[f])) for f in _each(posts)],
            "precision": float(average_precision_score(posts.urgent, chance)),
            "us": took / len(chance) * 1e6,
        }
    found = [
        [
            *(name, f"{r['auc']:.3f}", "{:.3f}–{:.3f}".format(*r["interval"])),
            *(f"{np.mean(r['folds']):.3f}", f"{r['precision']:.3f}", f"{r['us']:.0f}"),
        ]
        for name, r in rows.items()
    ]
    head = ["", "AUC", "95 %", "mean of folds", "average precision", "µs a post"]
    table(f"Urgency, {len(posts.texts)} posts, {posts.urgent.mean():.0%} urgent", head, found)
    keep("urgency", {"posts": len(posts.texts), "rows": rows})


def _each(posts: Posts) -> list[Any]:
    return [posts.fold == fold for fold in range(_FOLDS)]


def _interval(urgent: Any, chance: Any) -> tuple[float, float]:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    drawn = (rng.integers(0, len(urgent), len(urgent)) for _ in range(300))
    low, high = np.percentile([roc_auc_score(urgent[d], chance[d]) for d in drawn], (2.5, 97.5))
    return float(low), float(high)


def _rows(path: Path) -> Any:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def predict(train: Path, given: Path, written: Path) -> None:
    """The chances of a file's posts by a model that is fitted on another file."""
    posts = load(train)
    chances = ours(posts.texts, posts.urgent)([row["text"] for row in _rows(given)])
    written.write_text("".join(f"{chance:.6f}\n" for chance in chances), "utf-8")


def main(arguments: list[str]) -> None:
    """Runs the bench, or judges a file."""
    parser = argparse.ArgumentParser(prog="masterx bench urgency", description=__doc__)
    parser.add_argument("--train", type=Path, default=DATA)
    parser.add_argument("--predict", type=Path, nargs=2, metavar=("IN", "OUT"))
    given = parser.parse_args(arguments)
    if not given.train.exists():
        skip("no labelled posts beside the repository (../shared/data); give yours as --train")
    if given.predict:
        predict(given.train, *given.predict)
    else:
        bench()
