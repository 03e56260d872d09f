"""What is refused before a replay begins."""

import argparse
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.errors import ReplayError, SettingsError
from app.replay.client import address
from app.replay.options import Options, arguments
from app.replay.replay import Surroundings, replay
from app.settings import load

LINE = '{"learner_id": "ada", "message": "Hi"}\n'


def asked(*words: str) -> Options:
    parser = argparse.ArgumentParser()
    arguments(parser)
    return Options.of(parser.parse_args(words))


def complaint(path: Path, *options: str) -> str:
    """What a replay that does not begin says."""
    with pytest.raises(ReplayError) as refused:
        replay(asked(str(path), *options), Surroundings(load({}), SystemClock(), lambda note: None))
    return str(refused.value)


def test_nothing_is_played_of_a_recording_with_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_text(f"{LINE}nonsense\n{LINE}" + "[]\n" * 20, "utf-8")
    said = complaint(path)
    assert "nothing was played, --skip-bad leaves these lines out" in said
    assert "talk.jsonl line 2: not JSON" in said
    assert said.endswith("and 11 more")


def test_a_recording_that_is_empty_or_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n\n", "utf-8")
    (tmp_path / "bad.jsonl").write_text("nonsense\n", "utf-8")
    (tmp_path / "folder").mkdir()
    assert complaint(tmp_path / "empty.jsonl").endswith("empty.jsonl: there is no dialogue in it")
    assert complaint(tmp_path / "bad.jsonl", "--skip-bad").endswith("bad.jsonl: there is no dialogue in it")
    assert complaint(tmp_path / "folder").endswith("folder: there is no dialogue in it")
    assert "gone.jsonl: cannot be read: No such file" in complaint(tmp_path / "gone.jsonl")


@pytest.mark.parametrize("option", ["--keep", "--providers"])
def test_a_running_service_has_its_own_store_and_providers(option: str) -> None:
    with pytest.raises(SettingsError, match=f"{option} is about the embedded service"):
        asked("talk.jsonl", "--url", "http://127.0.0.1:8000", option)


@pytest.mark.parametrize("number", ["0", "-1", "many", "1e3", "²", "9" * 30])
def test_a_number_is_a_whole_one_from_one_on(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        asked("talk.jsonl", f"--concurrency={number}")
    assert "is not a whole number from 1 on" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"\xff\xfe", "mx_ä".encode(), b"mx_1\nmx_2"])
def test_a_key_file_holds_one_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"mx_secret\n")
    assert asked("talk.jsonl", "--key-file", str(path)).key == "mx_secret"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=f"--key-file {path}"):
        asked("talk.jsonl", "--key-file", str(path))
    with pytest.raises(SettingsError, match="No such file"):
        asked("talk.jsonl", "--key-file", str(tmp_path / "nowhere"))


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://h/?a=1", ""])
def test_an_address_is_that_of_a_service(url: str) -> None:
    assert address("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"
    with pytest.raises(SettingsError, match="allowed is an address such as"):
        address(url)
