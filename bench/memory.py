"""How well recall is foretold: `python -m bench memory [FOLDER]` on a log of reviews, cards held out.

The log (`card_id, review_rating, review_time, review_duration`) is played in the order of time, as a service sees it:
each review is foretold, then learned from. Scores are those of a third of the cards, by a hash of the card's id, once
for reviews a day or more after the one before, once for those within the day:

* a constant: the share recalled of the other cards;
* FSRS-6 with its published parameters as py-fsrs tells it, which counts whole days;
* the same with the time as it is;
* that with Platt scaling that is fitted once, on all reviews of the other cards (not causal: it has seen their future);
* ours, with weights that learn from the other cards only,
* ours as it runs: each card's own reviews are learned from as they come, always after they were foretold, and
* that with the calibration of its workspace, whose counts are as old as the last hundred reviews.

A bootstrap over cards says how sure the difference to FSRS with Platt scaling is.
"""

import csv
import gzip
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from math import exp, log
from pathlib import Path
from time import perf_counter

import fsrs

from app.learner.memory.cards import DAY, Rating, curve, log_odds
from app.learner.memory.memory import Memory, Review
from app.learner.memory.platt import IDENTITY, bin_of, calibrated, line
from bench.report import keep, skip, table

LOG = Path(__file__).parent.parent.parent / "shared" / "data" / "srs_revlog"
_RESAMPLES = 1_000
_ALL = 1_000_000
_FRESH = 100
_SCHEDULER = fsrs.Scheduler(enable_fuzzing=False)


@dataclass(frozen=True, slots=True)
class Case:
    """A review and what was foretold of it."""

    card: str
    right: bool
    long: bool
    said: dict[str, float]


class Workspace:
    """The counts by which a workspace calibrates."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._line, self._n = IDENTITY, 0

    def review(self, chance: float, *, right: bool) -> float:
        """A chance as it came true so far; then counts what came of it."""
        said = calibrated(chance, self._line)
        row = self._counts[bin_of(chance)]
        row[0] += 1
        row[1] += right
        self._n += 1
        if self._n % _FRESH == 0:
            self._line = line(self._counts)
        return said


def main(arguments: list[str]) -> None:
    """Plays the log and prints both tables."""
    path = Path(arguments[0] if arguments else LOG) / "train.csv.gz"
    if not path.exists():
        skip(f"there is no log of reviews at {path}")
    reviews = read(path)
    cases, micros = played(reviews)
    found: dict[str, object] = {"log": path.parent.name, "reviews": len(reviews), "us_per_review": round(micros, 1)}
    for long, title in ((True, "A day or more after the last review"), (False, "Within the day")):
        found["long" if long else "short"] = told(title, [case for case in cases if case.long is long])
    print(f"\n{micros:.0f} µs a review: foretold and learned from, its FSRS step included")
    keep("memory", found)


def read(path: Path) -> list[Review]:
    """The reviews of a log in the order of time."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [
            Review(row["card_id"], Rating(int(row["review_rating"])), _seconds(row["review_time"]))
            for row in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda review: review.at)


def held_out(card: str) -> bool:
    """Whether a card is one of the third that is scored."""
    return int(sha256(card.encode()).hexdigest(), 16) % 3 == 0


def played(reviews: Sequence[Review]) -> tuple[list[Case], float]:
    """Every review but each card's first with what the learning ones said of it; and µs a review of ours."""
    runs, apart, workspace, cases = Memory(_ALL), Memory(_ALL), Workspace(), []
    theirs: dict[str, fsrs.Card] = {}
    spent = 0.0
    for review in reviews:
        card, right = runs.cards.get(review.card), review.rating > Rating.AGAIN
        whole, real = _fsrs(theirs, review)
        apart_says = apart.review(review, learn=not held_out(review.card))
        began = perf_counter()
        says = runs.review(review)
        spent += perf_counter() - began
        if card is None or says is None or apart_says is None:
            continue
        said = {
            "FSRS-6, whole days": whole,
            "FSRS-6, real time": real,
            "ours, others' cards only": apart_says,
            "ours": says,
            "ours, calibrated": workspace.review(says, right=right),
        }
        cases.append(Case(review.card, right, card.days(review.at) >= 1.0, said))
    return cases, spent / len(reviews) * 1e6


def _fsrs(cards: dict[str, fsrs.Card], review: Review) -> tuple[float, float]:
    """What py-fsrs has of a card before a review, by whole days and with the time as it is; then it reviews it."""
    moment, card = datetime.fromtimestamp(review.at, UTC), cards.get(review.card, fsrs.Card(card_id=0))
    days, stability = 0.0, card.stability or 1.0
    if card.last_review is not None:
        days = max((moment - card.last_review).total_seconds(), 0.0) / DAY
    cards[review.card], _ = _SCHEDULER.review_card(card, fsrs.Rating(review.rating), moment)
    return curve(float(int(days)), stability), curve(days, stability)


