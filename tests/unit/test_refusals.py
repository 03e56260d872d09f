"""Whatever a provider says when it does not answer becomes an error of our tree, and never our key."""

from email.utils import formatdate

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import (
    CredentialRefused,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
)
from app.providers.quota import LONGEST, duration
from app.providers.refusals import Reply, complaint, refusal, retry_in

NOW = 1_790_000_000.0
KEY = "sk-secret-0815"


def refused(status: int, body: object = None, **headers: str) -> ProviderError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal(Reply(status, named, orjson.dumps(body)), KEY, NOW)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ProviderRefused),
        (401, CredentialRefused),
        (403, CredentialRefused),
        (404, ProviderRefused),
        (408, ProviderDown),
        (413, ProviderRefused),
        (422, ProviderRefused),
        (429, ProviderBusy),
        (498, ProviderBusy),
        (500, ProviderDown),
        (502, ProviderDown),
        (503, ProviderDown),
        (504, ProviderTimeout),
        (529, ProviderBusy),
        (307, ProviderRefused),
        (204, ProviderRefused),
    ],
)
def test_every_status_has_its_error(status: int, error: type[ProviderError]) -> None:
    found = refused(status, {"error": {"message": "no"}})
    assert (type(found), found.status, str(found)) == (error, status, f"{status}: no")


def test_geminis_bad_request_for_a_wrong_key_is_about_the_key() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    error = refused(400, {"error": {"code": 400, "message": "API key not valid.", "details": details}})
    assert isinstance(error, CredentialRefused)


def test_googles_retry_delay_counts_where_no_header_says_it() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    body = [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota", "details": details}}]
    assert refused(429, body).retry_after == 34.5
    assert refused(429, body, retry_after="2").retry_after == 2.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (" 1.5 ", 1.5),
        ("99999999", LONGEST),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW + 1e6, usegmt=True), LONGEST),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
        ("Wed, 99 Foo 2026 25:61:61 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_bounded(said: str, seconds: float | None) -> None:
    assert retry_in({"retry-after": said}, NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_can_do_harm(said: str) -> None:
    seconds = retry_in({"retry-after": said, "retry-after-ms": said, "x-ratelimit-reset-tokens": said}, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST


def test_milliseconds_are_more_exact_than_seconds() -> None:
    assert retry_in({"retry-after": "1", "retry-after-ms": "250"}, NOW) == 0.25


def test_without_retry_after_the_limit_that_is_used_up_says_when() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "2m59.5s",
        "x-ratelimit-remaining-tokens": "17",
        "x-ratelimit-reset-tokens": "9h",
    }
    assert retry_in(headers, NOW) == 179.5


@pytest.mark.parametrize("text", ["", "s", "5", "-5s", "5 s", "1.2.3s", "5x", "1" * 400 + "s"])
def test_what_is_no_duration_is_unknown(text: str) -> None:
    assert duration(text) is None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"code": "rate_limit_exceeded", "message": "slow down"}, ProviderBusy),
        ({"code": 429, "message": "slow down"}, ProviderBusy),
        ({"code": 503, "status": "UNAVAILABLE", "message": "overloaded"}, ProviderDown),
        ({"status": "RESOURCE_EXHAUSTED"}, ProviderBusy),
        ({"status": "DEADLINE_EXCEEDED"}, ProviderTimeout),
        ({"type": "server_error", "message": "oops"}, ProviderDown),
        ({"type": "invalid_request_error", "code": "invalid_api_key"}, CredentialRefused),
        ({"type": "invalid_request_error", "code": None}, ProviderRefused),
        ({"type": "overloaded_error"}, ProviderBusy),
        ({"code": ["odd"], "type": {"odd": 1}, "details": "odd", "message": 7}, ProviderDown),
        ("over_capacity", ProviderDown),
        (["odd"], ProviderDown),
    ],
)
def test_an_error_inside_a_200_is_understood_by_its_codes(said: object, error: type[ProviderError]) -> None:
    assert type(complaint(said, KEY)) is error


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'"x"', b"<html>", b"\xff\xfe", b'{"error": "text"}'])
def test_any_body_of_a_refusal_will_do(body: bytes) -> None:
    assert isinstance(refusal(Reply(500, {}, body), KEY, NOW), ProviderDown)


def test_the_key_is_never_quoted_and_words_are_few() -> None:
    told = f"Incorrect API key provided: {KEY}. " + "x" * 10_000
    for error in (refused(401, {"error": {"message": told}}), complaint({"message": told}, KEY), refused(500, told)):
        assert KEY not in str(error)
        assert "Incorrect API key provided: ***" in str(error)
        assert len(str(error)) <= 300
