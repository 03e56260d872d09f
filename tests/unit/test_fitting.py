"""What is fitted is what is foretold with, fits are repeatable, and nobody is foretold by their own answers."""

import numpy as np
import pytest

from app.learner.knowledge.features import COUNT, HISTORY, NAMES
from app.learner.knowledge.fitted import Fitted
from app.learner.knowledge.fitting.boosting import Boosting, Growth
from app.learner.knowledge.fitting.examples import met
from app.learner.knowledge.fitting.fit import Plan, TooFew, fit
from app.learner.knowledge.fitting.recurrent import Course, Sequences, added, initial
from app.learner.knowledge.fitting.recurrent import fit as teach
from app.learner.knowledge.fitting.scores import auc, scores
from app.learner.knowledge.fitting.stretch import Batch, Stretch, sigmoid
from app.learner.knowledge.network import EXTRAS, Network
from app.learner.knowledge.trees import Trees
from app.vocabulary import Answer
from tests.unit.test_knowledge import SMALL, class_of

COURSE = Course(skill=3, memory=5, reading=4, learners=4, stretch=6, epochs=1, dropout=0.0)


def silent(what: str, more: int) -> None:
    pass


def sequences(chance: np.random.Generator, lengths: tuple[int, ...] = (9, 4, 14)) -> Sequences:
    """Answers of some learners with features by lot, one of them in a skill that is not known."""
    total = sum(lengths)
    skills = chance.integers(1, 3, total)
    skills[0] = 0
    features = chance.normal(size=(total, COUNT)).astype(np.float32)
    extras = chance.normal(size=(total, EXTRAS)).astype(np.float32)
    right = (chance.random(total) < 0.5).astype(np.float32)
    extras[:, 0] = 2 * right - 1
    said = chance.normal(size=total).astype(np.float32)
    return Sequences(features, skills, extras, said, right, np.cumsum([0, *lengths]))


def test_the_network_foretells_with_what_was_fitted() -> None:
    chance = np.random.default_rng(1)
    data, weights = sequences(chance), initial(COURSE, 2, COUNT, chance)
    teach(weights, data, COURSE, chance, silent)
    expected = added(weights, data, COURSE)
    base = chance.normal(size=COUNT + 1).astype(np.float32)
    network, names = Network({**weights, "base": base}, ["one", "two"]), ["unknown", "one", "two"]
    for first, last in zip(data.starts, data.starts[1:], strict=False):
        memory = np.zeros(COURSE.memory, np.float32)
        for n in range(first, last):
            network.features[:] = data.features[n]
            said, more = network.log_odds(memory, names[data.skills[n]])
            assert more == pytest.approx(float(expected[n]), abs=1e-4)
            assert said == pytest.approx(float(data.features[n] @ base[:-1] + base[-1]), abs=1e-3)
            memory = network.step(memory, names[data.skills[n]], tuple(data.extras[n].tolist()))


@pytest.mark.parametrize("name", sorted(initial(COURSE, 2, COUNT, np.random.default_rng(0))))
def test_slopes_of_the_network_are_those_of_its_loss(name: str) -> None:
    chance = np.random.default_rng(3)
    data, weights = sequences(chance, (6,)), initial(COURSE, 2, COUNT, chance)
    weights["out"] = chance.normal(size=COURSE.reading).astype(np.float32)
    batch = Batch(
        data.features[:, None], data.skills[:, None], data.extras[:, None], data.said[:, None], data.right[:, None]
    )

    def loss() -> float:
        said = Stretch(weights, batch, np.full((1, COURSE.memory), 0.1, np.float32)).forward()
        return float(np.logaddexp(0.0, -said.astype(np.float64) * (2 * batch.right - 1)).sum())

    stretch = Stretch(weights, batch, np.full((1, COURSE.memory), 0.1, np.float32))
    slope = stretch.backward(sigmoid(stretch.forward()) - batch.right)[name]
    where = np.unravel_index(int(np.abs(slope).argmax()), slope.shape)
    before, step = weights[name][where], np.float32(1e-2)
    weights[name][where] = before + step
    up = loss()
    weights[name][where] = before - step
    assert (up - loss()) / (2 * step) == pytest.approx(float(slope[where]), rel=0.05, abs=1e-3)


def test_trees_foretell_with_what_was_grown() -> None:
    chance = np.random.default_rng(2)
    features = chance.normal(size=(4_000, 6)).astype(np.float32)
    right = (features[:, 0] * features[:, 1] > 0).astype(np.float32)
    said = np.zeros(4_000, np.float32)
    grown = Boosting(features, right, Growth(share=1.0), chance).grow(said, silent)
    trees = Trees(grown["trees asked"].astype(np.int64), grown["trees thresholds"], grown["trees leaves"])
    for n in range(50):
        assert trees.log_odds(features[n]) == pytest.approx(float(said[n]), abs=1e-4)
    # No line tells these apart.
    assert auc(right.astype(np.float64), said.astype(np.float64)) > 0.95


def test_equal_logs_and_seeds_make_equal_models() -> None:
    log = class_of(30, 30)
    one, two = (fit(log, "v", silent, SMALL).pack() for _ in range(2))
    assert one == two
    assert Fitted.unpack(one).pack() == one


def test_nobody_is_foretold_by_their_own_answers() -> None:
    """Answers that nobody else gave, to items of their own, are met as unknown, whatever comes of them."""
    log = class_of(30, 20)
    for right in (False, True):
        log["odd"] = [Answer("own skill", right, f"own {n}", at=float(n)) for n in range(20)]
        examples = met(log, silent)
        whose = slice(*examples.starts[[-2, -1]])
        row = examples.features[whose]
        assert (row[:, NAMES.index("item answers")] == 0).all()
        assert (row[:, NAMES.index("skill answers")] == 0).all()
        assert (row[:, HISTORY + 1 :: 2] == 0).all()


def test_scores_know_a_perfect_and_a_blind_forecast() -> None:
    right = np.array([0.0, 1.0] * 50)
    perfect, blind = scores(right, right, 3), scores(right, np.full(100, 0.5), 3)
    assert (perfect.auc, perfect.accuracy, blind.auc) == (1.0, 1.0, 0.5)
    assert perfect.skill > 0.99
    assert blind.skill == pytest.approx(0.0)
    assert blind.calibration_error == pytest.approx(0.0)


def test_too_few_answers_are_refused_before_any_work() -> None:
    with pytest.raises(TooFew, match="it takes 500 of 10"):
        fit(class_of(9, 100), "v", silent, Plan())
