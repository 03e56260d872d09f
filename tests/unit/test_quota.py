"""What headers say of rate limits is read in every format that providers write, and believed within reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers.quota import LONGEST, quota_in
from app.providers.refusals import Reply, refusal
from app.vocabulary import Left, Quota

OPENAI = {
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "199844",
    "x-ratelimit-reset-requests": "8.64s",
    "x-ratelimit-reset-tokens": "46ms",
}
GROQ = {
    "x-ratelimit-limit-requests": "14400",
    "x-ratelimit-limit-tokens": "18000",
    "x-ratelimit-remaining-requests": "14370",
    "x-ratelimit-remaining-tokens": "17997",
    "x-ratelimit-reset-requests": "2m59.56s",
    "x-ratelimit-reset-tokens": "7.66s",
}


def test_the_headers_of_openai_groq_and_the_drafts_are_understood() -> None:
    assert quota_in(OPENAI) == Quota(Left(9_999, 10_000, 8.64), Left(199_844, 200_000, 0.046))
    assert quota_in(GROQ) == Quota(Left(14_370, 14_400, 179.56), Left(17_997, 18_000, 7.66))
    drafts = {"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "50", "ratelimit-reset": "30"}
    assert quota_in(drafts) == Quota(Left(50, 100, 30.0))


@pytest.mark.parametrize("said", ["-1", "nan", "inf", "1e9", "", "many", "9" * 13, "9" * 400, "٣", "0x10", "1.5"])
def test_what_is_not_a_count_is_no_quota(said: str) -> None:
    assert quota_in({"x-ratelimit-remaining-requests": said}) is None


@pytest.mark.parametrize(
    ("said", "reset"),
    [("8760h", LONGEST), ("31536000", LONGEST), ("-5", None), ("soon", None), ("nan", None), ("0s", 0.0), ("", None)],
)
def test_a_reset_is_bounded_or_unknown(said: str, reset: float | None) -> None:
    found = quota_in({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": said})
    assert found == Quota(tokens=Left(0, None, reset))


@given(st.dictionaries(st.sampled_from([*OPENAI, "ratelimit-remaining", "ratelimit-reset"]), st.text(max_size=40)))
def test_no_header_breaks_the_reading_and_what_is_read_is_bounded(headers: dict[str, str]) -> None:
    found = quota_in(headers) or Quota()
    for left in filter(None, (found.requests, found.tokens)):
        assert 0 <= left.left <= 10**12
        assert left.reset is None or 0 <= left.reset <= LONGEST


def test_a_refusal_carries_what_is_left() -> None:
    assert refusal(Reply(429, OPENAI, b""), "", 0.0).quota == quota_in(OPENAI)
    assert refusal(Reply(429, {}, b""), "", 0.0).quota is None
