"""Providers that send what nobody could want: bounded, named, survived; and the next turn works."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx

MODEL = """
[[model]]
provider = "{dialect}"
model = "{dialect}-1"
dialect = "{dialect}"
base_url = "{url}"
key = "OPENAI_API_KEY"
context_window = 100_000
max_output = 4_096
tokenizer = "o200k"
"""
DIALECTS = ("openai", "groq", "gemini")
MORE = 150 << 20
"""Bytes by which the service may grow at most; what is sent is 100 MB a time."""


@pytest.fixture
async def masterx(start: AsyncStart, provider: MisbehavingProvider, tmp_path: Path) -> Masterx:
    """A service with one model in each dialect."""
    models = "".join(MODEL.format(dialect=name, url=provider.url(name)) for name in DIALECTS)
    (tmp_path / "providers.toml").write_text(models)
    return await start(MASTERX_PROVIDERS=str(tmp_path / "providers.toml"))


def peak(masterx: Masterx) -> int:
    """The most bytes that the service ever held in memory."""
    assert masterx.process
    status = Path(f"/proc/{masterx.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) << 10


async def trusted(masterx: Masterx) -> None:
    """Lets every model be asked again."""
    for name in DIALECTS:
        assert (await masterx.call("POST", f"/v1/providers/{name}:reset"))[0] == 200


async def turn(masterx: Masterx, stream: bool) -> dict[str, Any]:
    """The record of one turn."""
    session = await masterx.session()
    if stream:
        assert [event async for event in masterx.stream(session, "Hi")][-1].name in ("turn.completed", "error")
    else:
        await masterx.ask(session, "Hi")
    return (await masterx.turns(session))[0]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("flood", "broken"),
        ("whitespace", "broken"),
        ("long_header", "broken"),
        ("many_headers", "broken"),
        ("bad_utf8", "broken"),
        ("empties", "ok"),
    ],
)
async def test_it_is_bounded_named_and_survived(
    masterx: Masterx, provider: MisbehavingProvider, fault: str, outcome: str, stream: bool
) -> None:
    assert (await turn(masterx, stream))["state"] == "complete"
    before = peak(masterx)
    provider.script(fault=fault)
    hurt = await turn(masterx, stream)
    assert {attempt["outcome"] for attempt in hurt["attempts"] if attempt["provider"] != "offline"} == {outcome}
    assert hurt["state"] in ("complete", "incomplete")
    assert peak(masterx) - before < MORE
    provider.reset()
    healed = await turn(masterx, stream)
    assert (healed["state"], healed["degraded"], len(healed["attempts"])) == ("complete", False, 1)
    assert "Traceback" not in masterx.log()


RETRY_AFTER = [
    ("17", 16, 17),
    ("31536000", 3590, 3600),
    ("date+31536000", 3590, 3600),
    ("date-31536000", 0, 5),
    ("-7", 0, 5),
    ("0", 0, 5),
    ("soon", 0, 5),
    ("", 0, 5),
    ("nan", 0, 5),
    ("1e999", 0, 5),
    ("9" * 400, 0, 5),
    ("Fri, 31 Dec 99999 23:59:59 GMT", 0, 5),
    ("Fri, 31 Dec 9999 23:59:59 -9999", 0, 3600),
]
"""What a provider says, and for how many seconds it is left alone at least and at most."""


async def test_no_retry_after_closes_a_provider_for_longer_than_an_hour(
    masterx: Masterx, provider: MisbehavingProvider
) -> None:
    for said, least, most in RETRY_AFTER:
        provider.script(fault="429", retry=said)
        asked = await turn(masterx, stream=True)
        assert (asked["provider"], asked["degraded"]) == ("offline", True)
        assert [attempt["outcome"] for attempt in asked["attempts"]] == ["busy"] * len(DIALECTS) + ["ok"], said
        _, told = await masterx.call("GET", "/v1/providers")
        for model in told["data"]:
            rest = model["breaker"]["closed_to_calls_for_s"]
            assert (model["breaker"]["state"], least <= rest <= most) == ("open", True), (said, model)
        await trusted(masterx)
    provider.reset()
    assert (await turn(masterx, stream=True))["degraded"] is False
    assert "Traceback" not in masterx.log()
