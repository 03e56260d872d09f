"""What the doctor makes of what it sees, where the real thing cannot be had in a test."""

from pathlib import Path
from typing import Any

import pytest

from app.doctor.cache import memory
from app.doctor.clock import compared
from app.doctor.configuration import look
from app.doctor.findings import Finding
from app.doctor.store import replica_set, room
from app.settings import CONFIG, load


@pytest.mark.parametrize(("free", "verdict"), [(2 << 30, "ok"), (500 << 20, "note"), (10 << 20, "problem")])
def test_a_disk_that_fills_up_is_told_before_it_is_full(free: int, verdict: str) -> None:
    assert room(free).verdict == verdict
    assert (room(free).advice is None) == (verdict == "ok")


@pytest.mark.parametrize(
    ("hello", "wanted", "verdict", "words"),
    [
        ({"setName": "rs", "isWritablePrimary": True, "hosts": ["a", "b", "c"]}, "rs", "ok", "3 member(s)"),
        ({"setName": "rs", "primary": "b:1", "hosts": ["a", "b"]}, None, "ok", "2 member(s)"),
        ({"setName": "rs", "isWritablePrimary": False}, "rs", "problem", "no primary"),
        ({"setName": "rs", "isWritablePrimary": True}, "other", "problem", "asks for other"),
        ({"isWritablePrimary": False}, "rs", "problem", "no replica set yet"),
        ({"isWritablePrimary": True}, None, "note", "by itself"),
    ],
)
def test_a_replica_set_is_one_with_a_primary_and_the_right_name(
    hello: dict[str, Any], wanted: str | None, verdict: str, words: str
) -> None:
    found = replica_set(hello, wanted)
    assert (found.verdict, words in found.detail) == (verdict, True)
    assert (found.advice is None) == (verdict == "ok")


@pytest.mark.parametrize(
    ("policy", "used", "limit", "verdict"),
    [
        ("noeviction", 10, 0, "ok"),
        ("allkeys-lru", 99, 100, "ok"),
        ("noeviction", 10, 100, "note"),
        ("noeviction", 95, 100, "problem"),
    ],
)
def test_a_cache_that_will_refuse_writes_is_told(policy: str, used: int, limit: int, verdict: str) -> None:
    facts = {"maxmemory": str(limit), "used_memory": str(used), "maxmemory_policy": policy}
    assert memory(facts).verdict == verdict


@pytest.mark.parametrize(("ahead", "verdict"), [(0.2, "ok"), (-5.5, "ok"), (-8.0, "note"), (90.0, "problem")])
def test_a_clock_that_is_off_is_told_with_its_direction(ahead: float, verdict: str) -> None:
    found = compared("MongoDB", ahead, 1.0)
    assert found.verdict == verdict
    assert verdict == "ok" or ("behind" if ahead > 0 else "ahead") in found.detail


def test_a_finding_reads_as_a_line_with_its_advice_under_it() -> None:
    assert Finding("disk", "ok", "9 MB free").line() == "ok       disk: 9 MB free"
    line = Finding("disk", "problem", "full", "make room").line()
    assert line == "PROBLEM  disk: full\n           → make room"


@pytest.mark.parametrize(
    ("budget", "told"), [("workspace_usd = 1.0", True), ('workspace_usd = 1.0\nunpriced = "allow"', False), ("", False)]
)
def test_models_without_a_price_are_named_where_a_budget_keeps_them_from_being_asked(
    tmp_path: Path, budget: str, told: bool
) -> None:
    policy = (CONFIG / "policy.toml").read_text("utf-8").replace('unpriced = "refuse"\n', "")
    (tmp_path / "policy.toml").write_text(policy.replace("[budgets]\n", f"[budgets]\n{budget}\n"))
    (tmp_path / "providers.toml").write_text(
        '[[model]]\nprovider = "mine"\nmodel = "m"\ndialect = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'
        'context_window = 8_192\nmax_output = 1_024\ntokenizer = "o200k"\n'
    )
    names = ("policy", "providers")
    settings = load({f"MASTERX_{name.upper()}": str(tmp_path / f"{name}.toml") for name in names})
    found = [finding for finding in look(settings) if finding.about == "budgets"]
    assert bool(found) == told
    assert not found or "mine/m" in found[0].detail
