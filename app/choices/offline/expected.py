"""What an arm is expected to earn in a context, from learners other than the one it is asked about: pure.

Means by arm and context, each drawn towards that of the wider context above it by as much as `_PRIOR` observations
weigh (empirical Bayes, Efron & Morris 1975). Learners are dealt to folds, and what is expected of a learner is from the
other folds, so that nobody's luck is taken for knowledge (cross-fitting, Chernozhukov et al. 2018).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.choices.experiments.assign import lot
from app.choices.offline.entries import Entry

FOLDS = 5
_PRIOR = 10.0


@dataclass(slots=True)
class _Seen:
    """Counts and sums of rewards by fold."""

    n: list[float] = field(default_factory=lambda: [0.0] * FOLDS)
    total: list[float] = field(default_factory=lambda: [0.0] * FOLDS)

    def add(self, fold: int, reward: float) -> None:
        self.n[fold] += 1
        self.total[fold] += reward

    def drawn(self, fold: int, towards: float) -> float:
        """The mean of all other folds, drawn towards a value."""
        n, total = sum(self.n) - self.n[fold], sum(self.total) - self.total[fold]
        return (total + _PRIOR * towards) / (n + _PRIOR)


class Expected:
    """What is known of arms."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._all = _Seen()
        for entry in entries:
            fold = fold_of(entry.learner)
            self._all.add(fold, entry.reward)
            for place in _places(entry.context):
                self._seen.setdefault((place, entry.arm), _Seen()).add(fold, entry.reward)

    def of(self, entry: Entry, arm: str) -> float:
        """What an arm would earn in the place of the one that was chosen."""
        fold = fold_of(entry.learner)
        value = self._all.drawn(fold, 0.5)
        for place in _places(entry.context):
            if (seen := self._seen.get((place, arm))) is None:
                return value
            value = seen.drawn(fold, value)
        return value


def fold_of(learner: str) -> int:
    """Which fold a learner is in."""
    return int(lot("fold", learner) * FOLDS)


def _places(context: str) -> tuple[str, ...]:
    """A context and those above it, the widest first.

    >>> _places("practice/algebra/even/weak")
    ('', 'practice', 'practice/algebra', 'practice/algebra/even', 'practice/algebra/even/weak')
    """
    parts = context.split("/")
    return ("", *("/".join(parts[: n + 1]) for n in range(len(parts))))
