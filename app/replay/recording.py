"""What is to be played: an index of the lines of each dialogue, so that a large recording is never in memory."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import ReplayError
from app.replay.lines import LINE_LIMIT, BadLine, Utterance, parsed
from app.replay.sources import Place, Source, lines

_NAMED = 10
"""Bad lines and unknown fields that are named."""


@dataclass(slots=True)
class Dialogue:
    """The lines of one dialogue, in order. What it is about is what its first lines say of that."""

    learner_id: str
    session: str | None
    subject: str | None = None
    goal: str | None = None
    _files: list[tuple[int, Source]] = field(default_factory=list)
    _offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    _numbers: "array[int]" = field(default_factory=lambda: array("L"))

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, place: Place, said: Utterance) -> None:
        """Takes a line in at the end."""
        self.subject, self.goal = self.subject or said.subject, self.goal or said.goal
        if not self._files or self._files[-1][1] is not place.source:
            self._files.append((len(self), place.source))
        self._offsets.append(place.offset)
        self._numbers.append(place.number)

    def place(self, n: int) -> Place:
        """Where line `n` is, counted from 0."""
        source = next(source for start, source in reversed(self._files) if start <= n)
        return Place(source, self._offsets[n], self._numbers[n])


@dataclass(slots=True)
class Recording:
    """All dialogues, in the order in which they begin; `complaints` name the first of the `bad` lines that cannot be
    played, `unknown` some of the fields that are not looked at."""

    dialogues: list[Dialogue] = field(default_factory=list)
    bad: int = 0
    complaints: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    @property
    def turns(self) -> int:
        """Lines to be played."""
        return sum(map(len, self.dialogues))

    def refuse(self, place: Place, why: BadLine) -> None:
        """Notes a line that cannot be played."""
        self.bad += 1
        if self.bad <= _NAMED:
            self.complaints.append(f"{place}: {why}")


def index(sources: Sequence[Source], limit: int | None) -> Recording:
    """Reads every line once and notes where it is; of a dialogue at most `limit` lines are to be played."""
    dialogues: dict[tuple[str, str | None], Dialogue] = {}
    recording = Recording()
    for source in sources:
        for place, raw in lines(source):
            try:
                said = parsed(raw, first=place.number == 1)
            except BadLine as error:
                recording.refuse(place, error)
                continue
            if said is None:
                continue
            if said.model_extra and len(recording.unknown) < _NAMED:
                recording.unknown.update(said.model_extra)
            dialogue = dialogues.setdefault(said.dialogue, Dialogue(*said.dialogue))
            if limit is None or len(dialogue) < limit:
                dialogue.add(place, said)
    recording.dialogues = list(dialogues.values())
    return recording


def utterance(place: Place) -> Utterance:
    """The line at a place; `ReplayError` when it is no longer the one that was there."""
    try:
        with place.source.path.open("rb") as file:
            file.seek(place.offset)
            said = parsed(file.readline(LINE_LIMIT + 1), first=place.number == 1)
    except (OSError, BadLine) as error:
        raise ReplayError(f"{place}: was changed while it was played ({error})") from error
    if said is None:
        raise ReplayError(f"{place}: was changed while it was played")
    return said