def told(title: str, cases: Sequence[Case]) -> dict[str, object]:
    """Prints the scores of the held-out cards among these; gives them."""
    fitted = [case for case in cases if not held_out(case.card)]
    scored = [case for case in cases if held_out(case.card)]
    rate = sum(case.right for case in fitted) / len(fitted)
    base = "FSRS-6, whole days" if scored[0].long else "FSRS-6, real time"
    offset, slope = platt([(log_odds(case.said[base]), case.right) for case in fitted])
    models: dict[str, Callable[[Case], float]] = {
        "constant": lambda case: rate,
        "FSRS-6, whole days": lambda case: case.said["FSRS-6, whole days"],
        "FSRS-6, real time": lambda case: case.said["FSRS-6, real time"],
        "FSRS-6 + Platt": lambda case: _chance(offset + slope * log_odds(case.said[base])),
        "ours, others' cards only": lambda case: case.said["ours, others' cards only"],
        "ours": lambda case: case.said["ours"],
        "ours, calibrated": lambda case: case.said["ours, calibrated"],
    }
    found = {name: scores(scored, model) for name, model in models.items()}
    head = ("", "log loss", "AUC", "ECE")
    rows = [(name, *(f"{score[key]:.4f}" for key in ("log_loss", "auc", "ece"))) for name, score in found.items()]
    table(f"{title}: {len(scored):,} reviews, {sum(c.right for c in scored) / len(scored):.1%} recalled", head, rows)
    low, high = interval(scored, models["FSRS-6 + Platt"], models["ours, calibrated"])
    print(f"ours, calibrated, less FSRS-6 + Platt: log loss {low:+.4f} to {high:+.4f} (95 %, bootstrap over cards)")
    return {"reviews": len(scored), **found, "difference_to_platt": [low, high]}


def scores(cases: Sequence[Case], model: Callable[[Case], float]) -> dict[str, float]:
    """Log loss, AUC and calibration error (15 bins) of a model."""
    said = [min(max(model(case), 1e-6), 1 - 1e-6) for case in cases]
    right = [case.right for case in cases]
    losses = [-log(p if r else 1 - p) for p, r in zip(said, right, strict=True)]
    return {"log_loss": sum(losses) / len(losses), "auc": _auc(said, right), "ece": _ece(said, right)}


def platt(rows: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """The line in log odds that fits best, by Newton's method."""
    rate = sum(right for _, right in rows) / len(rows)
    offset, slope = log_odds(rate), 0.0
    for _ in range(30):
        pull = tilt = oo = os = 0.0
        ss = 1e-9
        for x, right in rows:
            chance = _chance(offset + slope * x)
            error, bend = right - chance, chance * (1 - chance)
            pull, tilt, oo, os, ss = pull + error, tilt + error * x, oo + bend, os + bend * x, ss + bend * x * x
        det = oo * ss - os * os
        offset, slope = offset + (ss * pull - os * tilt) / det, slope + (oo * tilt - os * pull) / det
    return offset, slope


def interval(
    cases: Sequence[Case], one: Callable[[Case], float], other: Callable[[Case], float]
) -> tuple[float, float]:
    """The middle 95 % of the difference in log loss over resamples of cards."""
    by_card: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for case in cases:
        first, second = (min(max(m(case), 1e-6), 1 - 1e-6) for m in (one, other))
        sums = by_card[case.card]
        sums[0] += -log(second if case.right else 1 - second) + log(first if case.right else 1 - first)
        sums[1] += 1
    chance, cards, means = random.Random(1), list(by_card.values()), []
    for _ in range(_RESAMPLES):
        drawn = chance.choices(cards, k=len(cards))
        means.append(sum(d for d, _ in drawn) / sum(n for _, n in drawn))
    means.sort()
    return means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]


def _auc(said: Sequence[float], right: Sequence[bool]) -> float:
    order = sorted(range(len(said)), key=said.__getitem__)
    ranks, start = [0.0] * len(said), 0
    edges = [n + 1 for n, (i, j) in enumerate(pairwise(order)) if said[i] != said[j]]
    for end in (*edges, len(order)):
        for place in order[start:end]:
            ranks[place] = (start + end + 1) / 2
        start = end
    ones = sum(right)
    above = sum(rank for rank, r in zip(ranks, right, strict=True) if r) - ones * (ones + 1) / 2
    return above / (ones * (len(right) - ones))


def _ece(said: Sequence[float], right: Sequence[bool], bins: int = 15) -> float:
    sums: defaultdict[int, float] = defaultdict(float)
    for p, r in zip(said, right, strict=True):
        sums[min(int(p * bins), bins - 1)] += p - r
    return sum(map(abs, sums.values())) / len(said)


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + exp(-max(min(odds, 30.0), -30.0)))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    main(sys.argv[1:])
