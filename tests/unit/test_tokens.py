"""Tokens are counted as the models count them: two implementations agree, and blocks add up."""

import pytest
import quicktok
from hypothesis import given, settings
from hypothesis import strategies as st

from app.context.tokens import Tokens, llama3, o200k

TOKENIZERS = {"o200k_base": o200k(), "llama3": llama3()}
REFERENCES = {name: quicktok.Tokenizer(name) for name in TOKENIZERS}

SENTENCES = (
    "How do I solve 3x + 5 = 20? I don't know where to start…",
    "Wie berechne ich die Fläche eines Dreiecks, wenn nur zwei Seiten bekannt sind?",
    "Как найти площадь треугольника, если известны две стороны и угол между ними?",
    "如果只知道三角形的两条边和夹角,怎样计算它的面积?",
    "كيف أحسب مساحة المثلث إذا عرفت ضلعين والزاوية بينهما؟",
    "यदि त्रिभुज की दो भुजाएँ और उनके बीच का कोण ज्ञात हो तो क्षेत्रफल कैसे निकालें?",
    "def f(x):\n\treturn {x: [x] * 2}  # twice\n\n\nprint(f(1_000))\n",
    r"$\frac{d}{dx}\left(x^2\sin(x)\right)=2x\sin(x)+x^2\cos(x)$",
    "👩‍👩‍👧‍👦🏳️‍🌈 3.14159 12345678 https://example.org/a/b?c=d  \r\n \t end ",
    "x" * 5_000,
)

# What both know: characters that the Unicode of this Python has names for. Newer ones are in classes that differ.
known = st.characters(codec="utf-8", exclude_categories=["Cn", "Co", "Cs"])
blocks = st.text(known, max_size=60)


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("text", SENTENCES)
def test_a_second_implementation_counts_the_same(name: str, text: str) -> None:
    assert TOKENIZERS[name].encode(text) == list(REFERENCES[name].encode_ordinary(text))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(TOKENIZERS)), st.text(known, max_size=120))
def test_a_second_implementation_counts_any_text_the_same(name: str, text: str) -> None:
    assert TOKENIZERS[name].encode(text) == list(REFERENCES[name].encode_ordinary(text))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(TOKENIZERS)), st.lists(blocks, max_size=6))
def test_blocks_that_end_with_a_line_break_have_as_many_tokens_together_as_alone(name: str, texts: list[str]) -> None:
    tokens = TOKENIZERS[name]
    made = [f"- {text}\n" for text in texts]
    assert len(tokens.encode("".join(made))) == sum(len(tokens.encode(text)) for text in made)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(TOKENIZERS)), st.lists(st.one_of(blocks, st.sampled_from(["", "/", "'s", ")", " "]))))
def test_lines_counted_one_by_one_are_as_many_tokens_as_the_text(name: str, lines: list[str]) -> None:
    tokens, text = TOKENIZERS[name], "\n".join(lines)
    assert tokens.count(text) == len(tokens.encode(text))


@given(st.text(max_size=300), st.integers(0, 60))
def test_a_shortened_text_has_at_most_so_many_tokens(text: str, limit: int) -> None:
    tokens = TOKENIZERS["o200k_base"]
    short = tokens.shorten(text, limit)
    assert tokens.count(short) <= limit or short == text


def test_counts_are_kept_for_short_texts_only() -> None:
    class Counting:
        def __init__(self) -> None:
            self.asked = 0

        def encode_ordinary(self, text: str) -> list[int]:
            self.asked += 1
            return [0] * len(text)

        def decode_lossy(self, tokens: list[int]) -> str:
            return " " * len(tokens)

    encoder = Counting()
    tokens = Tokens(encoder)
    assert [tokens.count(text) for text in ("abc", "abc", "x" * 5_000, "x" * 5_000)] == [3, 3, 5_000, 5_000]
    assert encoder.asked == 3
