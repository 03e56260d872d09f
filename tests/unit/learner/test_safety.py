"""A learner who may be in danger is noticed; homework that kills, essays and processes are not."""

from pathlib import Path

import pytest

from app.learner.safety.danger import danger

SENTENCES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("safety_sentences.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("said", "sentence"), SENTENCES)
def test_what_a_sentence_says_of_its_writers_safety(said: str, sentence: str) -> None:
    alarm = danger(sentence)
    assert (alarm.kind if alarm else "-") == said


@pytest.mark.parametrize(
    ("sentence", "language"),
    [("I want to die", "en"), ("Ich will sterben", "de"), ("je veux mourir", "fr"), ("quiero morir", "es")],
)
def test_it_is_known_in_which_language_it_was_said(sentence: str, language: str) -> None:
    alarm = danger(sentence)
    assert alarm is not None
    assert alarm.language == language


def test_it_is_found_wherever_it_stands_in_a_long_message() -> None:
    assert danger("Let x be a number. " * 1_600 + "I want to kill myself.") is not None
