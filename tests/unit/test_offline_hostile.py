"""Nothing a learner writes makes the offline tutor slow, speechless or wrong about its limits."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.vocabulary import MESSAGE_LIMIT
from tests.unit.offline_talk import SLOW_MACHINE, WORDING, answer


@pytest.fixture(scope="module", autouse=True)
def _algebra_is_imported() -> None:
    # The first check of a process imports SymPy, which is no part of the time of an answer here.
    asyncio.run(answer("2x=4 so x=2"))


HOSTILE = {
    "brackets": "(" * MESSAGE_LIMIT,
    "closed brackets": "(" * 16_000 + ")" * 16_000,
    "towers": "9**9**9 = " * 3_200,
    "digits": "9" * MESSAGE_LIMIT,
    "equals": "=" * MESSAGE_LIMIT,
    "chain": "a=" * 16_000,
    "sums": "1+" * 15_999 + "1=2",
    "equations": "3x+5=20 so " * 2_900,
    "arrows": "->=>" * 8_000,
    "emoji": "😀" * MESSAGE_LIMIT,
    "right to left": "\u202e\u05d0\u0627 " * 8_000,
    "controls": "\x01\x02\x1b[31m\x7f" * 4_000,
    "accents": "e\u0301" * 16_000,
    "zero width": "a\u200b" * 16_000,
    "surrogates": "\ud800" * MESSAGE_LIMIT,
    "one word": "photosynthesis" * 2_285,
    "words": "photosynthesis and osmosis " * 1_185,
    "braces": "{problem} {0} %s $x " * 1_600,
    "code": "__import__('os').system('id') = 1; " * 900,
    "lines": "\n" * MESSAGE_LIMIT,
    "enumerations": "a) 1\n" * 6_400,
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_no_message_makes_it_slow_or_speechless(kind: str) -> None:
    start = time.process_time()
    said = await answer(HOSTILE[kind], HOSTILE[kind], HOSTILE[kind])
    assert time.process_time() - start < SLOW_MACHINE
    assert 20 < len(said) < 2_000
    said.encode()


FORMULAS = st.text(alphabet="0123456789xyzab+-*/^()=. ,\n", max_size=120)
TEXTS = st.text(max_size=300) | FORMULAS | st.lists(FORMULAS | st.text(max_size=40), max_size=6).map(" so ".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_any_text_gets_an_answer_with_one_question_in_bounded_time(earlier: str, message: str) -> None:
    start = time.process_time()
    said = asyncio.run(answer(earlier, "Go on.", message))
    assert time.process_time() - start < SLOW_MACHINE
    assert len(said) > 20
    assert "?" in said or said in [language.danger for language in WORDING.languages.values()]
