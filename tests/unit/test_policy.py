"""A policy says in which mode models are chosen and whom a workspace forbids; what it cannot mean is refused."""

from pathlib import Path

import pytest

from app.errors import SettingsError
from app.policy import Policy, load
from app.vocabulary import Mode

FIRST = Path(__file__).parents[2] / "config" / "policy.toml"


def changed(folder: Path, old: str, new: str) -> Policy:
    text = FIRST.read_text("utf-8")
    assert old in text
    path = folder / "policy.toml"
    path.write_text(text.replace(old, new), "utf-8")
    return load(path)


def test_a_workspace_forbids_whom_it_names_and_one_that_is_not_listed_nobody(tmp_path: Path) -> None:
    policy = changed(tmp_path, "[strategies.support]", '[workspaces.a]\nforbid = ["groq"]\n[strategies.support]')
    assert policy.forbidden("a") == {"groq"}
    assert policy.forbidden("b") == load(FIRST).forbidden("a") == frozenset()


@pytest.mark.parametrize("mode", Mode)
def test_each_mode_has_a_name(tmp_path: Path, mode: Mode) -> None:
    assert changed(tmp_path, 'mode = "adaptive"', f'mode = "{mode}"').routing.mode is mode


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('mode = "adaptive"', 'mode = "best"', "routing.mode: Input should be 'latency', 'throughput', 'quality'"),
        ("[strategies.support]", '[workspaces.a]\nforbid = "groq"\n[strategies.support]', "workspaces.a.forbid: "),
        ("[strategies.support]", "[workspaces.a]\nallow = []\n[strategies.support]", "workspaces.a.allow: Extra"),
        (
            '"socratic", "analogy"]\npractice',
            '"sokratic"]\npractice',
            "strategies.explanation: there is no strategy sokratic",
        ),
        ('["hints", "worked_example"', '["worked_example"', "choices.strategies.practice: must name 'hints', the safe"),
        ('["standard", "recent"', '["recent"', 'choices: Value error, profiles: "standard" is the safe fallback'),
        ('"recent", "grounded"]', '"recent", "lean"]', "choices.profiles: there is no context.profiles.lean"),
        ("\nguided = [", "\ngided = [", "choices.variants.gided: there is no such strategy"),
        ('"shorter"]', '"short"]', "choices.variants.guided: there is no strategies.guided.variants.short"),
        (
            '"standard", "fill_in"',
            '"fill_in"',
            'choices.variants.worked_example: must name "standard", the safe fallback',
        ),
        ("\nshorter = ", "\nstandard = ", "strategies.guided.variants.standard: it adds nothing and cannot be set"),
        ("\nshorter = ", '\n"not/so long" = ', "strategies.guided.variants.not/so long.[key]: String should match"),
        ("feedback = 0.2", "feedback = 0.4", "feedback may not count more than a right answer without help"),
    ],
)
def test_one_line_names_what_is_wrong(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        changed(tmp_path, old, new)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_policy_that_says_nothing_of_safety_still_has_help_for_everybody(tmp_path: Path) -> None:
    text = FIRST.read_text("utf-8")
    old = text[text.index("\n[safety]") : text.index("\n[path]")]
    safety = changed(tmp_path, old, "").safety
    assert (safety.answer, safety.strategy, [*safety.messages]) == ("first", None, ["en"])
    assert all(words in safety.messages["en"] for words in ("112", "911", "findahelpline.com", "person you trust"))


def test_the_policy_that_ships_names_the_lines_of_a_place() -> None:
    messages = load(FIRST).safety.messages
    for language, numbers in {
        "en": ("988", "116 123", "112"),
        "de": ("0800 111 0 111", "112"),
        "fr": ("3114", "112"),
        "es": ("024", "112"),
    }.items():
        assert all(number in messages[language] for number in numbers)
