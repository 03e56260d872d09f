"""A class out of the log of both stores: who is stuck, who is at risk and why, what went wrong this week."""

from collections.abc import Sequence

import pytest

from app.clock import HandClock, iso
from app.policy import PathPolicy
from app.storage.answers import Sheets
from app.storage.belongings import Belongings
from app.storage.courses import Courses
from app.storage.segments import Owner
from app.storage.sessions import Sessions
from app.teaching.attempts import attempts
from app.teaching.classes import Asked, Classes, Parts, View
from app.teaching.rows import Row, ordered
from app.vocabulary import Answer, Estimate, Session, Sheet
from tests.contract.conftest import AnyStore

DAY = 86_400.0


class Log:
    """A store with answers of a class; each is told as if mastery were what was right so far."""

    def __init__(self, store: AnyStore) -> None:
        self.store, self.clock = store, HandClock()
        self.sheets, self.sessions = Sheets(store), Sessions(store)
        self.seqs: dict[str, int] = {}

    def classes(self) -> Classes:
        """Those of a replica that has just started."""
        courses = Courses(self.store, self.clock)
        return Classes(Parts(self.sheets, self.sessions, courses, self.clock, PathPolicy()))

    async def answers(self, learner: str, *given: Answer, mastery: float = 0.5) -> None:
        """A sheet of a learner, made now."""
        now = self.clock.now()
        seq = self.seqs[learner] = self.seqs.get(learner, 0) + 1
        timed = tuple(answer if answer.at else answer._replace(at=now) for answer in given)
        sheet = Sheet(
            *(self.clock.id(), "school", learner, seq, iso(now), iso(now), f"{iso(now)}#{seq:09}", timed),
            lessons=tuple((0.1, (0, 0)) for _ in given),
            told=tuple(Estimate(0.5, mastery, 0.05) for _ in given),
            rows=tuple(range(len(given))),
        )
        await self.sheets.add(sheet)

    async def session(self, learner: str, course_id: str | None = None) -> None:
        """A session of a learner, opened now."""
        now = iso(self.clock.now())
        await self.sessions.add(Session(self.clock.id(), "school", learner, now, now, course_id=course_id))


@pytest.fixture
def log(store: AnyStore) -> Log:
    return Log(store)


def named(view: View, learner: str) -> Row:
    return next(row for row in view.rows if row.learner_id == learner)


def names(rows: Sequence[Row]) -> list[str]:
    return [row.learner_id for _, row in ordered(rows, "risk")]


async def test_a_class_says_who_is_stuck_who_is_at_risk_and_what_went_wrong_this_week(log: Log) -> None:
    for n in range(200):
        strong = n % 2 == 0
        given = [Answer("fractions", strong or n % 3 > 0, f"item {k}") for k in range(2)]
        await log.answers(f"learner {n:03}", *given, mastery=0.9 if strong else 0.55)
    log.clock.turn(20 * DAY)
    await log.answers("learner 000", Answer("fractions", True, "1/2"), mastery=0.95)
    for _ in range(4):
        await log.answers("learner 001", Answer("algebra", False, "3x+5=20"), mastery=0.3)
    await log.answers("learner 002", *[Answer("algebra", True, "x+1", hints=1)] * 7, mastery=0.5)
    await log.answers("learner 003", Answer("algebra", False, "3x+5=20"), Answer("algebra", True, "3x+5=20"))
    await log.session("newcomer", "maths")
    view = await log.classes().view(Asked("school"))
    assert view.complete
    assert (view.overview.learners, view.overview.active, view.overview.stuck) == (201, 4, 2)
    assert view.overview.courses == {"maths": 1}
    worst = view.overview.skills[0]
    assert (worst.skill, worst.learners, worst.weak, worst.stuck) == ("algebra", 3, 3, 2)
    fractions = view.overview.skills[1]
    assert (fractions.learners, fractions.weak, fractions.strong) == (200, 100, 100)
    assert fractions.mean == pytest.approx((99 * 0.9 + 0.95 + 100 * 0.55) / 200)
    missed = view.overview.misconceptions
    assert [(one.item, one.learners, one.wrong, one.tries) for one in missed] == [("3x+5=20", 2, 5, 6)]
    (stuck,) = named(view, "learner 001").stuck
    assert (stuck.skill, stuck.wrong, stuck.item, stuck.since) == ("algebra", 4, "3x+5=20", log.clock.now())
    assert named(view, "learner 002").stuck[0].why == "help was taken before 7 of the last 7 answers"
    assert named(view, "learner 003").stuck == ()
    idle = named(view, "learner 005").risk
    assert idle is not None
    assert idle.at_risk
    assert idle.reasons[0].why == "no answer for 20 days"
    newcomer = named(view, "newcomer")
    assert (newcomer.risk, newcomer.mastery, newcomer.last_answer) == (None, None, None)
    assert names(view.rows)[-1] == "newcomer"


async def test_a_replica_reads_on_where_it_was_and_finds_what_was_erased_elsewhere(log: Log) -> None:
    here, there = log.classes(), log.classes()
    for n in range(30):
        await log.answers(f"learner {n}", Answer("fractions", False, "1/2"))
    assert (await here.view(Asked("school"))).overview.learners == 30
    before = await there.view(Asked("school"))
    log.clock.turn(5)
    await log.answers("learner 1", Answer("fractions", False, "1/2"))
    await Belongings(log.store).erase(Owner("school", "learner 2"))
    here.drop("school", "learner 2")
    after = await here.view(Asked("school"))
    assert (after.overview.learners, named(after, "learner 1").answers) == (29, 2)
    assert "learner 2" in {row.learner_id for row in before.rows}
    assert len(await there.standing("school", before.rows)) == 29
    log.clock.turn(5)
    assert (await there.view(Asked("school"))).overview == after.overview


async def test_who_was_erased_and_came_back_begins_anew_where_nobody_heard_of_it(log: Log) -> None:
    classes = log.classes()
    for _ in range(3):
        await log.answers("ada", Answer("fractions", False, "1/2"))
    assert len(named(await classes.view(Asked("school")), "ada").stuck) == 1
    await Belongings(log.store).erase(Owner("school", "ada"))
    log.seqs.clear()
    log.clock.turn(5)
    await log.answers("ada", Answer("fractions", True))
    back = named(await classes.view(Asked("school")), "ada")
    assert (back.answers, back.wrong, back.stuck) == (1, 0, ())


async def test_answers_are_told_newest_first_page_by_page(log: Log) -> None:
    for n in range(5):
        await log.answers("ada", Answer("algebra", True, f"a{n}"), Answer("fractions", False, f"f{n}"))
    told, cursor = list[str | None](), None
    while True:
        page, cursor = await attempts(log.sheets, ("school", "ada"), "algebra", (2, cursor))
        told += [one.answer.item for one in page]
        if cursor is None:
            break
    assert told == ["a4", "a3", "a2", "a1", "a0"]
    every, rest = await attempts(log.sheets, ("school", "ada"), None, (50, None))
    assert ([one.answer.item for one in every][:3], len(every), rest) == (["f4", "a4", "f3"], 10, None)
