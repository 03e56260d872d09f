"""What the misbehaving provider is told to do, by a test or by a directive in the prompt."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.e2e.dialects import Telling
from tests.e2e.faults import FAULTS

TEXTS = (
    "Good question! ",
    "Before I answer, ",
    "look at ½ and ¼: ",
    "which one is bigger",
    "\N{THIN SPACE}? ",
    "Think of a 🍕 cut ",
    "into two, then into four. ",
    "Größer oder kleiner? ",
    "三 of ",
    "the four are ¾. ",
    "What would you ",
    "try first?",
)


@dataclass(frozen=True, slots=True)
class Script:
    """How requests are answered. `lat` and `gap` are milliseconds before the answer and between its chunks; `n` is
    the number of chunks, `after` after how many of them a fault strikes; `times` how many requests it is for. `stop` is
    the number of frames after which the answer waits for `MisbehavingProvider.go_on()`: what a test does in the middle
    of an answer is then done in the middle of it, however busy the machine is. From frame `step` on each waits for one
    `Seen.step()`, so that each is a read of its own to whoever reads them.

    `limit` is how many requests are answered from now on: each is told how many are left in the headers of OpenAI and
    Groq, and past it there is 429; all are there again after `reset`, as they say, but in truth only with the next
    script. `headers` go with every answer."""

    fault: str = "none"
    after: int = 3
    n: int | None = None
    lat: float = 0.0
    gap: float = 0.0
    retry: str | None = None
    text: str | None = None
    times: int | None = None
    stop: int | None = None
    step: int | None = None
    limit: int | None = None
    reset: str = "1m0s"
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.fault.isdecimal() and self.fault not in FAULTS:
            raise ValueError(f"no such fault: {self.fault}")


def limited(script: Script, asked: int) -> Script:
    """The script for the request with that number under its limit."""
    if script.limit is None:
        return script
    said = {
        "x-ratelimit-limit-requests": str(script.limit),
        "x-ratelimit-remaining-requests": str(max(script.limit - asked, 0)),
        "x-ratelimit-reset-requests": script.reset,
    }
    fault = script.fault if asked <= script.limit else "429"
    return replace(script, fault=fault, headers={**said, **script.headers})


_KINDS = {"after": int, "n": int, "lat": float, "gap": float, "fault": str, "retry": str, "stop": int, "step": int}


def directive(words: str) -> dict[str, Any]:
    """The last directive in a text.

    >>> directive("What is ½? [[fault=cut after=2]]")
    {'fault': 'cut', 'after': 2}
    """
    found = re.findall(r"\[\[((?:[a-z]+=[\w.+-]+ ?)+)\]\]", words)
    pairs = (part.split("=") for part in found[-1].split()) if found else ()
    return {name: _KINDS[name](value) for name, value in pairs if name in _KINDS}


def telling(script: Script, words: str, model: str) -> Telling:
    """The answer that a script asks for; its counts depend on the question, so that no two are mixed up."""
    text = script.text
    texts = TEXTS if text is None else tuple(text[at : at + 8] for at in range(0, len(text), 8))
    if script.n is not None:
        texts = tuple(texts[i % len(texts)] for i in range(script.n))
    asked = 100 + len(words)
    return Telling(texts, "stop", model, asked, asked // 2, len(texts), 7)
