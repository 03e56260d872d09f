"""A class as a whole: its skills, and what went wrong this week. Pure; aggregates, no names."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.teaching.cards import WEEK, Card
from app.teaching.rows import Row
from app.teaching.signs import Look, cells_of

WEAK = 0.6
"""Mastery below which a skill is weak: little better than before the first answer (`learner.curve.UNSEEN`)."""

_MISSED = 12
_SKILLS = 500

Missed = tuple[str, str | None]
"""A skill and an item of it, where one was named."""


@dataclass(frozen=True, slots=True)
class SkillSeen:
    """How `learners` who answered a skill stand on it: by band of mastery, on average, and how many are stuck."""

    skill: str
    learners: int
    mean: float
    weak: int
    growing: int
    strong: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Misconception:
    """What went wrong most this week: an item (or a skill, where answers name none) with its wrong answers, the tries,
    and how many learners got it wrong."""

    skill: str
    item: str | None
    learners: int
    wrong: int
    tries: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole class."""

    learners: int
    active: int
    answers: int
    wrong: int
    stuck: int
    at_risk: int
    skills: tuple[SkillSeen, ...]
    misconceptions: tuple[Misconception, ...]
    courses: Mapping[str, int]


@dataclass(slots=True)
class Tally:
    """Adds up learners one by one."""

    look: Look
    masteries: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    stuck: Counter[str] = field(default_factory=Counter)
    wrong: Counter[Missed] = field(default_factory=Counter)
    by: Counter[Missed] = field(default_factory=Counter)
    courses: Counter[str] = field(default_factory=Counter)

    def add(self, card: Card, row: Row) -> None:
        """Adds a learner."""
        cells, since = cells_of(card, self.look), self.look.now - WEEK
        for skill, cell in cells.items():
            self.masteries[skill].append(cell.mastery)
        self.stuck.update(one.skill for one in row.stuck)
        mine = Counter((one.skill, one.item) for one in card.wrong if one.at >= since and one.skill in cells)
        self.wrong.update(mine)
        self.by.update(mine.keys())
        self.courses.update(card.courses.keys())

    def overview(self, rows: Sequence[Row], tries: Mapping[Missed, int]) -> Overview:
        """The whole, with the tries of this week."""
        return Overview(
            learners=len(rows),
            active=sum(row.answers > 0 for row in rows),
            answers=sum(row.answers for row in rows),
            wrong=sum(row.wrong for row in rows),
            stuck=sum(bool(row.stuck) for row in rows),
            at_risk=sum(row.risk is not None and row.risk.at_risk for row in rows),
            skills=tuple(self._skills()),
            misconceptions=tuple(self._missed(tries)),
            courses=dict(self.courses.most_common(100)),
        )

    def _skills(self) -> Iterable[SkillSeen]:
        """The weakest first; where there are more than can be told, those that most have answered."""
        told = sorted(self.masteries, key=lambda skill: (-len(self.masteries[skill]), skill))[:_SKILLS]
        seen = [self._skill(skill, self.masteries[skill]) for skill in told]
        return sorted(seen, key=lambda one: (one.mean, one.skill))

    def _skill(self, skill: str, masteries: Sequence[float]) -> SkillSeen:
        weak = sum(mastery < WEAK for mastery in masteries)
        strong = sum(mastery >= self.look.policy.mastery for mastery in masteries)
        mean, growing = sum(masteries) / len(masteries), len(masteries) - weak - strong
        return SkillSeen(skill, len(masteries), mean, weak, growing, strong, self.stuck[skill])

    def _missed(self, tries: Mapping[Missed, int]) -> Iterable[Misconception]:
        order = sorted(self.wrong, key=lambda one: (-self.by[one], -self.wrong[one], one[0], one[1] or ""))
        for skill, item in order[:_MISSED]:
            known = tries.get((skill, item), 0)
            wrong = self.wrong[skill, item]
            yield Misconception(skill, item, self.by[skill, item], wrong, known if known >= wrong else None)
