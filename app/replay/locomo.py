"""Dialogues of the LoCoMo data set (Maharana et al., ACL 2024) as lines.

Each becomes one dialogue of one learner, named after the sample: what either speaker says is a message of that
learner, word for word, since a tutor has no use for a second person.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

_LARGEST = 64 << 20
"""Bytes of a file that is read at once to see whether it is one of these."""

_WHEN = "%I:%M %p on %d %B, %Y"


def rewritten(path: Path, scratch: Path) -> Path | None:
    """A LoCoMo file as lines in the folder `scratch`; `None` for any other file. Raises `OSError`."""
    samples = _samples(path)
    if samples is None:
        return None
    lines = scratch / f"{path.name}l"
    with lines.open("wb") as file:
        for number, sample in enumerate(samples, 1):
            learner = str(sample.get("sample_id") or f"{path.stem}-{number}")
            file.writelines(orjson.dumps(line) + b"\n" for line in _lines(learner, sample["conversation"]))
    return lines


def _samples(path: Path) -> list[Mapping[str, Any]] | None:
    if path.suffix.lower() != ".json" or path.stat().st_size > _LARGEST:
        return None
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        return None
    samples = document if isinstance(document, list) else [document]
    return samples if samples and all(map(_is_sample, samples)) else None


def _is_sample(value: Any) -> bool:
    talk = value.get("conversation") if isinstance(value, dict) else None
    return isinstance(talk, dict) and "speaker_a" in talk and isinstance(talk.get("session_1"), list)


def _lines(learner: str, talk: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    number = 1
    while isinstance(session := talk.get(f"session_{number}"), list):
        at = _time(talk.get(f"session_{number}_date_time"))
        for said in session:
            message = said.get("text") or said.get("blip_caption")
            yield {"learner_id": learner, "message": message, "at": at}
        number += 1


def _time(text: Any) -> str | None:
    with suppress(TypeError, ValueError):
        return datetime.strptime(text, _WHEN).replace(tzinfo=UTC).isoformat()
    return None
