"""A turn's snapshot has the portrait of now, without reading where nothing was learned."""

from dataclasses import replace

from app.bootstrap import Records, learning_of, records_of
from app.clock import HandClock, iso
from app.learner.grading import Call
from app.learner.rows import Row
from app.storage.sqlite import SqliteStore
from app.vocabulary import Answer, Session, State, Turn

ADA = ("w", "ada")


async def asked(records: Records, clock: HandClock) -> Session:
    session = Session(clock.id(), "w", "ada", iso(clock.now()), iso(clock.now()))
    await records.sessions.add(session)
    return session


def wrong(skill: str) -> Call:
    return Call(ADA, [Row(Answer(skill, False))])


async def test_a_portrait_is_drawn_again_when_something_was_learned(store: SqliteStore, clock: HandClock) -> None:
    learning = learning_of(store, clock)
    records = records_of(store, clock, learning.portraits.of)
    learning.grading.learned = records.snapshots.learned
    session = await asked(records, clock)
    assert (await records.snapshots.of("w", session.id)).portrait is None
    await learning.grading.grade(wrong("fractions"))
    first = (await records.snapshots.of("w", session.id)).portrait
    assert first is not None
    assert [standing.skill for standing in first.weak] == ["fractions"]
    assert (await records.snapshots.of("w", session.id)).portrait is first
    for _ in range(3):
        await learning.grading.grade(wrong("decimals"))
    second = (await records.snapshots.of("w", session.id)).portrait
    assert second is not None
    assert [standing.skill for standing in second.weak] == ["decimals", "fractions"]
    assert second.version != first.version
    assert (first.failures, second.failures) == (1, 4)
    await learning.grading.grade(Call(ADA, [Row(Answer("decimals", True, hints=2)), Row(Answer("fractions", True))]))
    third = (await records.snapshots.of("w", session.id)).portrait
    assert third is not None
    assert third.failures == 0


async def test_what_another_replica_learned_is_in_the_portrait_when_it_says_so(
    store: SqliteStore, clock: HandClock
) -> None:
    here, there = learning_of(store, clock), learning_of(store, clock)
    records = records_of(store, clock, here.portraits.of)
    session = await asked(records, clock)
    await there.grading.grade(wrong("fractions"))
    await here.grading.grade(wrong("decimals"))
    records.snapshots.learned("w", "ada")
    assert (await records.snapshots.of("w", session.id)).portrait is not None
    await there.grading.grade(wrong("geometry"))
    records.snapshots.learned("w", "ada", here=False)
    portrait = (await records.snapshots.of("w", session.id)).portrait
    assert portrait is not None
    assert {standing.skill for standing in portrait.weak} == {"fractions", "decimals", "geometry"}


async def test_skills_that_the_learner_practises_are_read_out_of_a_message(
    store: SqliteStore, clock: HandClock
) -> None:
    learning = learning_of(store, clock)
    records = records_of(store, clock, learning.portraits.of)
    session = await asked(records, clock)
    snapshot = await records.snapshots.of("w", session.id)
    assert learning.reader.read(snapshot, "What are fractions?") == ()
    await learning.grading.grade(wrong("adding fractions"))
    assert learning.reader.read(snapshot, "How are two fractions added? I add fractions") == ("adding fractions",)
    assert learning.reader.read(snapshot, "Hello") == ()


async def test_a_portrait_that_changes_during_a_turn_does_not_cost_the_snapshot(
    store: SqliteStore, clock: HandClock
) -> None:
    learning = learning_of(store, clock)
    records = records_of(store, clock, learning.portraits.of)
    learning.grading.learned = records.snapshots.learned
    session = await asked(records, clock)
    before = await records.snapshots.of("w", session.id)
    await learning.grading.grade(wrong("fractions"))
    now = await records.snapshots.of("w", session.id)
    turn = Turn(clock.id(), "w", session.id, "ada", 1, "Hi", iso(clock.now()), State.COMPLETE, "Hello")
    records.snapshots.advance(before, turn)
    lookups = {**records.snapshots.lookups}
    after = await records.snapshots.of("w", session.id)
    assert (after.last_seq, after.portrait) == (1, now.portrait)
    assert records.snapshots.lookups == {**lookups, "hit": lookups["hit"] + 1}


async def test_skills_of_the_course_are_read_by_their_titles(store: SqliteStore, clock: HandClock) -> None:
    learning = learning_of(store, clock)
    learning.reader.titles = lambda workspace, course_id: {f"{course_id}-7": "The chain rule"}
    records = records_of(store, clock, learning.portraits.of)
    session = replace(await asked(records, clock), course_id="calculus")
    snapshot = replace(await records.snapshots.of("w", session.id), session=session)
    assert learning.reader.read(snapshot, "When do I need the chain rule?") == ("calculus-7",)


async def test_reviews_that_are_due_are_in_the_portrait_longest_due_first(store: SqliteStore, clock: HandClock) -> None:
    learning = learning_of(store, clock)
    for skill in ("first", "second", "third"):
        await learning.grading.grade(Call(ADA, [Row(Answer(skill, True))]))
        clock.turn(86_400)
    clock.turn(-0.9 * 86_400)
    portrait = await learning.portraits.of(*ADA)
    assert portrait is not None
    assert [due.skill for due in portrait.due] == ["first"]
    clock.turn(20 * 86_400)
    portrait = await learning.portraits.of(*ADA)
    assert portrait is not None
    assert [due.skill for due in portrait.due] == ["first", "second", "third"]
    assert portrait.due[0].at < iso(clock.now())
    assert 0.3 < portrait.due[0].recall < 0.9
