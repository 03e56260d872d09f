"""The context is within its budget, in a stable order, and its receipt tells the truth."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import policy as policies
from app.context.assemble import Assembler, Assembly
from app.context.brief import Brief, weigh
from app.context.fixed import smallest_budget
from app.context.fragments import Fragments
from app.context.layers.layer import Fragment
from app.context.recall.index import Index
from app.context.tokens import o200k
from app.settings import CONFIG
from app.vocabulary import FRAMING, Learner, Said, Session, Snapshot

POLICY = policies.load(CONFIG / "policy.toml")
TOKENS = o200k()
SESSION = Session(
    "s", "w", "ada", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z", subject="algebra", goal="linear equations"
)
LEARNER = Learner("", "w", "ada", {"language": "English", "interests": ["football", "cooking"]})


def said(n: int, message: str = "What now?", reply: str = "Try it on a smaller number first.") -> Said:
    return Said(n, message, reply, TOKENS.count(message), TOKENS.count(reply))


def snapshot(*history: Said, learner: Learner = LEARNER, memory: tuple[str, ...] = ()) -> Snapshot:
    return Snapshot(SESSION, learner, memory, history, len(history), len(history), sum(s.tokens for s in history))


def assembled(state: Snapshot, message: str = "How do I solve 3x + 5 = 20?", budget: int | None = None) -> Assembly:
    return Assembler(TOKENS).assemble(Brief(POLICY, "hints", state, message, budget))


def counted(assembly: Assembly) -> int:
    return sum(TOKENS.count(m.text) + FRAMING for m in assembly.messages) + 3


def test_stable_things_come_first_and_the_message_last() -> None:
    messages = assembled(snapshot(said(1), said(2))).messages
    assert [m.role for m in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert messages[0].text.startswith(POLICY.instructions.strip())
    assert "- Subject: algebra" in messages[0].text
    assert "- Interests: football, cooking" in messages[0].text
    assert messages[-1].words == "How do I solve 3x + 5 = 20?"
    assert POLICY.strategies["hints"].text in messages[-1].notes


def test_a_variant_is_told_after_its_strategy_and_named_in_the_receipt() -> None:
    result = Assembler(TOKENS).assemble(Brief(POLICY, "hints", snapshot(), "3x = 6?", variant="ask_first"))
    hints = POLICY.strategies["hints"]
    assert f"{hints.text} {hints.variants['ask_first']}\n" in result.messages[-1].notes
    assert {layer.name: layer.why for layer in result.receipt.layers}["strategy"] == "hints/ask_first"
    assert counted(result) == result.receipt.tokens


def test_the_receipt_adds_up_to_what_is_sent() -> None:
    result = assembled(snapshot(said(1), said(2), memory=("- 2026-11-01: fractions",)))
    assert [layer.name for layer in result.receipt.layers] == [
        "instructions",
        "profile",
        "memory",
        "history",
        "strategy",
        "message",
    ]
    assert result.receipt.tokens == sum(layer.tokens for layer in result.receipt.layers) == counted(result)


def test_the_oldest_history_is_dropped_first_and_the_receipt_says_so() -> None:
    history = [said(n, f"Question number {n}?", f"Hint number {n}: look at both sides.") for n in range(1, 301)]
    result = assembled(snapshot(*history), budget=512)
    layer = next(layer for layer in result.receipt.layers if layer.name == "history")
    assert layer.outcome == "cut"
    assert layer.full_items == 300
    assert layer.items is not None
    assert layer.first_seq == 301 - layer.items
    assert "Hint number 300" in result.messages[-2].text
    assert counted(result) <= 512


def test_a_message_longer_than_the_budget_keeps_both_ends() -> None:
    message = "START " + "the quick brown fox " * 1_500 + " END"
    result = assembled(snapshot(said(1)), message)
    assert result.messages[-1].words.startswith("START")
    assert result.messages[-1].words.endswith("END")
    assert result.receipt.layers[-1].outcome == "cut"
    assert counted(result) <= POLICY.context.budget


def test_the_prefix_is_the_same_bytes_from_turn_to_turn() -> None:
    first, second = assembled(snapshot(said(1))), assembled(snapshot(said(1), said(2)), "And 2x = 8?")
    assert second.messages[:3] == first.messages[:3]


def test_a_kept_system_message_is_the_one_that_would_be_made() -> None:
    assembler, state = Assembler(TOKENS), snapshot(said(1))
    told = replace(state, learner=replace(LEARNER, preferences={"language": "German"}))
    for brief in (
        Brief(POLICY, "hints", state, "One"),
        Brief(POLICY, "hints", state, "Two"),
        Brief(POLICY, "guided", state, "Three"),
        Brief(POLICY, "guided", told, "Four"),
        Brief(POLICY, "guided", told, "Five", budget=700),
    ):
        assert assembler.assemble(brief) == Assembler(TOKENS).assemble(brief)


def test_a_first_message_has_empty_layers_with_a_reason() -> None:
    result = assembled(
        replace(snapshot(learner=Learner("", "w", "new")), session=replace(SESSION, subject=None, goal=None))
    )
    outcomes = {layer.name: layer.outcome for layer in result.receipt.layers}
    assert outcomes == {"instructions": "kept", "strategy": "kept", "message": "kept"}
    assert {"profile", "memory", "history", "retrieved"} <= set(result.receipt.empty)


texts = st.text(min_size=1, max_size=400) | st.sampled_from(
    ["😀" * 200, "مرحبا " * 60, "数学" * 100, "x" * 3_000, "a b " * 900]
)


@settings(max_examples=150, deadline=None)
@given(
    history=st.lists(st.tuples(texts, texts), max_size=12),
    message=texts,
    preferences=st.dictionaries(st.text(min_size=1, max_size=20), texts, max_size=4),
    memory=st.lists(texts, max_size=4),
    budget=st.integers(smallest_budget(POLICY, TOKENS), 3_000),
)
def test_the_budget_is_never_exceeded_and_the_message_never_dropped(
    history: list[tuple[str, str]], message: str, preferences: dict[str, str], memory: list[str], budget: int
) -> None:
    spoken = [said(n, *pair) for n, pair in enumerate(history, 1)]
    state = snapshot(*spoken, learner=replace(LEARNER, preferences=preferences), memory=tuple(memory))
    result = assembled(state, message, budget)
    assert result.receipt.tokens == counted(result) <= budget
    assert result.messages[-1].words
    assert result == assembled(state, message, budget)


@pytest.mark.parametrize("text", ["", "a", "lone \ud800 surrogate", "\x00"])
def test_odd_text_is_counted_without_an_error(text: str) -> None:
    assert TOKENS.count(text) >= 0


@settings(max_examples=150)
@given(
    asked=st.text(max_size=600).filter(str.strip)
    | st.sampled_from(["数学は楽しい。" * 400, "word " * 900, "x" * 4_000]),
    message=st.sampled_from(["Hi", "long " * 3_000]),
    budget=st.integers(min_value=smallest_budget(POLICY, TOKENS), max_value=2_000),
)
def test_a_front_ends_instructions_stay_within_their_share(asked: str, message: str, budget: int) -> None:
    state = snapshot(*(said(n) for n in range(1, 6)), memory=("- 2026-11-20: fractions",))
    state = replace(state, session=replace(SESSION, instructions=asked))
    assembly = assembled(state, message, budget)
    assert counted(assembly) <= budget
    assert assembly.receipt.tokens == counted(assembly)
    layers = {layer.name: layer for layer in assembly.receipt.layers}
    assert list(layers)[:2] == ["instructions", "front_end"]
    assert assembly.messages[0].text.startswith(POLICY.instructions.strip())
    kept = f"application asks:\n{asked}" in assembly.messages[0].text
    assert kept == (layers["front_end"].outcome == "kept")


def test_without_instructions_of_a_front_end_there_is_no_such_layer() -> None:
    assert "front_end" not in {layer.name for layer in assembled(snapshot()).receipt.layers}


def test_what_was_found_for_an_erased_learner_is_forgotten_with_the_other_words() -> None:
    fragments, index = Fragments(o200k()), Index()
    for learner_id in ("ada", "bob"):
        fragments.carried.keep(("school", learner_id, "session", 1), Fragment("words", 1, 1, 1, 1))
    fragments.drop("school", "ada")
    assert fragments.carried.of(("school", "ada", "session", 1), index) is None
    assert fragments.carried.of(("school", "bob", "session", 1), index) == Fragment("words", 1, 1, 1, 1)


def test_a_profile_multiplies_weights_and_the_standard_one_changes_nothing() -> None:
    plain = Brief(POLICY, "hints", snapshot(), "Why?")
    assert weigh(plain)["history"] == POLICY.context.weights["history"]
    recent = weigh(replace(plain, profile="recent"))
    assert recent["history"] == pytest.approx(1.6 * weigh(plain)["history"])
    assert recent["facts"] == weigh(plain)["facts"]
