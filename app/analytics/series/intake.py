"""Counts events into the stretch of time that is open: a few additions each, on the path of every turn."""

from collections import deque
from collections.abc import Iterator
from functools import lru_cache

from app.analytics.series.cell import EVERYTHING, OTHER, Cell, Key
from app.analytics.series.slices import CELLS
from app.clock import Clock
from app.events import AttemptEnded, Event, Graded, Rewarded, SafetyFlagged, TurnEnded, TurnOpened
from app.stats.distinct import hashed
from app.vocabulary import Attempt, Receipt, Source, State, Turn

FINE = 5
"""Seconds of the shortest stretch."""

WORKSPACES = 200
"""Workspaces with figures of their own; those that come later are counted together."""

_UNREAD = 720
"""Stretches that wait to be read: an hour of them; then the oldest give way."""

FAILED = frozenset({State.FAILED, State.INCOMPLETE})
"""How a turn ends that failed its learner."""

_NO_ERRORS = frozenset({"ok", "abandoned", "outrun"})
"""Outcomes of calls that say nothing against the model."""


class Intake:
    """What this process counts. `key` hides who learners are (`stats/distinct.py`)."""

    def __init__(self, clock: Clock, key: bytes) -> None:
        self._clock, self._key = clock, key
        self._known = set[str]()
        self._open = dict[Key, Cell]()
        self.start = _start(clock.now())
        self._ends = self.start + FINE
        self._closed = deque[tuple[int, dict[Key, Cell]]](maxlen=_UNREAD)

    def hear(self, event: Event) -> None:
        """Counts an event."""
        if self._clock.now() >= self._ends:
            self._turn_over()
        match event:
            case TurnOpened():
                self._cell(EVERYTHING).sums["opened"] += 1
            case AttemptEnded():
                self._attempt(event)
            case TurnEnded(turn):
                self._turn(turn)
            case SafetyFlagged(_, turn):
                self._flagged(turn)
            case Rewarded():
                self._reward(event)
            case Graded():
                self._graded(event)

    def request(self, status: int, seconds: float) -> None:
        """Counts an HTTP request."""
        if self._clock.now() >= self._ends:
            self._turn_over()
        cell = self._cell(EVERYTHING)
        cell.sums["http.requests"] += 1
        if status >= 500:
            cell.sums["http.errors"] += 1
        cell.sketches["http.ms"].add(seconds * 1e3)

    def count(self, name: str, amount: float) -> None:
        """Adds to a sum of everything that somebody else has counted."""
        self._cell(EVERYTHING).sums[name] += amount

    def closed(self) -> list[tuple[int, dict[Key, Cell]]]:
        """The stretches that are over since this was asked last, each with its start; they are the caller's now."""
        if self._clock.now() >= self._ends:
            self._turn_over()
        found = [*self._closed]
        self._closed.clear()
        return found

    def opened(self, workspace: str | None) -> list[tuple[Key, Cell]]:
        """A workspace's cells of the stretch that is open; not to be changed."""
        return [(key, cell) for key, cell in self._open.items() if key.workspace == workspace]

    def leave(self) -> None:
        """Closes the stretch that is open before its time."""
        self._turn_over()

    def forget(self, known: set[str]) -> None:
        """Makes room for workspaces other than these, which are still seen."""
        self._known &= known

    def _turn_over(self) -> None:
        if self._open:
            self._closed.append((self.start, self._open))
            self._open = {}
        self.start = max(_start(self._clock.now()), self.start)
        self._ends = self.start + FINE

    def _cell(self, key: Key) -> Cell:
        cell = self._open.get(key)
        if cell is None:
            place = key if len(self._open) < CELLS else key.rest
            cell = self._open.setdefault(place, Cell())
        return cell

    def _whose(self, workspace: str) -> str:
        if workspace in self._known:
            return workspace
        if len(self._known) >= WORKSPACES:
            return OTHER
        self._known.add(workspace)
        return workspace

    def _both(self, workspace: str) -> Iterator[Cell]:
        yield self._cell(EVERYTHING)
        yield self._cell(Key(self._whose(workspace)))

    def _attempt(self, call: AttemptEnded) -> None:
        """A call's tokens and cost count for everything here: some calls are made for no turn."""
        attempt, usage = call.attempt, call.usage
        cell = self._cell(Key(None, "model", (attempt.provider, attempt.model)))
        _called(cell, attempt)
        cell.sketches["ms"].add(attempt.ms)
        if call.first_token_ms is not None and call.streamed:
            cell.sketches["first_token_ms"].add(call.first_token_ms)
            if attempt.output_tokens and attempt.ms > call.first_token_ms:
                cell.sums["written"] += attempt.output_tokens
                cell.sums["writing_s"] += (attempt.ms - call.first_token_ms) / 1e3
        for one in (cell, self._cell(EVERYTHING)):
            _add(one, "tokens.input", usage.input_tokens)
            _add(one, "tokens.cached", usage.cached_tokens)
            _add(one, "tokens.output", usage.output_tokens)
        _add(self._cell(EVERYTHING), "cost_usd", attempt.cost_usd)

    def _turn(self, turn: Turn) -> None:
        workspace = self._whose(turn.workspace)
        learner, session = hashed(turn.learner_id, self._key), hashed(turn.session_id, self._key)
        for whose in (None, workspace):
            cell = self._cell(Key(whose))
            _ended(cell, turn)
            cell.different["learners"].add(learner)
            cell.different["sessions"].add(session)
            task = self._cell(Key(whose, "task", (turn.task,)))
            task.sums["count"] += 1
            if turn.state in FAILED:
                task.sums["failures"] += 1
            if turn.timing.total_ms is not None:
                task.sketches["total_ms"].add(turn.timing.total_ms)
            for decision in turn.decisions:
                if decision.experiment is not None:
                    self._cell(Key(whose, "experiment", (decision.experiment, decision.arm))).sums["count"] += 1
        self._of_workspace(workspace, turn)

    def _flagged(self, turn: Turn) -> None:
        for cell in self._both(turn.workspace):
            cell.sums["flagged"] += 1

    def _of_workspace(self, workspace: str, turn: Turn) -> None:
        cell = self._cell(Key(workspace))
        _add(cell, "tokens.input", turn.usage.input_tokens)
        _add(cell, "tokens.cached", turn.usage.cached_tokens)
        _add(cell, "tokens.output", turn.usage.output_tokens)
        for attempt in turn.attempts:
            _called(self._cell(Key(workspace, "model", (attempt.provider, attempt.model))), attempt)
            _add(cell, "cost_usd", attempt.cost_usd)

    def _reward(self, event: Rewarded) -> None:
        reward, turn = event.reward, event.turn
        if reward.source is Source.FEEDBACK:
            for cell in self._both(turn.workspace):
                cell.sums["feedback"] += 1
                cell.sums["helpful"] += reward.value
        for decision in turn.decisions:
            if decision.experiment is not None:
                for whose in (None, self._whose(turn.workspace)):
                    arm = self._cell(Key(whose, "experiment", (decision.experiment, decision.arm)))
                    arm.sums[f"rewards.{reward.source}"] += 1
                    arm.sums[f"reward.{reward.source}"] += reward.value

    def _graded(self, event: Graded) -> None:
        for cell in self._both(event.workspace):
            cell.sums["answers"] += len(event.answers)
            cell.sums["correct"] += sum(answer.correct for answer in event.answers)
            _add(cell, "gain", event.gain)


