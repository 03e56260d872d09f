"""What is believed of a learner, and how answers are foretold: invariants, help, simulated learners."""

import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.learner.knowledge.calibration import Calibration
from app.learner.knowledge.fitted import Fitted, UnknownModel
from app.learner.knowledge.fitting.boosting import Growth
from app.learner.knowledge.fitting.fit import Plan, fit
from app.learner.knowledge.fitting.recurrent import Course
from app.learner.knowledge.model import Model
from app.learner.knowledge.past import ITEMS, SKILLS
from app.learner.knowledge.population import Population
from app.learner.knowledge.state import StaleState, State
from app.vocabulary import Answer, Exercise

SMALL = Plan(Growth(trees=8, rows=2_000), Course(skill=4, memory=8, reading=8, stretch=16, epochs=2))


def class_of(learners: int, answers: int, seed: int = 1) -> dict[str, list[Answer]]:
    """Learners of known ability who answer items of known ease, unaided."""
    chance = random.Random(seed)
    ease = {f"item {n}": chance.gauss(0.4, 1.0) for n in range(40)}
    log: dict[str, list[Answer]] = {}
    for who in range(learners):
        ability = chance.gauss(0.0, 0.8)
        rows = []
        for n in range(answers):
            item = f"item {chance.randrange(40)}"
            right = chance.random() < 1 / (1 + math.exp(-ability - ease[item]))
            rows.append(Answer(f"skill {int(item[5:]) % 4}", right, item, at=1e9 + 3_600.0 * n + who))
        log[f"learner {who}"] = rows
    return log


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(class_of(60, 40), "v1", lambda what, more: None, SMALL)


@pytest.fixture(scope="module", params=["untrained", "light", "fitted"])
def model(request: pytest.FixtureRequest, fitted: Fitted) -> Model:
    kind = request.param
    return Model(None if kind == "untrained" else fitted, light=kind == "light")


def taught(model: Model, answers: Iterator[Answer] | list[Answer]) -> State:
    state = model.new()
    for answer in answers:
        model.update(state, answer)
    return state


hostile = st.builds(
    Answer,
    skill=st.sampled_from(["", "algebra", "алгебра \U0001f9ee", "x" * 500]),
    correct=st.booleans(),
    item=st.sampled_from([None, "", "item 1", "\n\t'\"", "item 2"]),
    response_ms=st.none() | st.floats() | st.integers(-5, 10**12),
    hints=st.integers(-3, 10**6),
    shown=st.booleans(),
    at=st.none() | st.floats() | st.floats(-1e18, 1e18),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(hostile, max_size=12))
def test_a_prediction_is_a_probability_whatever_came_before(model: Model, answers: list[Answer]) -> None:
    state = model.new()
    for answer in answers:
        said = model.predict(state, Exercise(answer.skill, answer.item, answer.at))
        assert 0.0 < said < 1.0
        model.learn(answer, model.update(state, answer))
        standing = model.standing(state, answer.skill)
        assert 0.0 < standing.mastery < 1.0
        assert 0.0 < standing.uncertainty < 1.0
    again = State.unpack(state.pack())
    exercise = Exercise("algebra", "item 1", 1e9)
    assert model.predict(again, exercise) == model.predict(state, exercise)


def test_ten_thousand_answers_keep_a_state_within_its_bounds(model: Model) -> None:
    chance = random.Random(3)
    rows = [Answer(f"s{chance.randrange(2_000)}", chance.random() < 0.5, f"i{n}", at=float(n)) for n in range(10_000)]
    state = taught(model, rows)
    assert len(state.elo.skills) <= SKILLS
    assert len(state.past.skills) <= SKILLS
    assert len(state.past.items) <= ITEMS
    assert len(state.pack()) < 300_000


