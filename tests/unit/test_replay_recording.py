"""Recordings as they come: every line is looked at before one is played."""

import json
from pathlib import Path

import pytest

from app.errors import ReplayError
from app.replay.lines import LINE_LIMIT
from app.replay.recording import Recording, index, utterance
from app.replay.sources import found


def line(learner: str, message: str, **others: object) -> bytes:
    return json.dumps({"learner_id": learner, "message": message, **others}).encode() + b"\n"


def read(path: Path, limit: int | None = None) -> Recording:
    return index(found(str(path), path.parent).sources, limit)


def recorded(folder: Path, content: bytes, name: str = "talk.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def spoken(recording: Recording) -> list[list[str]]:
    return [[utterance(talk.place(n)).message for n in range(len(talk))] for talk in recording.dialogues]


def test_lines_of_a_learner_and_a_session_are_one_dialogue_in_their_order(tmp_path: Path) -> None:
    content = (
        line("ada", "a1", session="mon", subject="algebra", goal="pass")
        + line("bob", "b1")
        + line("ada", "a2", session="tue")
        + line("ada", "a3", session="mon", subject="geometry")
        + line("bob", "b2", at="2026-01-02T03:04:05Z", task="practice")
    )
    recording = read(recorded(tmp_path, content))
    assert spoken(recording) == [["a1", "a3"], ["b1", "b2"], ["a2"]]
    first = recording.dialogues[0]
    assert (first.learner_id, first.session, first.subject, first.goal) == ("ada", "mon", "algebra", "pass")
    assert str(first.place(1)) == "talk.jsonl line 4"
    assert recording.turns == 5


def test_a_limit_is_for_each_dialogue(tmp_path: Path) -> None:
    content = b"".join(line(name, f"{name}{n}") for n in range(5) for name in "ab")
    assert spoken(read(recorded(tmp_path, content), 2)) == [["a0", "a1"], ["b0", "b1"]]


def test_a_file_from_windows_reads_as_any_other(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + line("ada", "Größe ½").replace(b"\n", b"\r\n") + b"\r\n\r\n" + line("ada", "2")[:-1]
    assert spoken(read(recorded(tmp_path, content))) == [["Größe ½", "2"]]


BAD: list[tuple[str, bytes, str]] = [
    ("not json", b"hello\n", "not JSON"),
    ("cut off", b'{"learner_id": "ada", "mess\n', "not JSON"),
    ("an array", b"[1]\n", "not an object"),
    ("no message", b'{"learner_id": "ada"}\n', "message: Field required"),
    ("no learner", b'{"message": "Hi"}\n', "learner_id: Field required"),
    ("blank", line("ada", "  "), "message: must say something"),
    ("too long", line("ada", "x" * 32_001), "message: String should have at most 32000 characters"),
    ("a line break in a name", line("a\nb", "Hi"), "learner_id: must not contain control characters"),
    ("a time that is none", line("ada", "Hi", at="yesterday"), "at: "),
    ("an unknown task", line("ada", "Hi", task="dance"), "task: "),
    ("not utf-8", b'{"learner_id": "ada", "message": "\xff"}\n', "not UTF-8 (byte 35 of the line)"),
    ("utf-16", '{"learner_id": "ada"}'.encode("utf-16"), "not UTF-8"),
    ("a lone surrogate", b'{"learner_id": "ada", "message": "\\ud800"}\n', "not JSON"),
    ("nested deeply", b'{"learner_id":' + b"[" * 100_000 + b"\n", "not JSON"),
    ("a huge line", b'{"learner_id": "' + b"x" * (3 * LINE_LIMIT) + b'"}\n', "more than 1,048,576 bytes"),
]


@pytest.mark.parametrize(
    ("content", "why"), [(content, why) for _, content, why in BAD], ids=[name for name, *_ in BAD]
)
def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path, content: bytes, why: str) -> None:
    path = recorded(tmp_path, line("ada", "first") + (content if content.endswith(b"\n") else content + b"\n"))
    with path.open("ab") as file:
        file.write(line("ada", "last"))
    recording = read(path)
    assert recording.bad == 1
    assert recording.complaints[0].startswith("talk.jsonl line 2: ")
    assert why in recording.complaints[0]
    assert spoken(recording) == [["first", "last"]]
    assert str(recording.dialogues[0].place(1)) == "talk.jsonl line 3"


def test_of_many_bad_lines_the_first_are_named(tmp_path: Path) -> None:
    recording = read(recorded(tmp_path, b"bad\n" * 1_000))
    assert (recording.bad, len(recording.complaints)) == (1_000, 10)


def test_fields_that_are_not_looked_at_are_named(tmp_path: Path) -> None:
    recording = read(recorded(tmp_path, line("ada", "Hi", reply="Ho", mood="good")))
    assert recording.unknown == {"reply", "mood"}
    assert spoken(recording) == [["Hi"]]


def test_a_folder_is_all_its_recordings_in_the_order_of_their_names(tmp_path: Path) -> None:
    recorded(tmp_path, line("ada", "second"), "b.ndjson")
    recorded(tmp_path, line("ada", "first"), "a.jsonl")
    recorded(tmp_path, b"# notes\n", "README.md")
    files = found(str(tmp_path), tmp_path)
    assert files.passed_over == ("README.md",)
    recording = index(files.sources, None)
    assert spoken(recording) == [["first", "second"]]
    assert str(recording.dialogues[0].place(1)) == "b.ndjson line 1"


@pytest.mark.parametrize("name", ["nothing-here.jsonl", "folder/nothing.jsonl"])
def test_a_recording_that_is_not_there_is_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(ReplayError, match="No such file"):
        read(path)


def test_a_recording_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = recorded(tmp_path, line("ada", "Hi") + line("ada", "Ho"))
    place = read(path).dialogues[0].place(1)
    path.write_bytes(b"")
    with pytest.raises(ReplayError, match=r"talk.jsonl line 2: was changed while it was played"):
        utterance(place)


def conversation(*sessions: list[dict[str, str]]) -> dict[str, object]:
    talk: dict[str, object] = {"speaker_a": "Ann", "speaker_b": "Ben"}
    for number, session in enumerate(sessions, 1):
        talk[f"session_{number}"] = session
        talk[f"session_{number}_date_time"] = "1:47 pm on 18 May, 2023"
    return {"sample_id": "conv-0", "qa": [], "conversation": talk}


def test_a_locomo_file_is_one_dialogue_of_what_both_say(tmp_path: Path) -> None:
    talk = conversation(
        [{"speaker": "Ann", "dia_id": "D1:1", "text": "Hello"}, {"speaker": "Ben", "dia_id": "D1:2", "text": "Hi"}],
        [{"speaker": "Ann", "dia_id": "D2:1", "text": "", "blip_caption": "a photo of a cat"}],
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = recorded(tmp_path, json.dumps(talk, indent=1).encode(), "conv-0.json")
    recording = index(found(str(path), scratch).sources, None)
    assert spoken(recording) == [["Hello", "Hi", "a photo of a cat"]]
    assert recording.dialogues[0].learner_id == "conv-0"
    assert str(recording.dialogues[0].place(2)) == "conv-0.json line 3"
    at = utterance(recording.dialogues[0].place(0)).at
    assert at is not None
    assert at.isoformat() == "2023-05-18T13:47:00+00:00"


def test_json_that_is_no_dialogue_is_read_as_lines(tmp_path: Path) -> None:
    assert spoken(read(recorded(tmp_path, line("ada", "Hi"), "lines.json"))) == [["Hi"]]
    assert read(recorded(tmp_path, b'{"conversation": 3}', "other.json")).bad == 1
