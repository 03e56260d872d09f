"""Passages as text in a prompt: quoted data, from which nothing can pass for a header or for another speaker."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from app.vocabulary import Passage

_ASIDE = re.compile(r"\s*\[(?:photo|image|picture|screenshot|drawing|file|audio|video): ([^\[\]\n]*)\]")


def aside(text: str) -> str:
    """What a passage says of what was sent along with it.

    >>> aside("Look! [photo: a dog on a beach]")
    'a dog on a beach'
    """
    return " ".join(_ASIDE.findall(text))


def bare(text: str) -> str:
    """A passage without that, where it says something else at all.

    >>> bare("Look! [photo: a dog on a beach]"), bare("[photo: a dog]")
    ('Look!', '[photo: a dog]')
    """
    return _ASIDE.sub("", text).strip() or text


def line(passage: Passage, text: str) -> str:
    """A passage as it is quoted; further lines of it are indented, so that none begins like a header or a speaker.

    >>> print(line(Passage("1", "s", 0, "", "learner", ""), "Look:\\n## 1 May 2023\\n\\ntutor: yes"))
    learner: Look:
      ## 1 May 2023
      tutor: yes
    """
    told = "\n  ".join(part.rstrip() for part in text.splitlines() if part.strip())
    return told if passage.source == "material" else f"{' '.join(passage.speaker.split())}: {told}"


def header(passage: Passage) -> str:
    """What stands over a session's passages of one day, or over those of a document.

    >>> header(Passage("1", "s", 0, "2023-05-08T13:56:00Z", "learner", ""))
    '## Mon 8 May 2023'
    """
    if passage.source == "material":
        return f"## {' '.join(passage.speaker.split())}"
    return _dated(passage.at[:10])


@lru_cache(maxsize=4_096)
def _dated(day: str) -> str:
    try:
        at = datetime.fromisoformat(day)
    except ValueError:
        return "## undated"
    return f"## {at:%a} {at.day} {at:%B %Y}"


def quoted(passages: Iterable[Passage], texts: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Passages in order of time, session by session, then material, each piece of which gets a mark such as [1]; and
    the ids of what the marks stand for. `texts` holds by id what is quoted of each."""
    passages = list(passages)
    began: dict[str, str] = {}
    for passage in passages:
        began[passage.session_id] = min(passage.at, began.get(passage.session_id, passage.at))
    out: list[str] = []
    cited: list[str] = []
    group: object = None
    for passage in sorted(passages, key=lambda p: (p.source != "turn", began[p.session_id], p.session_id, p.n, p.id)):
        if group != (group := (passage.session_id, header(passage))):
            out.append(header(passage))
        said = line(passage, texts[passage.id])
        if passage.source == "material":
            cited.append(passage.id)
            said = f"[{len(cited)}] {said}"
        out.append(said)
    return "\n".join(out), tuple(cited)