def test_a_rebuild_from_the_log_is_equal_bit_for_bit_whatever_others_answered_since(model: Model) -> None:
    answers = class_of(1, 200, seed=9)["learner 0"]
    state, lessons = model.new(), []
    for n, answer in enumerate(answers):
        lesson = model.update(state, answer)
        model.learn(answer, lesson)
        lessons.append(lesson)
        if n == 100:  # kept and read again halfway
            state = State.unpack(state.pack())
    again = model.new()
    for answer, lesson in zip(answers, lessons, strict=True):
        assert model.update(again, answer, lesson.ease) == lesson
    assert again.pack() == state.pack()


def test_counts_of_replicas_add_up_in_any_order() -> None:
    rows = [answer for answers in class_of(10, 30).values() for answer in answers]
    one, parts = Population(), [Population(), Population()]
    for n, answer in enumerate(rows):
        for people in (one, parts[n % 2]):
            people.add(answer.skill, answer.item, (n % 3, n % 3), answer.correct)
    for order in ((0, 1), (1, 0)):
        merged = Population()
        for n in order:
            merged.merge(parts[n])
        assert (merged.answers, merged.right) == (one.answers, one.right)
        assert merged.skills == one.skills
        assert merged.items == one.items


def test_what_is_asked_twice_is_looked_up_anew_once_somebody_answered() -> None:
    people = Population()
    before = people.norms("a", "i", (0, 0)), people.ease("a", "i")
    people.add("a", "i", (0, 0), right=True)
    assert people.norms("a", "i", (0, 0)).item > before[0].item
    assert people.ease("a", "i") > before[1]
    assert people.ease("a", "i") == pytest.approx(people.norms("a", "i", (0, 0)).item)


def test_a_learner_never_seen_is_met_with_what_others_made_of_the_item(model: Model) -> None:
    answers = class_of(200, 20, seed=5)
    for rows in answers.values():
        state = model.new()
        for answer in rows:
            model.learn(answer, model.update(state, answer))
    by_item: dict[str, list[bool]] = {}
    for rows in answers.values():
        for answer in rows:
            by_item.setdefault(answer.item or "", []).append(answer.correct)
    ranked = sorted(by_item, key=lambda item: sum(by_item[item]) / len(by_item[item]))
    hardest, easiest = (
        model.predict(model.new(), Exercise(f"skill {int(item[5:]) % 4}", item)) for item in (ranked[0], ranked[-1])
    )
    assert hardest < 0.5 < easiest


class Simulated:
    """A learner whose chance of success alone is known, and who may take help."""

    def __init__(self, level: float, seed: int) -> None:
        self._level, self._chance = level, random.Random(seed)

    def alone(self, n: int) -> Answer:
        return Answer("skill", self._chance.random() < self._level, f"item {n}")


def test_mastery_of_one_who_only_succeeds_with_help_does_not_rise(model: Model) -> None:
    state, before = model.new(), model.standing(model.new(), "skill").mastery
    for n in range(60):
        model.update(state, Answer("skill", True, f"item {n}", hints=1 + n % 3))
        model.update(state, Answer("skill", True, f"item s{n}", shown=True))
    standing = model.standing(state, "skill")
    assert standing.mastery <= before + 1e-9
    assert standing.independence == 0.0


def test_mastery_of_an_honest_learner_rises(model: Model) -> None:
    before = model.standing(model.new(), "skill").mastery
    honest = Simulated(0.95, 2)
    standing = model.standing(taught(model, [honest.alone(n) for n in range(40)]), "skill")
    assert standing.mastery > before + 0.1
    assert standing.independence is not None
    assert standing.independence > 0.8


def test_help_moves_mastery_less_than_success_alone_and_the_solution_not_at_all(model: Model) -> None:
    fails = [Answer("skill", False, f"item {n}") for n in range(5)]
    base = model.standing(taught(model, fails), "skill").mastery
    alone, helped, shown = (
        model.standing(taught(model, [*fails, last]), "skill").mastery
        for last in (
            Answer("skill", True, "item"),
            Answer("skill", True, "item", hints=2),
            Answer("skill", True, "item", shown=True),
        )
    )
    assert base == shown < helped < alone


