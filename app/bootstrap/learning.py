"""The learner model's parts, wired."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from app.bootstrap.background import Job
from app.clock import Clock
from app.errors import StoreUnavailable
from app.events import Events
from app.learner.counting import Counting
from app.learner.feelings import Feelings, Moods
from app.learner.following import Following
from app.learner.grading import Grading
from app.learner.minds import Minds
from app.learner.models import Thinking
from app.learner.persons import Persons, ReadsAffect
from app.learner.portraits import Portraits
from app.learner.profiles import Profiles, Voices
from app.learner.reader import Reader, Titles
from app.learner.rebuild import Rebuilding
from app.learner.reviews import Reviews
from app.storage.answers import Sheets
from app.storage.cache import Cache
from app.storage.corrections import Corrections
from app.storage.learned import Learned
from app.storage.models import Models
from app.storage.ports import Store
from app.storage.sessions import Learners
from app.storage.snapshots import CHANGED, Snapshots
from app.storage.turns import TurnLog

log = logging.getLogger("masterx.learner")


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told when something was learned of a learner: the snapshots here and, by the cache, those of the other
    replicas; `me` is the name of this one. And who tells the titles of a course's skills."""

    snapshots: Snapshots
    cache: Cache
    me: str
    titles: Titles

    def learned(self, workspace: str, learner_id: str) -> None:
        """Has a learner's portrait drawn again."""
        self.snapshots.learned(workspace, learner_id)
        self.cache.publish(CHANGED, f"portrait:{self.me}/{workspace}/{learner_id}".encode())


@dataclass(frozen=True, slots=True)
class Learning:
    """What is believed of learners, and who comes to believe it."""

    minds: Minds
    counting: Counting
    grading: Grading
    following: Following
    persons: Persons
    profiles: Profiles
    feelings: Feelings
    portraits: Portraits
    reviews: Reviews
    reader: Reader
    rebuilding: Rebuilding

    @asynccontextmanager
    async def awake(self, events: Events, told: Told) -> AsyncIterator[None]:
        """Hears of turns and of learners who were erased; says of whom something was learned. At the end writes down
        what is not written yet; where the store is away, the log has it all."""
        self.grading.learned = self.following.learned = told.learned
        self.reader.titles = told.titles
        told.snapshots.tell_of_dropped(self.drop)
        self.grading.graded = events.publish
        events.subscribe(self.following.hear)
        yield
        with suppress(StoreUnavailable):
            await self.minds.save()

    def work(self) -> Mapping[str, Job]:
        """What goes on in the background."""
        return {"minds": self.minds.stay, "counts": self.counting.stay, "profiles": self.following.stay}

    def drop(self, workspace: str, learner_id: str) -> None:
        """Forgets a learner whose records were erased or changed elsewhere."""
        self.minds.drop((workspace, learner_id))
        self.following.drop((workspace, learner_id))
        self.persons.drop((workspace, learner_id))
        self.reader.drop((workspace, learner_id))


def learning_of(
    store: Store, clock: Clock, reads_affect: ReadsAffect = lambda workspace, preferences: False
) -> Learning:
    """The learner model over a store; `reads_affect` says of whom it may be told how they feel."""
    sheets, learned = Sheets(store), Learned(store)
    minds, counting = Minds(sheets, learned, Thinking(Models(store))), Counting(sheets, learned, clock)
    turns, learners = TurnLog(store), Learners(store, clock)
    reviews = Reviews(minds, counting, learners, clock)
    following = Following(turns, learned, (Voices(), Moods()))
    persons = Persons(learners, Corrections(store))
    profiles = Profiles(minds, following, persons, clock)
    feelings = Feelings((minds, following, persons), reads_affect, clock)
    return Learning(
        minds=minds,
        counting=counting,
        grading=Grading(sheets, minds, counting, clock),
        following=following,
        persons=persons,
        profiles=profiles,
        feelings=feelings,
        portraits=Portraits(minds, counting, clock, (reviews.portray, feelings.portray, profiles.portray)),
        reviews=reviews,
        reader=Reader(minds),
        rebuilding=Rebuilding(sheets, turns, minds, counting, following),
    )
