"""The catalogue that ships is sound, and one that is not stops the start with a line that names the entry."""

from pathlib import Path

import pytest

from app.errors import SettingsError
from app.providers.catalogue import load, moved
from app.providers.port import Entry, Limits, Prices, Rate
from app.vocabulary import Task

SHIPPED = Path(__file__).parents[2] / "config" / "providers.toml"
ENTRY = """
[[model]]
provider = "groq"
model = "openai/gpt-oss-20b"
dialect = "groq"
base_url = "https://api.groq.com/"
key = "GROQ_API_KEY"
prices = { input = 0.075, cached = 0.0375, output = 0.30 }
context_window = 131_072
max_output = 65_536
tokenizer = "o200k"
strengths = { practice = 0.6, quick_answer = 1 }
limits = { first_token = 3 }
extra = { temperature = false, body = { reasoning_effort = "low" } }
"""


def loaded(folder: Path, text: str) -> tuple[Entry, ...]:
    path = folder / "providers.toml"
    path.write_text(text, "utf-8")
    return load(path)


def test_an_entry_is_read_field_by_field(tmp_path: Path) -> None:
    assert loaded(tmp_path, ENTRY) == (
        Entry(
            provider="groq",
            model="openai/gpt-oss-20b",
            dialect="groq",
            base_url="https://api.groq.com",
            context_window=131_072,
            max_output=65_536,
            tokenizer="o200k",
            prices=Prices(0.075, 0.0375, 0.30),
            limits=Limits(first_token=3),
            strengths={Task.PRACTICE: 0.6, Task.QUICK_ANSWER: 1.0},
            extra={"temperature": False, "body": {"reasoning_effort": "low"}},
            key_variable="GROQ_API_KEY",
        ),
    )


def test_a_model_on_ones_own_machine_needs_neither_key_nor_price(tmp_path: Path) -> None:
    entry = loaded(
        tmp_path,
        """
        [[model]]
        provider = "local"
        model = "llama3.3"
        dialect = "openai"
        base_url = "http://localhost:11434/v1"
        context_window = 8192
        max_output = 4096
        tokenizer = "llama3"
        """,
    )[0]
    assert (entry.key_variable, entry.prices, entry.limits) == (None, Prices(), Limits())


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('dialect = "groq"', 'dialect = "telepathy"', "dialect: Input should be 'openai', 'groq' or 'gemini'"),
        ("input = 0.075", "input = -1", "prices.input: Input should be greater than or equal to 0"),
        ("output = 0.30", "output = inf", "prices.output: Input should be a finite number"),
        ("output = 0.30", "output = nan", "prices.output: Input should be a finite number"),
        ("practice = 0.6", "dancing = 0.6", "strengths.dancing: Input should be 'emotional_support'"),
        ("practice = 0.6", "practice = 1.1", "strengths.practice: Input should be less than or equal to 1"),
        ("practice = 0.6", "practice = -0.1", "strengths.practice: Input should be greater than or equal to 0"),
        ('tokenizer = "o200k"', 'tokenizer = "o200k"\nsecret = 1', "secret: Extra inputs are not permitted"),
        ("first_token = 3", "first = 3", "limits.first: Extra inputs are not permitted"),
        ("first_token = 3", "first_token = 0", "limits.first_token: Input should be greater than 0"),
        (
            'tokenizer = "o200k"',
            'tokenizer = "o200k"\nrate = { requests_per_minute = 0 }',
            "rate.requests_per_minute: Input",
        ),
        ('tokenizer = "o200k"', 'tokenizer = "o200k"\nrate = { requests_per_day = 9 }', "rate.requests_per_day: Extra"),
        ("body = {", "soul = {", "extra.soul: Extra inputs are not permitted"),
        ('tokenizer = "o200k"', 'tokenizer = "guess"', "tokenizer: Input should be"),
        ("context_window = 131_072", "context_window = 0", "context_window: Input should be greater than 0"),
        ("max_output = 65_536\n", "", "max_output: Field required"),
        ('key = "GROQ_API_KEY"', 'key = "gsk_0815"', "key: String should match pattern"),
        ('provider = "groq"', 'provider = "offline"', "provider: 'offline' is the built-in tutor"),
        ("https://api.groq.com/", "ftp://api.groq.com", "base_url: allowed is an http:// or https:// address"),
        ("https://api.groq.com/", "https://", "base_url: allowed is an http:// or https:// address"),
        ("https://api.groq.com/", "https://me:pw@api.groq.com", "base_url: no user, password, query"),
        ("https://api.groq.com/", "https://api.groq.com/?key=1", "base_url: no user, password, query"),
    ],
)
def test_one_line_names_the_entry_and_what_is_wrong(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in ENTRY
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, ENTRY.replace(old, new))
    line = str(caught.value)
    assert line.startswith("MASTERX_PROVIDERS: ")
    assert "openai/gpt-oss-20b" in line
    assert complaint in line
    assert "\n" not in line


def test_a_rate_may_state_one_limit_or_both(tmp_path: Path) -> None:
    stated = ENTRY.replace('tokenizer = "o200k"', 'tokenizer = "o200k"\nrate = { tokens_per_minute = 6_000 }')
    assert loaded(tmp_path, stated)[0].rate == Rate(None, 6_000)
    assert loaded(tmp_path, ENTRY)[0].rate == Rate()


def test_an_entry_without_a_name_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="model 2: provider: Field required"):
        loaded(tmp_path, ENTRY + "[[model]]")


def test_a_model_may_be_there_once_per_provider(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="groq openai/gpt-oss-20b: is there twice"):
        loaded(tmp_path, ENTRY + ENTRY)
    elsewhere = ENTRY.replace('provider = "groq"', 'provider = "mirror"')
    assert [entry.provider for entry in loaded(tmp_path, ENTRY + elsewhere)] == ["groq", "mirror"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[model]", "is not TOML"),
        ("", "no [[model]] in it"),
        ("models = 1", "models: a catalogue consists of"),
        ("model = 1", "model: a catalogue consists of"),
        ("model = [1]", "model 1: entry: Input should be a valid dictionary"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint.replace("[", r"\[")):
        loaded(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")


def test_an_entry_can_be_moved_to_another_address(tmp_path: Path) -> None:
    entry = loaded(tmp_path, ENTRY)[0]
    assert moved(entry, "http://localhost:8080/v1/").base_url == "http://localhost:8080/v1"
    with pytest.raises(SettingsError, match="groq openai/gpt-oss-20b: base_url"):
        moved(entry, "localhost:8080")


def test_the_catalogue_that_ships_is_whole() -> None:
    entries = load(SHIPPED)
    assert {entry.dialect for entry in entries} == {"groq", "gemini", "openai"}
    for entry in entries:
        assert entry.key_variable == f"{entry.provider.upper()}_API_KEY"
        assert entry.strengths.keys() == set(Task)
        assert None not in (entry.prices.input, entry.prices.cached, entry.prices.output)
