"""Text gets shorter by whole sentences: nothing that is kept is altered, and what bears something is not lost."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.context.compress.compress import compress, compress_all
from app.context.compress.idle import polite
from app.context.compress.levels import LEVELS
from app.context.prose.bearing import bears, names, negates, numbers
from app.context.prose.blocks import blocks
from app.context.prose.pieces import pieces
from app.context.prose.sentences import sentences
from app.context.recall.words import terms

NAMES = ("Ada", "Jürgen", "Zoë", "Miguel", "Nguyen", "O'Brien", "Łukasz", "Anaïs")
UNITS = ("km/h", "kg", "°C", "m²", "%", "euros", "mol/L", "N·m")
FORMULAS = ("$x^2 + 3x = 7$", "x^2+3=7", r"\(\frac{a}{b}\)", "a ≤ b", "`f(x)`", "E = mc²", "$f(2. 1)$", "3·(x−1)")
DATES = ("12 May", "on 3.4.2027", "2026-11-21", "am 9. März", "le 1er juin", "el 5 de julio", "at 14:30")
TELLING = (
    "we talked to {name} about the {noun} after school",
    "the {noun} is {number} {unit} long",
    "it was {noun} that does not fit the other {noun}",
    "ich habe die {noun} nicht verstanden",
    "je ne comprends pas la {noun}",
    "no entiendo la {noun} de ayer",
    "the {noun} follows from {formula} in two steps",
    "the exam on the {noun} takes place {date}",
    "why does the {noun} change its sign?",
    "there is nothing left of the {noun}",
    "{name} got {number} {unit} for the {noun} {date}",
)
NOUNS = ("equation", "slope", "triangle", "Ableitung", "essay", "fonction", "raíz", "reaction", "poem")
POLITE = (
    "Hi there!",
    "Thanks so much!",
    "Hope you are well.",
    "That's great!",
    "Vielen Dank!",
    "Merci beaucoup !",
    "¡Muchas gracias!",
    "Good to see you again 😊",
    "Let me know if you have any questions!",
    "Great question!",
)


def telling(chance: random.Random) -> str:
    """A sentence with a name, a number, a formula, a date, a negation or a question."""
    number = chance.choice((str(chance.randrange(1, 5_000)), f"{chance.random() * 90:.2f}", "1,250", "3/4", "-7"))
    said = chance.choice(TELLING).format(
        name=chance.choice(NAMES),
        noun=chance.choice(NOUNS),
        number=number,
        unit=chance.choice(UNITS),
        formula=chance.choice(FORMULAS),
        date=chance.choice(DATES),
    )
    return (said[0].upper() + said[1:]) + ("" if said[-1] in "?" else chance.choice((".", "!", " …")))


def paragraphs(seed: int, sentences_of_each: int = 8) -> Iterator[list[str]]:
    chance = random.Random(seed)
    for _ in range(250):
        yield [telling(chance) if chance.random() < 0.7 else chance.choice(POLITE) for _ in range(sentences_of_each)]


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("level", [1, 2, 3])
def test_of_two_thousand_sentences_none_that_is_kept_is_altered(level: int) -> None:
    chance, total = random.Random(level), 0
    for said in paragraphs(seed=1):
        total += len(said)
        # Between sentences there is white space of any kind and length.
        text = "".join(one + chance.choice((" ", "  ", "\n\n", " \n\n\n ", "\t")) for one in said)
        result = compress(text, level, terms(chance.choice(said)))
        left = plain(result.text)
        for one in said:  # what is left is a sequence of whole sentences, in their order
            left = left.removeprefix(plain(one)).lstrip()
        assert left == ""
        assert all(plain(text[gone.start : gone.end]) in map(plain, said) for gone in result.dropped)
    assert total == 2_000


def test_at_level_one_no_sentence_is_lost_that_bears_something() -> None:
    lost = 0
    for said in paragraphs(seed=2):
        text = "  ".join(said)
        result = compress(text, 1)
        kept = plain(result.text)
        for one in said:
            assert plain(one) in kept or one in POLITE, one
        gone = [text[dropped.start : dropped.end] for dropped in result.dropped]
        # What was there twice, word for word, is there once.
        assert all(one in POLITE or one in kept for one in gone)
        lost += len(gone)
    assert lost > 400


@pytest.mark.parametrize("sentence", POLITE)
def test_what_is_only_polite_is_known_as_such(sentence: str) -> None:
    assert polite(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Thanks for the 3 hints!",
        "Thank you, Ada!",
        "How are you?",
        "Thanks, but I do not get it.",
        "Good, so x = 4.",
        "Hope you can help with fractions.",
        "Great, the slope is negative.",
        "Welcome to algebra.",
        "I see a triangle.",
        "谢谢，但是我不明白。",
        "",
        "…",
    ],
)
def test_what_says_something_is_not_only_polite(sentence: str) -> None:
    assert not polite(sentence)
    assert compress(f"The first one. {sentence}", 1).text.endswith(sentence.strip())


TABLE = "| n | n² |\n|---|----|\n| 2 | 4  |\n| 3 | 9  |"
CODE = "```python\ndef f(x):\n    # Thanks so much!\n\n    return x  +  1\n```"
FORMULA = "$$\nx = \\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}\n$$"
ITEMS = "1. Multiply by 2.  Then wait.\n2. Add 5.\n- about 30 °C"


@pytest.mark.parametrize("level", range(len(LEVELS)))
@pytest.mark.parametrize("block", [TABLE, CODE, FORMULA, ITEMS, "    a  =  1\n    b  =  2"])
def test_tables_code_formulas_and_items_with_numbers_stay_as_they_are(block: str, level: int) -> None:
    prose = "Here we look at something that goes on for a while. " * 6
    assert block in compress(f"Hi there!\n\n{block}\n\n{prose}\n\nThanks!", level).text


def test_what_another_just_said_is_not_quoted_again() -> None:
    texts = (
        "Hi there! I moved the 5 to the other side, so 3x = 15.",
        "> I moved the 5 to the other side, so 3x = 15.\n\nGood. And what is x then?",
        "> I moved the 6 to the other side, so 3x = 15.\nThis is another one.",
    )
    assert [one.text for one in compress_all(texts, 1)] == [
        "I moved the 5 to the other side, so 3x = 15.",
        "Good. And what is x then?",
        texts[2],
    ]


def test_what_is_said_nearly_again_goes_and_what_differs_in_what_counts_stays() -> None:
    first = "Take your time and look at each of the steps before you go on to the next."
    again = "Take your time and look at each of the steps before you go on!"
    kept = "Take your time and look at each of the 4 steps before you go on!"
    denied = "Take your time and do not look at each of the steps before you go on!"
    told = compress_all((first, f"{again} The slope is steep.", kept, denied, "No.", "No."), 1)
    assert [one.text for one in told] == [first, "The slope is steep.", kept, denied, "No.", "No."]
    assert told[1].dropped[0].why == "repeated"


def test_what_is_asked_for_is_kept_before_anything_else() -> None:
    text = " ".join(f"The {noun} was something that we had looked at in the morning." for noun in NOUNS)
    for noun in NOUNS:
        assert noun in compress(text, 3, terms(f"Tell me about the {noun}")).text


def test_levels_leave_out_ever_more_and_never_all() -> None:
    for said in paragraphs(seed=3, sentences_of_each=20):
        text = " ".join(said)
        lengths = [len(compress(text, level).text) for level in range(len(LEVELS))]
        assert lengths == sorted(lengths, reverse=True)
        assert 0 < lengths[3] < 0.5 * lengths[0]
    assert compress("Hi there! Thanks!", 1).text
    assert compress("Hi there!", 3).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天学了方程。我不懂！为什么？", ["今天学了方程。", "我不懂！", "为什么？"]),
        ("هذا صعب. لماذا؟ لا أفهم.", ["هذا صعب.", "لماذا؟", "لا أفهم."]),
        ("Ich gehe in die 9. Klasse, z. B. Mathe.  Dr. Kim hilft.", None),
        ("It has 3.5 m. See e.g. Fig. 2 for it. OK?!", ["It has 3.5 m.", "See e.g. Fig. 2 for it.", "OK?!"]),
        ("“Really?” she asked. (No.) Yes 😀! Go", ["“Really?” she asked.", "(No.)", "Yes 😀!", "Go"]),
        ("It is 5\nkm long\nand wide\nNext one", ["It is 5\nkm long\nand wide", "Next one"]),
        ("See https://a.b/c.d?e=f! Then", ["See https://a.b/c.d?e=f!", "Then"]),
        ("nospacehere" * 50, ["nospacehere" * 50]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str] | None) -> None:
    found = [text[a:b] for a, b in sentences(text, 0, len(text))]
    assert found == (expected or ["Ich gehe in die 9. Klasse, z. B. Mathe.", "Dr. Kim hilft."])


def test_what_a_sentence_bears_is_seen() -> None:
    assert names("Yesterday Ada met the NASA people and I'm glad.") == ("Ada", "NASA")
    assert numbers("1,200 of 3.5 and seven, am 3.4.") == {"1200", "3.5", "7", "3.4"}
    for denied in ("I can't", "nicht", "Je ne sais pas", "sin azúcar", "我不懂", "لا أفهم", "never"):
        assert negates(denied)
    assert not bears("That was a lovely walk through the woods, I think.")


texts = st.text(max_size=300) | st.sampled_from(
    ["😀" * 99, "مرحبا. " * 20, "数学。" * 30, "x" * 3_000, "a. b? " * 90, CODE, TABLE, "> a\n" * 9, "$a$ $$ b", "```"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(texts, max_size=5), st.integers(0, 3), texts)
def test_any_text_only_loses_pieces(said: list[str], level: int, query: str) -> None:
    found = compress_all(said, level, terms(query))
    assert len(found) == len(said)
    for text, one in zip(said, found, strict=True):
        assert len(one.text) <= len(text)
        kept, gone = text, 0
        for dropped in reversed(one.dropped):
            kept = kept[: dropped.start] + kept[dropped.end :]
            gone += 1
        assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", one.text)
        assert gone <= len(pieces(text))
        assert {dropped.why for dropped in one.dropped} <= LEVELS[level].leaves_out
        spans = list(blocks(text))
        assert all(a.end <= b.start and text[a.end : b.start].isspace() for a, b in pairwise(spans))
    assert found == compress_all(said, level, terms(query))
