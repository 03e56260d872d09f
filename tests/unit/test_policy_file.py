"""The policy's file with other weights: all else stays, comments and all."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import SettingsError
from app.policy_file import rewritten
from app.settings import CONFIG

SHIPPED = (CONFIG / "policy.toml").read_text("utf-8")
weights = st.dictionaries(
    st.sampled_from(["profile", "memory", "history", "affect", "material"]),
    st.integers(0, 100).map(lambda n: n / 100),
)


@settings(max_examples=30)  # the whole policy is read three times in each
@given(weights)
def test_only_the_weights_and_the_version_change(given: dict[str, float]) -> None:
    before = tomllib.loads(SHIPPED)
    wanted = {**before["context"]["weights"], **given}
    text = rewritten(SHIPPED, "context.weights", wanted, "2")
    after = tomllib.loads(text)
    assert after["context"]["weights"] == wanted
    assert after["version"] == "2"
    before["version"], before["context"]["weights"] = "2", wanted
    assert after == before
    comments = [line for line in SHIPPED.splitlines() if line.startswith("#")]
    assert [line for line in text.splitlines() if line.startswith("#")] == comments


def test_a_policy_without_weights_gets_some() -> None:
    start = SHIPPED.index("[context.weights]")
    bare = SHIPPED[:start] + SHIPPED[SHIPPED.index("[context.floors]") :]
    assert tomllib.loads(rewritten(bare, "context.weights", {"memory": 0.4}, "2"))["context"]["weights"] == {
        "memory": 0.4
    }


def test_a_comment_beside_a_weight_stays() -> None:
    commented = SHIPPED.replace("memory = 0.5", "memory = 0.5  # less than history")
    wanted = {**tomllib.loads(SHIPPED)["context"]["weights"], "memory": 0.4}
    assert "memory = 0.4  # less than history\n" in rewritten(commented, "context.weights", wanted, "2")


@pytest.mark.parametrize(
    "changed",
    [
        SHIPPED.replace("[context.weights]\n", "[context.weights] # here\n").replace("memory = 0.5", "'memory' = 0.5"),
        SHIPPED.replace("\nversion = ", "\nversion   = '1' # "),
    ],
)
def test_what_cannot_be_changed_is_said(changed: str) -> None:
    wanted = {**tomllib.loads(SHIPPED)["context"]["weights"], "memory": 0.4}
    with pytest.raises(SettingsError, match="by hand"):
        rewritten(changed, "context.weights", wanted, "2")
