"""The tutor without a model: what it says, how it streams, and that nothing a learner writes can hurt it."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.context.assemble import Brief, assemble
from app.context.tokens import o200k
from app.errors import SettingsError
from app.policy import load as load_policy
from app.providers.offline import OfflineTutor, load_wording
from app.providers.port import Provider
from app.vocabulary import MESSAGE_LIMIT, Chunk, Finish, Learner, Message, Prompt, Session, Snapshot, Usage

CONFIG = Path(__file__).parents[2] / "config"
WORDING = load_wording(CONFIG / "offline.toml")
ENGLISH = WORDING.languages["en"]
SLOW_MACHINE = 2.0
"""Seconds that no answer may take, even on a busy machine; usual ones take a thousandth of it."""


def prompt(*said: str, system: str = "You are a patient tutor.", stream: bool = True) -> Prompt:
    """A conversation that ends with the learner's message."""
    spoken = (Message("assistant" if n % 2 else "user", text) for n, text in enumerate(said))
    return Prompt((Message("system", system), *spoken), max_tokens=512, temperature=0.4, stream=stream)


async def chunks(asked: Prompt, tutor: OfflineTutor | None = None) -> list[Chunk]:
    return [chunk async for chunk in (tutor or OfflineTutor(WORDING)).stream(asked)]


async def answer(*said: str, system: str = "You are a patient tutor.") -> str:
    return "".join(chunk.text for chunk in await chunks(prompt(*said, system=system)))


def test_it_is_a_provider_without_prices_or_address() -> None:
    provider: Provider = OfflineTutor(WORDING)
    entry = provider.entry
    assert (entry.provider, entry.model, entry.tokenizer, entry.base_url) == ("offline", "rules", "o200k", "")
    assert entry.prices.cost(Usage(10, 0, 10)) is None
    assert entry.context_window >= 200_000


async def test_it_streams_a_few_words_at_a_time_and_says_that_it_is_done() -> None:
    heard = await chunks(prompt("why is the sky blue"))
    assert len(heard) > 3
    assert all(chunk.text.strip() and chunk.finish is None and chunk.usage is None for chunk in heard[:-1])
    assert heard[-1].finish is Finish.STOP
    assert heard[-1].usage == Usage(cost_usd=0.0)


async def test_without_streaming_it_answers_in_one_piece_with_the_same_words() -> None:
    (whole,) = await chunks(prompt("why is the sky blue", stream=False))
    assert whole.finish is Finish.STOP
    assert whole.text == await answer("why is the sky blue")


async def test_others_get_their_turn_between_two_chunks() -> None:
    order: list[str] = []

    async def relay(name: str) -> None:
        async for _ in OfflineTutor(WORDING).stream(prompt("why is the sky blue")):
            order.append(name)

    await asyncio.gather(relay("a"), relay("b"))
    assert order[:4] == ["a", "b", "a", "b"]


async def test_the_same_prompt_gets_the_same_answer() -> None:
    asked = ("what is osmosis?", "Water moves.", "and why does osmosis happen? 3x=9 so x=3")
    assert await answer(*asked) == await answer(*asked)


async def test_it_says_at_length_what_it_is_once_and_then_in_a_few_words() -> None:
    first = await answer("why is the sky blue")
    assert ENGLISH.note in first
    second = await answer("why is the sky blue", first, "because of the sun?")
    assert ENGLISH.note not in second
    assert second.endswith(ENGLISH.short_note)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("what is osmosis?", "already know about “osmosis”"),
        ("why do magnets attract iron", "a cause"),
        ("how does a motor work", "Which steps of “motor”"),
        ("define entropy", "In your own words"),
        ("compare mitosis and meiosis", "sets them apart"),
        ("prove that there are infinitely many primes", "what is to be shown"),
        ("I don't understand enzymes", "the last thing about “enzymes”"),
        ("I'm stuck with my essay", "What have you tried so far"),
        ("calculate the area of a circle", "which quantity is asked for"),
        ("make a plan for my biology exam", "how much time do you have"),
        ("quiz me on World War II", "“World War II” in two sentences"),
        ("ok thanks", "look at next"),
        ("hello", "What would you like to work on?"),
        ("", "What would you like to work on?"),
        ("😀😀😀", "What would you like to work on?"),
    ],
)
async def test_its_question_fits_the_kind_of_message_and_names_its_topic(message: str, expected: str) -> None:
    said = await answer(message)
    assert expected in said
    assert said.count("?") == 1


