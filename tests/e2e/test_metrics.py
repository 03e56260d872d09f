"""What a real service tells Prometheus after real turns: the names of the table, and nothing of a learner's."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.analytics.genai import TABLE, spelled
from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import UNDEGRADED, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx, closed
from tests.test_containers import said

LEARNER = 'ada"} 1 {x="\\'
HOSTILE = f"{LEARNER}\nmasterx_ready 7\n"
"""What would be samples of its own, were it a label and not escaped."""

CALL = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "openai"}


async def scraped(masterx: Masterx) -> str:
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        return await answer.text()


def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def counted(metric: Metric, name: str, **labels: str) -> float:
    """The sum of the samples of that name with these labels."""
    found = (one for one in metric.samples if one.name == name and labels.items() <= one.labels.items())
    return sum(one.value for one in found)


@pytest.fixture
async def told(start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path) -> tuple[str, set[str]]:
    """The metrics after turns that ended in every way, and all words that were said in them."""
    masterx = await start(MASTERX_POLICY=changed(tmp_path, UNDEGRADED))
    session = await masterx.session(LEARNER)
    assert (await masterx.ask(session, HOSTILE))[0] == 200
    assert [event async for event in masterx.stream(session, HOSTILE)][-1].name == "turn.completed"
    assert [event async for event in masterx.stream(session, HOSTILE + " [[fault=filter]]")][
        -1
    ].name == "turn.completed"
    assert [event async for event in masterx.stream(session, HOSTILE + " [[fault=cut]]")][-1].name == "error"
    assert [event async for event in masterx.stream(session, HOSTILE + " [[fault=500]]")][-1].name == "error"
    held = masterx.stream(session, HOSTILE + " [[stop=5]]")
    turn = (await anext(held)).data["id"]
    assert (await masterx.call("POST", f"/v1/turns/{turn}:cancel"))[1]["state"] == "cancelled"
    provider.go_on()
    assert [event async for event in held][-1].name == "turn.completed"
    await closed(masterx, session)
    turns = await masterx.turns(session)
    words = {session, masterx.environment["OPENAI_API_KEY"], LEARNER, HOSTILE}
    words |= {turn[part] for turn in turns for part in ("id", "message", "reply") if turn[part]}
    return await scraped(masterx), words


async def test_calls_are_told_in_the_names_of_the_table(told: tuple[str, set[str]]) -> None:
    found = families(told[0])
    ours = {name for name in found if name.startswith("gen_ai_") and not name.endswith("_created")}
    assert ours == {spelled(name, one.unit) for name, one in TABLE.items()}
    for name, one in TABLE.items():
        metric = found[spelled(name, one.unit)]
        assert (metric.type, metric.documentation) == (one.kind, one.about)
        labels = {frozenset(sample.labels) - {"le"} for sample in metric.samples}
        assert labels == {frozenset(map(spelled, one.attributes))}
        bounds = {float(sample.labels["le"]) for sample in metric.samples if sample.name.endswith("_bucket")}
        assert bounds == {*one.bounds, float("inf")}


async def test_every_call_is_counted_with_how_it_ended(told: tuple[str, set[str]]) -> None:
    found = families(told[0])
    duration = found["gen_ai_client_operation_duration_seconds"]
    name = f"{duration.name}_count"
    for error, calls in (("", 3), ("broken", 1), ("abandoned", 1)):
        assert counted(duration, name, error_type=error, **CALL) == calls, error
    assert counted(duration, name, error_type="down", **CALL) >= 2  # of two models, perhaps more than once
    first = found["gen_ai_client_operation_time_to_first_chunk_seconds"]
    assert counted(first, f"{first.name}_count", **CALL) == 4  # not of the answer in one piece
    tokens = found["gen_ai_client_token_usage"]
    assert {sample.labels["gen_ai_token_type"] for sample in tokens.samples} == {"input", "output"}
    for kind in ("input", "output"):
        assert counted(tokens, "gen_ai_client_token_usage_count", gen_ai_token_type=kind, **CALL) == 3
        assert counted(tokens, "gen_ai_client_token_usage_sum", gen_ai_token_type=kind, **CALL) > 3
    ends = found["masterx_stream_ends"]
    for reason in ("complete", "incomplete", "failed", "cancelled", "guarded"):
        assert counted(ends, "masterx_stream_ends_total", reason=reason) == 1
    overhead = found["masterx_turn_overhead_seconds"]
    assert counted(overhead, "masterx_turn_overhead_seconds_count") == 6


async def test_no_label_holds_a_learner_a_session_a_key_or_a_word(told: tuple[str, set[str]]) -> None:
    values = {value for family in families(told[0]).values() for one in family.samples for value in one.labels.values()}
    assert leaked(values, told[1]) == []
    assert "ada" not in told[0]


def leaked(values: Iterable[str], words: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, word) for value in values for word in words if len(value) > 3 and (value in word or word in value)]


def test_promtool_accepts_all_of_it(told: tuple[str, set[str]]) -> None:
    said("promtool", "--version")
    program = shutil.which("promtool")
    assert program
    checked = subprocess.run([program, "check", "metrics"], input=told[0], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
