"""The records in a store."""

from dataclasses import dataclass

from app.clock import Clock
from app.storage.corrections import Corrections
from app.storage.courses import Courses
from app.storage.keys import Keys
from app.storage.ports import Store
from app.storage.questions import Questions
from app.storage.sessions import Learners, Sessions
from app.storage.snapshots import Portraying, Snapshots, nothing
from app.storage.summaries import Summaries
from app.storage.turns import TurnLog
from app.storage.worths import Worths


@dataclass(frozen=True, slots=True)
class Records:
    """What is kept, by kind."""

    turns: TurnLog
    sessions: Sessions
    learners: Learners
    snapshots: Snapshots
    keys: Keys
    questions: Questions
    courses: Courses
    worths: Worths
    corrections: Corrections
    summaries: Summaries


def records_of(store: Store, clock: Clock, portraying: Portraying = nothing) -> Records:
    """The records in a store; snapshots have the portraits that are given."""
    turns, sessions, learners = TurnLog(store), Sessions(store), Learners(store, clock)
    return Records(
        turns=turns,
        sessions=sessions,
        learners=learners,
        snapshots=Snapshots(sessions, learners, turns, (clock, portraying)),
        keys=Keys(store, clock),
        questions=Questions(store),
        courses=Courses(store, clock),
        worths=Worths(store),
        corrections=Corrections(store),
        summaries=Summaries(store),
    )
