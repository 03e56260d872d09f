"""The dialogues of LoCoMo as turns with a tutor."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

LOCOMO = Path(__file__).parent.parent.parent / "shared" / "data" / "locomo"


@dataclass(frozen=True)
class Talk:
    """One session of a dialogue: what the first speaker says and the other answers, in turns."""

    who: str
    at: datetime
    exchanges: list[tuple[str, str]]


def talks() -> list[Talk]:
    """The sessions of all dialogues, in order of time."""
    found: list[Talk] = []
    for path in sorted(LOCOMO.glob("conv-*.json")):
        conversation = json.loads(path.read_text("utf-8"))["conversation"]
        for name, lines in conversation.items():
            if re.fullmatch(r"session_\d+", name) and lines:
                at = datetime.strptime(conversation[f"{name}_date_time"], "%I:%M %p on %d %B, %Y")  # noqa: DTZ007
                found.append(Talk(path.stem, at, list(_exchanges(lines, conversation["speaker_a"]))))
    return sorted(found, key=lambda talk: (talk.at, talk.who))


def _exchanges(lines: list[dict[str, str]], learner: str) -> Iterator[tuple[str, str]]:
    """Lines of one speaker in a row are one; who is answered without having spoken said "Hi!"."""
    asked, told = "", ""
    for line in lines:
        if line["speaker"] == learner and told:
            yield asked or "Hi!", told
            asked, told = "", ""
        if line["speaker"] == learner:
            asked = f"{asked} {line['text']}".strip()
        else:
            told = f"{told} {line['text']}".strip()
    if asked or told:
        yield asked or "Hi!", told or "I see."
