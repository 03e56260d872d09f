"""Checks what a learner wrote in formulas: what holds, what does not, and where to look.

Says nothing where it is not sure what was meant.
"""

from app.providers.offline.findings import Finding, Work
from app.providers.offline.rewriting import rewriting
from app.providers.offline.steps import steps
from app.providers.offline.sums import attempt, right_numbers, to_work_out, wrong_numbers, zero_division
from app.providers.offline.tree import symbols


def needs_algebra(work: Work) -> bool:
    """Whether unknowns are involved: `check` then imports SymPy and takes milliseconds, so it belongs in a thread."""
    statements = (*work.now, work.problem) if work.problem else work.now
    return any(symbols(side.node) for statement in statements for side in statement.sides)


def check(work: Work) -> Finding | None:
    """The first thing worth saying about the work; `None` if there is nothing sure to say."""
    for look in (zero_division, wrong_numbers, attempt, steps, rewriting, right_numbers, to_work_out):
        if finding := look(work):
            return finding
    return None
