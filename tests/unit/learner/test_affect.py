"""How a text sounds: its label, how sure that is, and the words that it comes from."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from app.learner.affect.model import Model, shipped
from app.learner.affect.words import LABELS, MOST, spans, words
from app.learner.hearing import Hearing
from app.policy import Policy, WorkspacePolicy, load
from app.vocabulary import Affect, Danger, Learner, Session, Snapshot

FILE = Path(__file__).parents[3] / "app" / "learner" / "affect" / "affect.npz"
POLICY = load(Path(__file__).parents[3] / "config" / "policy.toml")
WANTED = POLICY.model_copy(update={"workspaces": {"w": WorkspacePolicy(affect=True)}})
SNAPSHOT = Snapshot(Session("s", "w", "ada", "", ""), Learner("l", "w", "ada"), (), (), 0, 0, 0)

SAID = {
    "I don't get it at all, I'm so confused": "confusion",
    "ugh this is so annoying, I hate fractions": "frustration",
    "I'm scared of the exam tomorrow": "anxiety",
    "I feel so sad and ashamed of my result": "discouragement",
    "I wonder how plants do that, why is it so?": "curiosity",
    "Thank you so much, that is awesome!": "joy",
}


@pytest.fixture(scope="module")
def hearing() -> Hearing:
    return Hearing(shipped, lambda snapshot, message: ())


@pytest.mark.parametrize(("text", "label"), SAID.items())
def test_a_plain_feeling_is_heard_and_its_words_stand_in_the_text(text: str, label: str) -> None:
    felt = shipped().read(text)
    assert felt is not None
    assert felt.label == label
    assert 0.3 < felt.confidence <= 1
    assert sum(felt.chances) == pytest.approx(1)
    causes = shipped().causes(text)
    assert 1 <= len(causes) <= 3
    assert all(text[one.start : one.end] == one.text for one in causes)


def test_what_ships_is_small_and_holds_no_words() -> None:
    data = FILE.read_bytes()
    assert len(data) <= 1_000_000
    assert b"annoying" not in data


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "\ufe0f"])
def test_of_a_text_without_words_nothing_is_said(text: str) -> None:
    felt = shipped().read(text)
    assert felt is None or felt.label in LABELS


def test_any_text_has_a_label_and_spans_that_fit() -> None:
    rng = random.Random(7)
    alphabet = "aAzé’' .!?😀İßﬁ0[](:)\n漢字"
    for _ in range(300):
        text = "".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 60)))
        felt = shipped().read(text)
        assert felt is None or 0 <= felt.confidence <= 1
        assert all(text[one.start : one.end] == one.text for one in shipped().causes(text))


def test_a_long_text_is_read_in_part() -> None:
    long = "word " * 10_000
    assert len(words(long)) == len(spans(long)) == MOST


def test_words_that_are_forgotten_are_worked_out_again() -> None:
    model, text = Model(FILE.read_bytes()), "ugh this is so annoying"
    before = model.read(text)
    for n in range(300):
        model.read(
            " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}{chr(97 + k % 26)}{chr(97 + k // 26)}" for k in range(100))
        )
    assert model.read(text) == before


def test_nothing_is_read_where_the_workspace_does_not_want_it(hearing: Hearing) -> None:
    assert hearing.hear("ugh this is so annoying", SNAPSHOT, POLICY).reading.affect == Affect()


@pytest.mark.parametrize("preferences", [{"minor": True}, {"age": 17}, {"age": 17, "minor": False}])
def test_nothing_is_read_of_minors_unless_the_workspace_says_so(
    hearing: Hearing, preferences: dict[str, object]
) -> None:
    snapshot = replace(SNAPSHOT, learner=Learner("l", "w", "ada", preferences))
    also: Policy = WANTED.model_copy(update={"workspaces": {"w": WorkspacePolicy(affect=True, affect_minors=True)}})
    assert hearing.hear("ugh this is so annoying", snapshot, WANTED).reading.affect == Affect()
    assert hearing.hear("ugh this is so annoying", snapshot, also).reading.affect.label == "frustration"


def test_who_is_not_sure_says_no_label_but_goes_on_with_the_level(hearing: Hearing) -> None:
    affect = hearing.hear("I give up, what now", replace(SNAPSHOT, frustration=1.0), WANTED).reading.affect
    assert affect.label is None
    assert affect.confidence is None
    assert affect.because == ()
    assert affect.frustration is not None
    assert 0.6 <= affect.frustration < 1


def test_frustration_rises_and_fades_over_a_session(hearing: Hearing) -> None:
    snapshot, levels = SNAPSHOT, []
    for text in ("ok, fine", *["ugh this is so annoying, I hate it"] * 3, *["thank you, that is great"] * 3):
        level = hearing.hear(text, snapshot, WANTED).reading.affect.frustration
        assert level is not None
        levels.append(level)
        snapshot = replace(snapshot, frustration=level)
    assert levels[0] < levels[1] < levels[2] < levels[3] > levels[4] > levels[5] > levels[6]


def test_of_a_learner_in_danger_nothing_else_is_read(hearing: Hearing) -> None:
    heard = hearing.hear("I hate everything, I want to die", SNAPSHOT, WANTED)
    assert heard.alarm is not None
    assert heard.alarm.kind is Danger.SELF_HARM
    assert heard.reading.affect == Affect()


def test_the_causes_in_a_long_message_are_where_they_say() -> None:
    text = f"{' ' * 8_000} I am so frustrated, I hate this, nothing works!"
    causes = shipped().causes(text)
    assert causes
    for span in causes:
        assert text[span.start : span.end] == span.text
        assert span.start > 8_000
