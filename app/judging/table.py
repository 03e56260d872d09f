"""A judgement as people read it."""

from collections.abc import Iterable, Iterator

from app.choices.offline.entries import GAPS
from app.judging.verdicts import Verdict
from app.stats.offpolicy import Estimate


def table(found: Iterable[Verdict]) -> str:
    """What is told of each kind of choice, a line each."""
    return "\n".join(line for one in found for line in _lines(one))


def _lines(one: Verdict) -> Iterator[str]:
    told = one.judged
    support = "" if told.support is None else f", support {told.support:.2f}"
    yield (
        f"{one.choice}: {told.decisions:,} decisions of {told.learners:,} learners, "
        f"worth {told.effective:,.0f} of the candidate's own{support}"
    )
    if told.refused:
        yield f"  cannot be told: {told.refused}"
    if made := told.estimates:
        rows = {"the log": made.logged, "IPS": made.ips, "SNIPS": made.snips, "doubly robust": made.robust}
        for name, estimate in rows.items():
            yield f"  {name:14}{_interval(estimate)}"
        yield f"  {'gain':14}{_interval(made.gain)}   {_verdict(made.gain)}"
    for gap, count in sorted(one.gaps.items()):
        yield f"  left out: {count:,} {GAPS[gap]}"


def _interval(one: Estimate) -> str:
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"


def _verdict(gain: Estimate) -> str:
    if gain.low > 0:
        return "the candidate is better"
    return "the candidate is worse" if gain.high < 0 else "no difference is sure"
