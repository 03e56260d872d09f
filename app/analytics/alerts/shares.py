"""Who explains how much of a change: exact decompositions of sums and ratios by the values of a dimension.

After Bhagwan et al., "Adtributor: Revenue debugging in advertising systems", NSDI 2014: a value's share of the change
is its explanatory power; what tells it from others is how much more it explains than its part of the whole made one
expect (`lift`, where the paper has the Jensen-Shannon divergence of the dimension).
"""

from dataclasses import dataclass

from app.analytics.anomalies.minute import ALL, Label, Sums, labels


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sums over so many minutes."""

    sums: Sums
    minutes: int

    def of(self, name: str, label: Label = ALL) -> float:
        """A sum of it."""
        return self.sums.get((name, label), 0.0)

    def ratio(self, over: str, of: str, label: Label = ALL) -> float | None:
        """A mean or a share; `None` where there is nothing to divide by."""
        below = self.of(of, label)
        return self.of(over, label) / below if below > 0 else None


@dataclass(frozen=True, slots=True)
class Part:
    """What a value explains of the change, and its part of the whole before; `lift` is 1 where it explains all of what
    it was no part of, 0 where it did as everybody did."""

    label: Label
    share: float
    before: float

    @property
    def lift(self) -> float:
        """How much more it explains than its part made one expect, 0 to 1."""
        return min(max((min(self.share, 1.0) - self.before) / (1 - self.before), 0.0), 1.0) if self.before < 1 else 0.0


def of_sum(now: Stretch, base: Stretch, name: str, dimension: str) -> list[Part]:
    """Shares of the change of a sum a minute.

    >>> a, b = ("workspace", "a"), ("workspace", "b")
    >>> base = Stretch({("turns", ALL): 100.0, ("turns", a): 50.0, ("turns", b): 50.0}, 10)
    >>> now = Stretch({("turns", ALL): 60.0, ("turns", a): 10.0, ("turns", b): 50.0}, 10)
    >>> [(part.label[1], part.share, part.lift) for part in of_sum(now, base, "turns", "workspace")]
    [('a', 1.0, 1.0), ('b', -0.0, 0.0)]
    """
    change = now.of(name) / now.minutes - base.of(name) / base.minutes
    return [
        Part(
            label,
            _per(now.of(name, label) / now.minutes - base.of(name, label) / base.minutes, change),
            _per(base.of(name, label), base.of(name)),
        )
        for label in _either(now, base, name, dimension)
    ]


def of_ratio(now: Stretch, base: Stretch, ratio: tuple[str, str], dimension: str) -> list[Part]:
    """Shares of the change of a ratio: what a value does otherwise than before, and that more of it is there.

    >>> a, b = ("task", "a"), ("task", "b")
    >>> base = Stretch({("ms", a): 50.0, ("ms", b): 50.0, ("ms", ALL): 100.0}
    ...     | {("n", a): 5.0, ("n", b): 5.0, ("n", ALL): 10.0}, 10)
    >>> now = Stretch(dict(base.sums) | {("ms", a): 100.0, ("ms", ALL): 150.0}, 10)
    >>> [(part.label[1], part.share) for part in of_ratio(now, base, ("ms", "n"), "task")]
    [('a', 1.0), ('b', 0.0)]
    """
    over, of = ratio
    before, after = base.ratio(over, of), now.ratio(over, of)
    if before is None or after is None:
        return []
    found = []
    for label in _either(now, base, of, dimension):
        part, part_before = _per(now.of(of, label), now.of(of)), _per(base.of(of, label), base.of(of))
        usual = base.ratio(over, of, label)
        usual = before if usual is None else usual
        here = now.ratio(over, of, label)
        moved = (part - part_before) * (usual - before)
        changed = 0.0 if here is None else part * (here - usual)
        found.append(Part(label, _per(changed + moved, after - before), part_before))
    return found


def of_calls(now: Stretch, base: Stretch, name: str, dimension: str) -> list[Part]:
    """Shares of providers (or models) in the change of what calls take a turn, in time or money: `calls.ms`, `cost`.

    What a provider does otherwise than before is its own. That calls go elsewhere is put to those that fail more than
    before, as turns fall over from them; where nobody does, to those that are called more.
    """
    change = _per(now.of(name), now.of("turns")) - _per(base.of(name), base.of("turns"))
    there = _either(now, base, "calls", dimension)
    failing = {label: _more(now, base, "calls.failed", label) for label in there}
    moved = {label: _moved(now, base, name, label) for label in there}
    fails, gone = sum(failing.values()), sum(moved.values())
    found = []
    for label in there:
        elsewhere = gone * failing[label] / fails if fails >= _FALLS_OVER else moved[label]
        share = _per(_otherwise(now, base, name, label) + elsewhere, change)
        found.append(Part(label, share, _per(base.of(name, label), base.of(name))))
    return found


def of_failures(now: Stretch, base: Stretch, dimension: str) -> list[Part]:
    """Shares of providers (or models) in how many more turns go wrong: the calls of theirs that fail more than before,
    of all those, or of the turns that fail or are degraded where these are more."""
    more = {label: _more(now, base, "calls.failed", label) for label in _either(now, base, "calls", dimension)}
    wrong = sum(_more(now, base, name, ALL) for name in ("turns.failed", "turns.degraded"))
    whole = max(sum(more.values()), wrong)
    return [Part(label, _per(n, whole), _per(base.of("calls", label), base.of("calls"))) for label, n in more.items()]


_FALLS_OVER = 0.02
"""Calls a turn that fail more than before, from which on they are why calls go elsewhere."""


def _more(now: Stretch, base: Stretch, name: str, label: Label) -> float:
    """How much more of it there is a turn than before; 0 where there is less."""
    return max(_per(now.of(name, label), now.of("turns")) - _per(base.of(name, label), base.of("turns")), 0.0)


def _otherwise(now: Stretch, base: Stretch, name: str, label: Label) -> float:
    """What calls take more, a turn, because each takes more than before."""
    here, usual = now.ratio(name, "calls", label), base.ratio(name, "calls", label)
    if here is None or usual is None:
        return 0.0
    return _per(now.of("calls", label), now.of("turns")) * (here - usual)


def _moved(now: Stretch, base: Stretch, name: str, label: Label) -> float:
    """What calls take more, a turn, because there are more of them than before."""
    usual = base.ratio(name, "calls", label)
    each = now.ratio(name, "calls", label) if usual is None else usual
    more = _per(now.of("calls", label), now.of("turns")) - _per(base.of("calls", label), base.of("turns"))
    return more * (each or 0.0)


def _either(now: Stretch, base: Stretch, name: str, dimension: str) -> list[Label]:
    return sorted({*labels(now.sums, name, dimension), *labels(base.sums, name, dimension)})


def _per(value: float, whole: float) -> float:
    return value / whole if whole else 0.0