@pytest.mark.parametrize("message", ["I give up", "I'm so stupid", "I hate this", "ich verstehe das nicht"])
async def test_feelings_are_acknowledged_before_a_smaller_step(message: str) -> None:
    said = await answer(message)
    replies = [feeling.reply for one in WORDING.languages.values() for feeling in one.feelings.values()]
    assert any(said.startswith(reply) for reply in replies)
    assert said.count("?") == 1


@pytest.mark.parametrize(
    "message",
    [
        "I want to kill myself",
        "i don’t want to live anymore. what is 2+2=5",
        "he hits me at home",
        "Ich will nicht mehr leben",
        "je veux mourir",
        "quiero morir",
    ],
)
async def test_danger_gets_a_caring_answer_that_names_people_and_emergency_numbers_and_nothing_else(
    message: str,
) -> None:
    said = await answer(message)
    assert said in [language.danger for language in WORDING.languages.values()]
    assert "112" in said
    assert "?" not in said


@pytest.mark.parametrize("message", ["explain Durkheim's theory of suicide", "did Romeo commit suicide?"])
async def test_a_question_about_suicide_in_class_is_a_question(message: str) -> None:
    assert await answer(message) != ENGLISH.danger


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("Warum ist der Himmel blau?", "de"),
        ("Was ist der Unterschied zwischen Mitose und Meiose?", "de"),
        ("Pourquoi le ciel est bleu ?", "fr"),
        ("¿Qué es la ósmosis?", "es"),
        ("No entiendo las derivadas", "es"),
        ("merci", "fr"),
        ("Why does Goethe's Faust matter?", "en"),
        ("osmosis", "en"),
        ("3x+5=20", "en"),
    ],
)
async def test_it_answers_in_the_language_of_the_message(message: str, language: str) -> None:
    assert WORDING.languages[language].note in await answer(message)


async def test_a_formula_is_answered_in_the_language_of_profile_or_conversation() -> None:
    system = "You are a tutor.\n\nAbout the learner:\n- Language: Deutsch"
    assert WORDING.languages["de"].note in await answer("7*8=54", system=system)
    assert WORDING.languages["fr"].note in await answer("Pourquoi le ciel est bleu ?", "Regarde.", "7*8=54")


