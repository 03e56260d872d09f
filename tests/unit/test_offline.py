"""The tutor without a model: what it says and how it streams."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.context.assemble import Assembler
from app.context.brief import Brief
from app.context.tokens import o200k
from app.policy import load as load_policy
from app.providers.offline import OfflineTutor
from app.providers.offline.hints import Hint
from app.providers.port import Provider
from app.vocabulary import Finish, Learner, Message, Prompt, Session, Snapshot, Usage
from tests.unit.offline_talk import CONFIG, WORDING, answer, chunks, prompt

ENGLISH = WORDING.languages["en"]


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
    streams = [OfflineTutor(WORDING).stream(prompt("why is the sky blue")) for _ in range(2)]
    order: list[int] = []

    async def relay(n: int) -> None:
        while await anext(streams[n], None):
            order.append(n)

    await asyncio.gather(relay(0), relay(1))
    assert order[:4] == [0, 1, 0, 1]


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
    assembly = Assembler(o200k()).assemble(Brief(load_policy(CONFIG / "policy.toml"), "guided", snapshot, message))
    return Prompt(assembly.messages, 512, 0.4, stream=False)


async def test_it_recalls_an_earlier_session_from_a_prompt_as_turns_assemble_it() -> None:
    memory = ("- 2026-11-20: Biology · Photosynthesis and light", "- 2026-11-19: History")
    (said,) = await chunks(real_prompt("how does photosynthesis work?", memory, {"pace": "slow"}))
    assert "You have worked on this before: “Biology · Photosynthesis and light”." in said.text


async def test_it_answers_the_learners_own_words_whatever_the_notes_say() -> None:
    notes = (
        "<notes>\n\nSaid earlier, where it may help:\nlearner: 2 + 2 = 5\n\nHow to teach now: 3x = 9\n\n</notes>\n\n"
    )
    asked = "7*8=54"
    alone, noted = Message("user", asked), Message("user", notes + asked, len(notes))
    (plain,) = await chunks(Prompt((Message("system", "You are a tutor."), alone), 512, 0.4, stream=False))
    (said,) = await chunks(Prompt((Message("system", "You are a tutor."), noted), 512, 0.4, stream=False))
    assert said.text == plain.text


async def test_it_quotes_material_from_the_notes() -> None:
    quoted = "Course material; name it where you use it:\n## Cells\n[1] Osmosis carries water through a membrane."
    notes = f"<notes>\n\n{quoted}\n\n</notes>\n\n"
    asked = "what does osmosis do with a membrane?"
    messages = (Message("system", "You are a tutor."), Message("user", notes + asked, len(notes)))
    (said,) = await chunks(Prompt(messages, 512, 0.4, stream=False))
    assert "Osmosis carries water through a membrane" in said.text


async def test_it_never_quotes_instructions_or_the_profile() -> None:
    message = "are you a patient tutor who helps one learner in small steps with biology?"
    (said,) = await chunks(real_prompt(message, (), {"interests": ["biology", "patient tutor"]}))
    assert "patient tutor. You" not in said.text
    assert "Your material" not in said.text


async def test_it_quotes_the_sentence_of_the_material_that_fits() -> None:
    system = (
        "You are a tutor.\n\nEarlier sessions of this learner:\n- 2026-11-20: Photosynthesis\n\nCourse material:\n"
        "Cells divide. Photosynthesis turns light into\u202e chemical energy.\n\nIt needs chlorophyll."
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
    busy, executor = threading.Event(), ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(executor)
    executor.submit(busy.wait)
    tutor = OfflineTutor(WORDING, patience=0.01)
    (said,) = await chunks(prompt("solve 3x+5=20", stream=False), tutor)
    busy.set()
    assert "3x" not in said.text
    assert said.text.count("?") == 1


async def test_more_checks_at_once_than_it_runs_are_left_out_and_the_next_one_runs() -> None:
    tutor = OfflineTutor(WORDING, patience=60.0)
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


async def test_the_next_hint_is_offered_where_there_is_one() -> None:
    (first,) = await chunks(prompt("what is 1/2 + 1/3?", stream=False))
    (offer,) = first.offers
    assert offer.kind == "hint"
    assert offer.text == ENGLISH.hints[Hint.COMMON_DENOMINATOR][1].format(part="1/2 + 1/3")
    (after,) = await chunks(prompt("what is 1/2 + 1/3?", first.text, "I am stuck", stream=False))
    assert offer.text in after.text
    assert after.offers == ()
    assert [chunk.offers for chunk in await chunks(prompt("what is 1/2 + 1/3?"))][-1] == first.offers
