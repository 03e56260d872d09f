"""A learner who may be in danger is noticed; homework that kills, essays and processes are not."""

import re
from pathlib import Path

import pytest

from app.learner.safety.danger import danger, plain
from app.learner.safety.said import PATTERNS, STEMS

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


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n\n", "\u2028", "\v"])
def test_a_line_break_within_a_sentence_or_after_one_hides_nothing(gap: str) -> None:
    assert danger(f"I want to kill{gap}myself") is not None
    assert danger(f"I feel suicidal{gap}what is 2 + 2") is not None
    assert danger(f"wish i was dead{gap}ok go on{gap}help") is not None


def test_invisible_characters_hide_nothing() -> None:
    assert danger("\u200bI want\u2060 to k\u00adill my\u200dself\ufeff") is not None


def test_a_sentence_without_an_end_is_read_at_both_ends() -> None:
    padding = "and then i was afraid of the test again " * 60
    assert danger(padding + "and i want to kill myself") is not None
    assert danger("i want to kill myself " + padding) is not None


def test_every_sentence_that_a_pattern_matches_has_one_of_its_languages_stems() -> None:
    for said, sentence in SENTENCES:
        alarm = danger(sentence)
        if said != "-" and alarm is not None:
            expressions = PATTERNS[alarm.language][alarm.kind]
            assert any(re.search(one, plain(sentence)) for one in expressions), sentence
            assert any(stem in plain(sentence) for stem in STEMS[alarm.language].split(",")), sentence