def real_prompt(message: str, memory: tuple[str, ...], preferences: dict[str, object]) -> Prompt:
    """A prompt as a turn assembles it."""
    session = Session("s", "w", "l", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z", subject="Biology")
    learner = Learner("i", "w", "l", preferences)
    snapshot = Snapshot(session, learner, memory, said=(), last_seq=0, history_items=0, history_tokens=0)
    assembly = assemble(Brief(load_policy(CONFIG / "policy.toml"), "guided", snapshot, message), o200k())
    return Prompt(assembly.messages, 512, 0.4, stream=False)


async def test_it_recalls_an_earlier_session_from_a_prompt_as_turns_assemble_it() -> None:
    memory = ("- 2026-11-20: Biology · Photosynthesis and light", "- 2026-11-19: History")
    (said,) = await chunks(real_prompt("how does photosynthesis work?", memory, {"pace": "slow"}))
    assert "You have worked on this before: “Biology · Photosynthesis and light”." in said.text


async def test_it_never_quotes_instructions_or_the_profile() -> None:
    message = "are you a patient tutor who helps one learner in small steps with biology?"
    (said,) = await chunks(real_prompt(message, (), {"interests": ["biology", "patient tutor"]}))
    assert "patient tutor. You" not in said.text
    assert "Your material" not in said.text


async def test_it_quotes_the_sentence_of_the_material_that_fits() -> None:
    system = (
        "You are a tutor.\n\nEarlier sessions of this learner:\n- 2026-11-20: Photosynthesis"
        "\n\nCourse material:\nCells divide. Photosynthesis turns light into\u202e chemical energy.\n\nIt needs chlorophyll."
    )
    said = await answer("what is photosynthesis?", system=system)
    assert "Your material says: “Photosynthesis turns light into chemical energy”." in said
    assert "“It needs chlorophyll”" in await answer("why does it need chlorophyll?", system=system)


async def test_it_refers_to_what_was_said_earlier() -> None:
    earlier = ("I learned that chlorophyll is green", "Chlorophyll absorbs red light.", "why is chlorophyll green?")
    assert "Earlier you wrote: “I learned that chlorophyll is green”." in await answer(*earlier)
    assert "“Chlorophyll absorbs red light”" in await answer("hi", earlier[1], "what light does chlorophyll absorb?")


async def test_long_quotes_are_cut() -> None:
    said = await answer("chlorophyll " + "green leaves " * 60, "Yes.", "why is chlorophyll green?")
    assert len(said) < 600
    assert " …”" in said


async def test_a_wrong_result_gets_a_hint_and_not_the_answer() -> None:
    said = await answer("is 7*8=54?")
    assert said.startswith("`7*8` and `54` are not equal: the left side is larger. ")
    assert "56" not in said


async def test_asked_to_solve_it_gives_the_next_step_and_then_a_closer_hint() -> None:
    first = await answer("solve 3x+5=20")
    assert "What could you do to both sides to leave `3x` alone?" in first
    second = await answer("solve 3x+5=20", first, "I'm stuck")
    assert "What undoes the 5 that stands beside `3x`?" in second
    assert "= 5" not in first + second


async def test_an_attempt_is_checked_against_what_was_asked_before() -> None:
    first = await answer("what is 1/2+1/4?")
    assert "3/4" not in first
    assert "Yes, `3/4` is right" in await answer("what is 1/2+1/4?", first, "is it 3/4?")
    assert "`2/6` is smaller" in await answer("what is 1/2+1/4?", first, "2/6")
    solving = await answer("solve 3x+5=20")
    assert "Yes, the step" in await answer("solve 3x+5=20", solving, "x=5")
    assert "with it the left side is 23" in await answer("solve 3x+5=20", solving, "x = 6")


async def test_a_check_that_is_not_ready_in_time_is_left_out() -> None:
    impatient = OfflineTutor(WORDING, patience=0.0)
    said = "".join(chunk.text for chunk in await chunks(prompt("solve 3x+5=20"), impatient))
    assert "3x" not in said
    assert said.count("?") == 1


async def test_more_checks_at_once_than_it_runs_are_left_out_and_the_next_one_runs() -> None:
    tutor = OfflineTutor(WORDING)
    crowd = await asyncio.gather(*(chunks(prompt(f"{n}x=9 so x={n}", stream=False), tutor) for n in range(1, 20)))
    assert all(len(said) == 1 and said[0].text for said in crowd)
    (after,) = await chunks(prompt("3x=9 so x=3", stream=False), tutor)
    assert "Yes, the step" in after.text


def test_only_unknowns_bring_sympy_into_memory() -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from app.providers.offline import OfflineTutor, load_wording\n"
        "from app.vocabulary import Message, Prompt\n"
        "async def ask(text):\n"
        f"    tutor = OfflineTutor(load_wording(Path({str(CONFIG / 'offline.toml')!r})))\n"
        "    async for _ in tutor.stream(Prompt((Message('user', text),), 64, 0.4, False)): pass\n"
        "    return 'sympy' in sys.modules\n"
        "print([asyncio.run(ask(text)) for text in ('why is the sky blue', 'is 7*8=54?', '3x=9 so x=3')])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[False, False, True]"


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
    start = time.perf_counter()
    said = await answer(HOSTILE[kind], HOSTILE[kind], HOSTILE[kind])
    assert time.perf_counter() - start < SLOW_MACHINE
    assert 20 < len(said) < 2_000
    said.encode()


FORMULAS = st.text(alphabet="0123456789xyzab+-*/^()=. ,\n", max_size=120)
TEXTS = st.text(max_size=300) | FORMULAS | st.lists(FORMULAS | st.text(max_size=40), max_size=6).map(" so ".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_any_text_gets_an_answer_with_one_question_in_bounded_time(earlier: str, message: str) -> None:
    start = time.perf_counter()
    said = asyncio.run(answer(earlier, "Go on.", message))
    assert time.perf_counter() - start < SLOW_MACHINE
    assert len(said) > 20
    assert "?" in said or said in [language.danger for language in WORDING.languages.values()]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("{topic}", "{subject}", "{subject} cannot be filled in"),
        ('note = "No', 'remark = "No', "languages.en.note"),
        ("agree = ", "agreed = ", "agreed"),
        ('sum = ["', 'summ = ["', "summ"),
        ("to work on?", "to work on", "one question with one question mark"),
        ("[languages.en]", "[languages.en", "is not TOML"),
    ],
)
def test_a_wording_that_cannot_be_spoken_stops_the_start(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    broken = tmp_path / "offline.toml"
    broken.write_text((CONFIG / "offline.toml").read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError, match="offline tutor") as refused:
        load_wording(broken)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_wording_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        load_wording(tmp_path / "none.toml")


def test_all_languages_hear_the_same_kinds_and_feelings() -> None:
    assert len({(tuple(one.kinds), tuple(one.feelings)) for one in WORDING.languages.values()}) == 1
