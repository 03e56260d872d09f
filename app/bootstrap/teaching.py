"""What is taught and advised, wired."""

from contextlib import AbstractAsyncContextManager

from app.advice import Advice
from app.advice import Parts as AdviceParts
from app.bootstrap.base import Base
from app.bootstrap.learning import Learning
from app.clock import Clock
from app.helping import Helping
from app.learner.beliefs import Beliefs
from app.library import Library, Parts
from app.policy import Policy
from app.storage.answers import Sheets
from app.storage.courses import Courses
from app.storage.learned import Learned
from app.storage.ports import Store
from app.storage.sessions import Sessions
from app.storage.turns import TurnLog
from app.teaching.classes import Classes
from app.teaching.classes import Parts as ClassParts


def library_of(base: Base) -> AbstractAsyncContextManager[Library]:
    """The material of the courses in a store."""
    return Library.of(Parts(Courses(base.store, base.clock), base.cache, base.clock, base.tokens.count, base.dense))


def advice_of(store: Store, clock: Clock, policy: Policy, learning: Learning) -> Advice:
    """Advice to the learners in a store."""
    beliefs = Beliefs(learning.portraits, learning.reviews, Sheets(store))
    return Advice(AdviceParts(beliefs, Courses(store, clock), clock, policy.path))


def helping_of(store: Store) -> Helping:
    """What helped the learners in a store."""
    return Helping(Learned(store), TurnLog(store), Sessions(store))


def classes_of(base: Base) -> Classes:
    """The classes in a store; a learner who is erased or changed is read anew."""
    records = base.records
    classes = Classes(ClassParts(Sheets(base.store), records.sessions, records.courses, base.clock, base.policy.path))
    records.snapshots.tell_of_dropped(classes.drop)
    return classes
