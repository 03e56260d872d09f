"""Four weeks of hours, of everything and of each workspace: what forecasts of days rest on."""

from app.analytics.series.cell import Cell, Key
from app.analytics.series.history import History
from app.analytics.series.slices import Slice

HOUR = 3_600
KEPT = 28 * 24
"""Hours at hand."""

_SERIES = 600
_SUMMED = ("turns", "tokens.input", "tokens.output", "cost_usd", "failures")
"""What is kept of a workspace's hour; of everything all is, quantiles too."""


class Hours:
    """The hours that are over."""

    def __init__(self) -> None:
        self._history = History(KEPT, _SERIES)

    def note(self, start: int, one: Slice) -> None:
        """Keeps what was counted in an hour."""
        for key, cell in one.wholes():
            tokens = cell.sums.get("tokens.input", 0.0) + cell.sums.get("tokens.output", 0.0)
            sums = {"turns": cell.sums.get("turns", 0.0), "cost_usd": cell.sums.get("cost_usd", 0.0)}
            self._history.note(start // HOUR, key, {**sums, "tokens": tokens})

    def last(self, name: str, workspace: str | None, until: float) -> list[float]:
        """The `turns`, `tokens` or `cost_usd` of each hour, from the first that is known to the last that was over by
        then; hours of which nothing was told are zero: nobody came."""
        values = self._history.last((Key(workspace), name), int(until) // HOUR, KEPT)
        return since_first(values)


def since_first(values: list[float | None]) -> list[float]:
    """Values from the first known one on, unknown ones as zero.

    >>> since_first([None, None, 3.0, None, 4.0])
    [3.0, 0.0, 4.0]
    """
    first = next((at for at, value in enumerate(values) if value is not None), len(values))
    return [value or 0.0 for value in values[first:]]


def long(one: Slice) -> Slice:
    """What is kept of an hour for long."""
    made = Slice()
    for key, cell in one.wholes():
        made.add(key, cell if key.workspace is None else _summed(cell))
    return made


def _summed(cell: Cell) -> Cell:
    found = Cell()
    found.sums.update({name: cell.sums[name] for name in _SUMMED if name in cell.sums})
    return found
