"""What a learner was working on before this message."""

from collections.abc import Sequence

from app.providers.offline.formula import Equation
from app.providers.offline.hints import is_plain_number
from app.providers.offline.statements import Link, Statement, statements
from app.providers.offline.tree import symbols

_MOST_MESSAGES = 8


def open_problem(said: Sequence[str]) -> tuple[Statement | None, int]:
    """The latest equation or sum in earlier messages, newest last, and how many messages ago it was.

    >>> statement, ago = open_problem(["solve 2x = 6", "how?"])
    >>> [side.source for side in statement.sides], ago
    (['2x', '6'], 2)
    """
    for ago, message in enumerate(reversed(said[-_MOST_MESSAGES:]), 1):
        for statement in statements(message):
            if problem := _problem(statement):
                return problem, ago
    return None, 0


def _problem(statement: Statement) -> Statement | None:
    """The statement as something to solve or to work out: of `7*8 = 54` it is `7*8`."""
    if len(statement.sides) == 2 and any(symbols(side.node) for side in statement.sides):
        return None if Equation(*statement.sides).isolated else statement
    work = next((s for s in statement.sides if not symbols(s.node) and not is_plain_number(s.node)), None)
    return Statement((work,), Link.FIRST) if work else None