def _ended(cell: Cell, turn: Turn) -> None:
    sums, sketches, timing = cell.sums, cell.sketches, turn.timing
    sums["turns"] += 1
    for name, happened in (
        ("failures", turn.state in FAILED),
        ("degraded", turn.degraded),
        ("cached", turn.cached),
    ):
        if happened:
            sums[name] += 1
    for name, took in (
        ("first_token_ms", timing.first_token_ms),
        ("total_ms", timing.total_ms),
        ("overhead_ms", timing.overhead_ms),
        ("context_ms", timing.context_ms),
    ):
        if took is not None:
            sketches[name].add(took)
    if turn.receipt is not None:
        _context(cell, turn.receipt)
    if turn.reading.affect.label is not None:
        sums[f"affect.{turn.reading.affect.label}"] += 1


def _context(cell: Cell, receipt: Receipt) -> None:
    sums = cell.sums
    sums["context.tokens"] += receipt.tokens
    sums["context.full_tokens"] += receipt.full_tokens
    for layer in receipt.layers:
        tokens, full = _names(layer.name)
        sums[tokens] += layer.tokens
        sums[full] += layer.full_tokens


def _called(cell: Cell, attempt: Attempt) -> None:
    cell.sums["calls"] += 1
    if attempt.outcome not in _NO_ERRORS:
        cell.sums["errors"] += 1
        cell.sums[f"errors.{attempt.outcome}"] += 1
    _add(cell, "cost_usd", attempt.cost_usd)


def _add(cell: Cell, name: str, amount: float | None) -> None:
    if amount is not None:
        cell.sums[name] += amount


@lru_cache(64)
def _names(layer: str) -> tuple[str, str]:
    return f"layer.{layer}.tokens", f"layer.{layer}.full_tokens"


def _start(now: float) -> int:
    return int(now) // FINE * FINE
