"""`masterx weights`: what the layers of context are worth, for an operator, and the next policy as a file."""

from pathlib import Path

from app.bootstrap import Records
from app.policy import load
from app.policy_file import write_next
from app.weighing import Judgement, Row, Weighing


async def judged(records: Records, policy: Path) -> Judgement:
    """What the ratings of all workspaces show under the policy in this file."""
    return await Weighing(records.worths, records.sessions).judge(load(policy))


def table(found: Judgement) -> str:
    """The judgement as text: a line for each layer and task, then the weights."""
    lines = [f"{'layer':14} {'left':>5} {'task':18} {'whole':>7} {'shrunk':>7}   worth [95 % interval]"]
    lines += [_line(row) for row in found.rows]
    if not found.rows:
        lines = ["no rated turn has shown anything under this policy yet (context.explore, feedback on turns)"]
    moved = [
        f"  {name} = {weight}{'' if weight == found.weights[name] else f'  (was {found.weights[name]})'}"
        for name, weight in found.proposed.items()
    ]
    return "\n".join([*lines, "", "weights that follow", *moved])


def _line(row: Row) -> str:
    one = row.worth
    said = "too few" if one is None else f"{one.estimate:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
    return f"{row.layer:14} {row.factor:>5.0%} {row.task or '(all)':18} {row.whole:>7} {row.shrunk:>7}   {said}"


def write(found: Judgement, policy: Path, file: Path) -> str:
    """Writes the policy with the weights that follow and the next version; says so. A file that is there already is not
    overwritten; without a weight that moves nothing is written."""
    if dict(found.proposed) == {name: found.weights[name] for name in found.proposed}:
        return "nothing written: no weight moves"
    return write_next(policy, ("context.weights", found.proposed), file, f"weights --write {file}")
