"""A model that was fitted on a workspace's own answers is in use from the next start on."""

import base64
import random

from app.bootstrap import Learning, learning_of
from app.clock import HandClock, iso
from app.learner.grading import Call, Told
from app.learner.knowledge.fitting.fit import fit
from app.learner.rows import Row
from app.storage.learned import Learned
from app.storage.models import KNOWLEDGE, Models, StoredModel
from app.storage.sqlite import SqliteStore
from app.train.train import answers
from app.vocabulary import Answer

LEARNERS = [("w", f"learner {n:02}") for n in range(12)]


async def answered(learning: Learning, clock: HandClock, chance: random.Random) -> None:
    for n, who in enumerate(LEARNERS):
        rows = []
        for _ in range(50):
            skill = chance.randint(1, 6)
            rows.append(
                Row(Answer(f"s{skill}", chance.random() < 0.2 + n / 20 + skill / 40, f"i{chance.randint(1, 30)}"))
            )
        clock.turn(60)
        await learning.grading.grade(Call(who, rows))


async def one_more(learning: Learning, who: tuple[str, str]) -> Told:
    told, _ = await learning.grading.grade(Call(who, [Row(Answer("s1", True, "i1"))]))
    return told[0]


async def test_what_was_fitted_foretells_after_the_next_start_and_is_rebuilt_bit_for_bit(
    store: SqliteStore, clock: HandClock
) -> None:
    before = learning_of(store, clock)
    await answered(before, clock, random.Random(1))
    fitted = fit(await answers(store, "w"), "fitted", lambda *_: None)
    packed = base64.b64encode(fitted.without_counts().pack()).decode()
    await Models(store).add(StoredModel(clock.id(), "w", KNOWLEDGE, packed, "", iso(clock.now())))
    after = learning_of(store, clock)
    attempts = [sum(f.standing.attempts for f in await after.portraits.facts(who)) for who in LEARNERS]
    assert attempts == [50] * len(LEARNERS)
    async with after.minds.at(LEARNERS[0], current=True) as mind:
        assert '"fitted"' in mind.kept()["state"]
    assert (await one_more(after, LEARNERS[0])).estimate != (await one_more(before, LEARNERS[1])).estimate
    await after.minds.save()
    live = await Learned(store).get(*LEARNERS[0], "answers")
    await learning_of(store, clock).rebuilding.run(LEARNERS, lambda: None)
    assert await Learned(store).get(*LEARNERS[0], "answers") == live


async def test_a_model_that_cannot_be_read_is_done_without(store: SqliteStore, clock: HandClock) -> None:
    packed = base64.b64encode(b"[99]").decode()
    await Models(store).add(StoredModel(clock.id(), "w", KNOWLEDGE, packed, "", iso(clock.now())))
    learning = learning_of(store, clock)
    assert (await one_more(learning, LEARNERS[0])).estimate is not None
