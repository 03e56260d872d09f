"""Chat messages as exchanges: nothing that was said is lost, and nothing is made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.openai.conversation import KEPT_CHARACTERS, KEPT_EXCHANGES, conversation, exchanges
from app.api.openai.parameters import MessageIn, parsed, where
from app.errors import Invalid

SPOKEN = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(alphabet="ab \n", max_size=4)), max_size=12)


@given(SPOKEN)
def test_every_word_is_kept_in_order_and_roles_alternate(spoken: list[tuple[str, str]]) -> None:
    found, unanswered = exchanges(spoken)
    kept = [text for message, reply in found for text in (message, reply) if text] + unanswered
    said = [text for _, text in spoken if text.strip()]
    assert "\n\n".join(kept) == "\n\n".join(said)
    assert all(reply for _, reply in found)
    assert all(message for message, _ in found[1:])


def test_a_new_session_begins_with_a_bounded_past() -> None:
    long = [MessageIn(role=role, content="x" * 5_000) for _ in range(40) for role in ("user", "assistant")]
    talk = conversation([*long, MessageIn(role="user", content="Now?")])
    assert len(talk.past) == KEPT_CHARACTERS // 10_000 < KEPT_EXCHANGES
    assert (talk.message, talk.last, talk.instructions) == ("Now?", "Now?", None)


def test_what_went_unanswered_belongs_to_the_message_of_a_new_session() -> None:
    talk = conversation([MessageIn(role="user", content="One"), MessageIn(role="user", content="Two")])
    assert (talk.past, talk.message, talk.last) == ((), "One\n\nTwo", "Two")


def test_a_message_that_a_stock_client_hands_back_is_taken() -> None:
    told: dict[str, object] = {
        "role": "assistant",
        "content": "Hi",
        "refusal": None,
        "annotations": [],
        "tool_calls": None,
        "audio": None,
    }
    talk = conversation([MessageIn.model_validate(told), MessageIn(role="user", content="Hi", name="ada")])
    assert talk.past == (("", "Hi"),)


def test_a_part_of_the_body_is_named_as_openai_names_it() -> None:
    assert where(("messages", 3, "content", 0, "text")) == "messages[3].content[0].text"
    with pytest.raises(Invalid) as caught:
        parsed(b'{"model": "masterx", "messages": [{"role": "user", "content": "Hi", "weight": 1}]}')
    assert caught.value.errors[0].field == "messages[0].weight"
