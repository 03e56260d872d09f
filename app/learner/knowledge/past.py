"""What is kept of a learner's answers, bounded: by skill, by item and overall. Features are told from it."""

from math import exp, isfinite, log1p
from typing import Any

from app.vocabulary import Answer

ITEMS, SKILLS = 512, 512
"""Items and skills that are remembered of a learner; the one met longest ago goes."""

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
"""Time windows, as those in which evidence falls to a third (after DAS3H: Choffin et al., EDM 2019)."""

_QUICK, _SLOW = 0.4, 0.12
"""Weights of the newest outcome in the two means of late."""


class Track:
    """Answers to one item, or in one skill, or all. `excess` sums how far they were above what others make of it;
    `quick` and `slow` are means of that of late; `bits` the last outcomes, the newest lowest."""

    __slots__ = (
        *("at", "bits", "excess", "helped", "item", "n"),
        *("quick", "right", "seen", "slow", "streak", "times", "windows"),
    )

    def __init__(self) -> None:
        self.n = 0
        self.right = 0
        self.helped = 0
        self.excess = 0.0
        self.quick = 0.0
        self.slow = 0.0
        self.bits = 0
        # Right answers in a row; below zero, wrong ones.
        self.streak = 0
        # The number of the learner's answer that was the last here, and when that was.
        self.seen = 0
        self.at: float | None = None
        # Answers and right ones within an hour, a day, a week; only where times are known.
        self.windows: list[float] | None = None
        # The item it was, of a skill.
        self.item: str | None = None
        # Mean logarithm of response times in seconds.
        self.times = 0.0

    def add(self, right: bool, over: float) -> None:
        """Counts an unaided answer that was `over` what others make of it."""
        self.n += 1
        self.excess += over
        self.quick += _QUICK * (over - self.quick)
        self.slow += _SLOW * (over - self.slow)
        self.bits = (self.bits << 1 | right) & 0xFF
        if right:
            self.right += 1
            self.streak = self.streak + 1 if self.streak > 0 else 1
        else:
            self.streak = self.streak - 1 if self.streak < 0 else -1

    @property
    def case(self) -> int:
        """How the last answer went: none, wrong, right (0, 1, 2)."""
        return 1 + (self.bits & 1) if self.n else 0

    def kept(self) -> list[object]:
        """As a list for JSON."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def of(cls, kept: list[Any]) -> "Track":
        """From such a list."""
        track = cls()
        for name, value in zip(cls.__slots__, kept, strict=True):
            setattr(track, name, value)
        return track


NONE = Track()
"""What is known of what was never met; not to be changed."""


class Past:
    """One learner's answers."""

    __slots__ = ("all", "answers", "before", "item", "items", "run", "skill", "skills")

    def __init__(self) -> None:
        self.answers = 0
        self.all = Track()
        self.skills: dict[str, Track] = {}
        self.items: dict[str, Track] = {}
        # The last skill and item, the item before, and how often in a row the last came.
        self.skill: str | None = None
        self.item: str | None = None
        self.before: str | None = None
        self.run = 0

    def cases(self, skill: str, item: str | None) -> tuple[int, int]:
        """How the last answers in this skill and to this item went."""
        here = self.skills.get(skill)
        there = self.items.get(item) if item is not None else None
        return (here.case if here is not None else 0, there.case if there is not None else 0)

    def update(self, answer: Answer, expected: float) -> None:
        """Takes in an answer that others would have got right with the chance `expected`."""
        at = moment(answer.at)
        practised = _last(self.skills, answer.skill, SKILLS)
        tracks = [self.all, practised]
        if answer.item is not None:
            tracks.append(_last(self.items, answer.item, ITEMS))
        unaided = not answer.shown and (answer.hints <= 0 or not answer.correct)
        over = answer.correct - expected
        for track in tracks:
            if unaided:
                track.add(answer.correct, over)
            else:
                track.helped += 1
        if at is not None:
            _window(practised, at, answer.correct and unaided)
        self.answers += 1
        pace = _pace(answer.response_ms)
        for track in tracks:
            track.seen = self.answers
            if at is not None:
                track.at = at
            if pace is not None:
                track.times += _QUICK * (pace - track.times)
        self.run = self.run + 1 if answer.item is not None and answer.item == self.item else 1
        self.before, self.skill, self.item = self.item, answer.skill, answer.item
        practised.item = answer.item

    def kept(self) -> list[object]:
        """As a list for JSON."""
        return [
            self.answers,
            self.all.kept(),
            [[key, *track.kept()] for key, track in self.skills.items()],
            [[key, *track.kept()] for key, track in self.items.items()],
            *(self.skill, self.item, self.before, self.run),
        ]

    @classmethod
    def of(cls, kept: list[Any]) -> "Past":
        """From such a list."""
        past = cls()
        past.answers, overall, skills, items, past.skill, past.item, past.before, past.run = kept
        past.all = Track.of(overall)
        past.skills = {key: Track.of(values) for key, *values in skills}
        past.items = {key: Track.of(values) for key, *values in items}
        return past


def moment(at: float | None) -> float | None:
    """A time that can be reckoned with."""
    return at if at is not None and isfinite(at) else None


def _pace(response_ms: float | None) -> float | None:
    """The logarithm of seconds, one second being 0; `None` for what is no time."""
    return log1p(response_ms / 1000.0) if response_ms is not None and 0.0 <= response_ms < 1e9 else None


def _last(tracks: dict[str, Track], key: str, most: int) -> Track:
    """The track of a key, which becomes the one met last."""
    track = tracks.pop(key, None)
    if track is None:
        track = Track()
        if len(tracks) >= most:
            del tracks[next(iter(tracks))]
    tracks[key] = track
    return track


def _window(track: Track, at: float, right: bool) -> None:
    counts = faded(track, at)
    counts[0] += 1.0
    counts[2] += 1.0
    counts[4] += 1.0
    if right:
        counts[1] += 1.0
        counts[3] += 1.0
        counts[5] += 1.0
    track.windows = counts


def faded(track: Track, at: float) -> list[float]:
    """Answers and right ones within the last hour, day and week, as they count at a time."""
    counts, last = track.windows, track.at
    if counts is None or last is None:
        return [0.0] * 6
    gap = max(0.0, at - last)
    hour, day, week = exp(-gap / HOUR), exp(-gap / DAY), exp(-gap / WEEK)
    a, b, c, d, e, f = counts
    return [a * hour, b * hour, c * day, d * day, e * week, f * week]
