"""A list of chat messages as what a session keeps: instructions, exchanges, and the learner's message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.openai.errors import invalid
from app.api.openai.parameters import MessageIn
from app.vocabulary import MESSAGE_LIMIT

INSTRUCTIONS_LIMIT = 4_000
"""Characters of the system and developer messages together."""

KEPT_EXCHANGES = 64
"""The newest exchanges that a new session begins with: as many as any prompt can hold."""

KEPT_CHARACTERS = 100_000
"""Characters that these may have together."""

_INSTRUCTING = ("system", "developer")
Exchange = tuple[str, str]
"""What a learner said (empty where the tutor spoke first) and what was replied."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a request says. `last` is its last message alone; `message` is that with what went unanswered before it."""

    instructions: str | None
    past: tuple[Exchange, ...]
    message: str
    last: str


def conversation(messages: Sequence[MessageIn]) -> Conversation:
    """The conversation in a request; `Invalid` for what the tutor cannot read."""
    spoken = [(m.role, _content(m, f"messages[{n}]")) for n, m in enumerate(messages)]
    if spoken[-1][0] != "user":
        param = f"messages[{len(spoken) - 1}].role"
        raise invalid(param, "The last message must have the role 'user': it is what the learner says.")
    if not spoken[-1][1].strip():
        raise invalid(f"messages[{len(spoken) - 1}].content", "The last message must say something.")
    instructions = "\n\n".join(text for role, text in spoken if role in _INSTRUCTING and text.strip())
    _within(instructions, INSTRUCTIONS_LIMIT, "The system and developer messages together")
    past, unanswered = exchanges([(role, text) for role, text in spoken[:-1] if role not in _INSTRUCTING])
    message = "\n\n".join((*unanswered, spoken[-1][1]))
    _within(message, MESSAGE_LIMIT, "The user messages since the last answer")
    return Conversation(instructions or None, _newest(past), message, spoken[-1][1])


def exchanges(spoken: Sequence[tuple[str, str]]) -> tuple[list[Exchange], list[str]]:
    """Messages as exchanges, and those of the user that got no answer; neighbours of one role are one message.

    >>> exchanges([("assistant", "Hi!"), ("user", "2+2?"), ("user", "Quick!"), ("assistant", "4"), ("user", "Why?")])
    ([('', 'Hi!'), ('2+2?\\n\\nQuick!', '4')], ['Why?'])
    """
    found: list[Exchange] = []
    asked: list[str] = []
    for role, text in spoken:
        if not text.strip():
            continue
        if role == "user":
            asked.append(text)
        elif asked or not found:
            found.append(("\n\n".join(asked), text))
            asked = []
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n\n{text}")
    return found, asked


def _newest(past: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """The newest exchanges that a session is begun with, oldest first."""
    start, spent = len(past), 0
    while start and len(past) - start < KEPT_EXCHANGES:
        spent += sum(map(len, past[start - 1]))
        if spent > KEPT_CHARACTERS:
            break
        start -= 1
    return tuple(past[start:])


def _content(message: MessageIn, at: str) -> str:
    """The text of a message, within its limit."""
    if message.role not in ("user", "assistant", *_INSTRUCTING):
        raise invalid(f"{at}.role", f"Messages with the role '{message.role[:40]}' are not supported by this tutor.")
    for name in ("tool_calls", "function_call", "audio", "tool_call_id"):
        if getattr(message, name):
            raise invalid(f"{at}.{name}", f"'{name}' is not supported by this tutor.", "unsupported_value")
    text = "".join(_texts(message, at))
    if "\x00" in text:
        raise invalid(f"{at}.content", "The content must not contain the character U+0000.")
    _within(text, MESSAGE_LIMIT, "This message", at)
    return text


def _texts(message: MessageIn, at: str) -> Iterator[str]:
    content = message.content
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for n, part in enumerate(content):
            yield _part(part, f"{at}.content[{n}]")
    elif content is None and message.role == "assistant":
        yield message.refusal or ""
    else:
        raise invalid(f"{at}.content", "The content must be text or a list of text parts.", "invalid_type")


def _part(part: Any, at: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in ("text", "refusal"):
        said = f"a part of type '{str(kind)[:40]}'" if kind else "this"
        raise invalid(at, f"This tutor reads text only; it cannot take {said}.", "unsupported_value")
    text = part.get(kind)
    if not isinstance(text, str):
        raise invalid(f"{at}.{kind}", f"A part of type '{kind}' needs its '{kind}' as a string.", "invalid_type")
    return text


def _within(text: str, limit: int, what: str, at: str = "messages") -> None:
    if len(text) > limit:
        told = f"{what} may have {limit:,} characters at most, and has {len(text):,}."
        raise invalid(at, told, "context_length_exceeded")