def test_failing_after_help_counts_in_full(model: Model) -> None:
    one, two = (taught(model, [Answer("skill", False, "item", hints=hints)]) for hints in (0, 3))
    assert model.standing(one, "skill").mastery == model.standing(two, "skill").mastery


def test_a_standing_grows_surer_and_its_trend_tells_which_way() -> None:
    model = Model()
    unsure = model.standing(model.new(), "skill")
    assert (unsure.attempts, unsure.trend, unsure.independence) == (0, None, None)
    rows = [Answer("skill", n >= 10, f"item {n}") for n in range(20)]
    rising = model.standing(taught(model, rows), "skill")
    falling = model.standing(taught(model, rows[::-1]), "skill")
    assert rising.uncertainty < unsure.uncertainty
    assert (rising.trend or 0) > 0 > (falling.trend or 0)


@pytest.mark.parametrize("kind", ["untrained", "light"])
def test_simulated_learners_are_foretold_within_three_points(kind: str) -> None:
    model, log = Model(light=kind == "light"), class_of(600, 40, seed=8)
    bins: dict[int, list[float]] = {}
    for n, rows in enumerate(log.values()):
        state = model.new()
        for answer in rows:
            said = model.predict(state, Exercise(answer.skill, answer.item, answer.at))
            if n >= 200:  # by then others have met the items
                bins.setdefault(int(said * 10), []).append(answer.correct - said)
            model.learn(answer, model.update(state, answer))
    off = sum(abs(sum(each)) for each in bins.values()) / sum(map(len, bins.values()))
    assert off < 0.03


def test_what_was_said_too_boldly_is_said_less_so_once_that_shows(fitted: Fitted) -> None:
    model, chance = Model(fitted), random.Random(6)
    exercise, state = Exercise("skill 1", "item 1"), Model(fitted).new()
    before = model.predict(state, exercise)
    for _ in range(3_000):  # the reverse of what was said comes true; nobody else's answers are counted
        right = chance.random() < 1 - before
        model.calibration.add(model.predict(state, exercise), right)
    assert abs(model.predict(state, exercise) - (1 - before)) < abs(before - (1 - before))


def test_calibrations_of_replicas_add_up_in_any_order() -> None:
    parts, chance = [Calibration(), Calibration()], random.Random(2)
    for n in range(400):
        parts[n % 2].add(0.05 + 0.9 * chance.random(), chance.random() < 0.7)
    sums = [Calibration(), Calibration()]
    for whole, order in zip(sums, ((0, 1), (1, 0)), strict=True):
        for n in order:
            whole.merge(parts[n])
    assert sums[0].corrected(0.3) == sums[1].corrected(0.3) > 0.3


def test_a_model_comes_back_from_bytes_as_it_was(fitted: Fitted) -> None:
    again = Model(Fitted.unpack(fitted.pack()))
    model, answers = Model(fitted), class_of(1, 30, seed=4)["learner 0"]
    one, two = taught(model, answers), taught(again, answers)
    assert one.pack() == two.pack()
    exercise = Exercise("skill 1", "item 1", 2e9)
    assert model.predict(one, exercise) == again.predict(two, exercise)


@pytest.mark.parametrize("packed", [b"", b"x" * 50, Population.__doc__.encode()])  # type: ignore[union-attr]
def test_bytes_that_are_no_model_are_refused(packed: bytes) -> None:
    with pytest.raises(UnknownModel, match="masterx train"):
        Fitted.unpack(packed)


def test_a_state_of_another_version_or_model_is_told(fitted: Fitted) -> None:
    with pytest.raises(StaleState):
        State.unpack(b'[0,"v0",[]]')
    assert not Model(fitted).fits(Model().new())
    assert Model(fitted).fits(Model(fitted).new())
