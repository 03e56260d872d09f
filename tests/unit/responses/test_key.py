"""Two questions share an answer only when every part of their keys is equal."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.providers.port import Entry, Prices
from app.responses.key import ResponseKey, digest
from app.vocabulary import Message, Task
from tests.fakes import entry
from tests.unit.responses.questions import KEY

TEXT = st.text(max_size=8) | st.sampled_from(["None", "null", '"', "\\", "1", "a\nb", "\ud800"])
MODELS = st.lists(st.sampled_from("abc").map(entry), max_size=3, unique_by=lambda e: e.provider).map(tuple)
MESSAGES = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXT), max_size=3).map(tuple)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "workspace": TEXT,
    "policy": TEXT,
    "task": st.sampled_from(Task),
    "hint_level": st.none() | st.integers(0, 4),
    "mastery_band": st.none() | TEXT,
    "language": st.none() | TEXT,
    "material": st.none() | TEXT,
    "models": MODELS,
    "messages": MESSAGES,
    "max_tokens": st.integers(1, 99),
    "temperature": st.floats(0, 2),
}
KEYS = st.fixed_dictionaries(PARTS).map(lambda parts: ResponseKey(**parts))


def comparable(key: ResponseKey) -> list[object]:
    """A key's parts; the order of models says nothing."""
    names = sorted(model.provider for model in key.models)
    return [names if field.name == "models" else getattr(key, field.name) for field in fields(key)]


def asked(text: str) -> ResponseKey:
    return replace(KEY, messages=(*KEY.messages[:-1], Message("user", text)))


@pytest.mark.parametrize("name", [field.name for field in fields(ResponseKey)])
@given(data=st.data())
def test_a_change_of_any_one_part_makes_another_key(name: str, data: st.DataObject) -> None:
    key = data.draw(KEYS)
    other = replace(key, **{name: data.draw(PARTS[name])})
    assert (digest(key) == digest(other)) == (comparable(key) == comparable(other))


@given(KEYS, KEYS)
def test_equal_digests_are_of_equal_keys(one: ResponseKey, other: ResponseKey) -> None:
    assert (digest(one) == digest(other)) == (comparable(one) == comparable(other))


@given(KEYS)
def test_the_order_in_which_models_would_be_asked_does_not_matter(key: ResponseKey) -> None:
    assert digest(key) == digest(replace(key, models=key.models[::-1]))


@given(st.integers(-99, 99), st.integers(-99, 99))
@example(3, -3)
def test_another_number_is_another_question(one: int, other: int) -> None:
    alike = digest(asked(f"Is {one} even?")) == digest(asked(f"Is {other} even?"))
    assert alike == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is 7 prime?", "Is 7 not prime?"),
        ("Is 7 prime?", "is 7 prime?"),
        ("Is 7 prime?", "Is 7 prime? "),
        ("Why is x > 2?", "Why is x < 2?"),
        ("caf\u00e9", "cafe\u0301"),
    ],
)
def test_questions_that_look_alike_share_nothing(one: str, other: str) -> None:
    assert digest(asked(one)) != digest(asked(other))


def test_text_cannot_move_from_one_message_to_the_next_unseen() -> None:
    def parted(*texts: str) -> str:
        return digest(replace(KEY, messages=tuple(Message("user", text) for text in texts)))

    assert len({parted("ab", "c"), parted("a", "bc"), parted("abc"), parted("abc", "")}) == 4


@pytest.mark.parametrize(
    "changes", [{"base_url": "http://elsewhere"}, {"max_output": 9}, {"extra": {"reasoning": "high"}}, {"model": "a-2"}]
)
def test_a_model_that_is_asked_in_another_way_is_another_one(changes: dict[str, Any]) -> None:
    changed: Entry = replace(entry("a"), **changes)
    assert digest(replace(KEY, models=(changed,))) != digest(replace(KEY, models=(entry("a"),)))


def test_what_a_model_costs_is_no_part_of_an_answer() -> None:
    dearer = replace(entry("a"), prices=Prices(1.0, 1.0, 1.0))
    assert digest(replace(KEY, models=(dearer,))) == digest(replace(KEY, models=(entry("a"),)))


@pytest.mark.parametrize("name", [field.name for field in fields(ResponseKey)])
def test_a_part_that_is_missing_is_an_error(name: str) -> None:
    parts = {field.name: getattr(KEY, field.name) for field in fields(KEY) if field.name != name}
    with pytest.raises(TypeError, match=name):
        ResponseKey(**parts)


def test_a_part_that_is_missing_is_an_error_to_the_type_checker_too() -> None:
    # Were it none, mypy would say of this comment that nothing is there to ignore.
    with pytest.raises(TypeError, match="hint_level"):
        ResponseKey(  # type: ignore[call-arg]
            workspace="school",
            policy="1",
            task=Task.EXPLANATION,
            mastery_band=None,
            language=None,
            material=None,
            models=(),
            messages=(),
            max_tokens=1,
            temperature=0.0,
        )
