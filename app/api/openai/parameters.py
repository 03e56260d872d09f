"""What a chat completion may ask for: honoured, left alone where that is harmless, refused where it would mislead."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.openai.errors import invalid
from app.errors import Invalid, Malformed
from app.vocabulary import Sampling

ROUTED = "masterx"
"""The model that stands for the router."""

MOST_MESSAGES = 2_048
"""Messages in one request."""

_Role = Annotated[str, Field(examples=["user"])]


# Hints to a sampler or a biller: an answer without them is still an answer to what was asked.
_LEFT_ALONE: Any = Field(description="Accepted and left alone.")
Refused = Annotated[Any, Field(description="Not supported: refused, unless it asks for nothing.")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MessageIn(_Part):
    """One message. Content is text, or parts of type `text`."""

    role: _Role
    content: Annotated[Any, Field(examples=["How do I solve 3x + 5 = 20?"])] = None
    name: str | None = None
    refusal: str | None = None
    annotations: Any = None
    audio: Any = None
    tool_calls: Any = None
    tool_call_id: Any = None
    function_call: Any = None


class StreamOptions(_Part):
    """What a stream carries besides text."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatIn(_Part):
    """A chat completion as OpenAI defines it. The last message is the learner's; the others seed a new session."""

    model: Annotated[str, Field(examples=[ROUTED])]
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MOST_MESSAGES)]
    user: Annotated[str | None, Field(examples=["ada"], description="The learner.")] = None
    metadata: Annotated[dict[str, str] | None, Field(description="`session_id` names the session.")] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None

    top_p: Annotated[float | None, _LEFT_ALONE] = None
    frequency_penalty: Annotated[float | None, _LEFT_ALONE] = None
    presence_penalty: Annotated[float | None, _LEFT_ALONE] = None
    seed: Annotated[int | None, _LEFT_ALONE] = None
    store: Annotated[bool | None, _LEFT_ALONE] = None
    service_tier: Annotated[str | None, _LEFT_ALONE] = None
    parallel_tool_calls: Annotated[bool | None, _LEFT_ALONE] = None
    reasoning_effort: Annotated[str | None, _LEFT_ALONE] = None
    verbosity: Annotated[str | None, _LEFT_ALONE] = None
    safety_identifier: Annotated[str | None, _LEFT_ALONE] = None
    prompt_cache_key: Annotated[str | None, _LEFT_ALONE] = None
    prompt_cache_options: Annotated[Any, _LEFT_ALONE] = None
    prompt_cache_retention: Annotated[Any, _LEFT_ALONE] = None

    n: Refused = None
    tools: Refused = None
    tool_choice: Refused = None
    functions: Refused = None
    function_call: Refused = None
    response_format: Refused = None
    modalities: Refused = None
    audio: Refused = None
    logprobs: Refused = None
    top_logprobs: Refused = None
    logit_bias: Refused = None
    stop: Refused = None
    prediction: Refused = None
    moderation: Refused = None
    web_search_options: Refused = None

    @property
    def usage_wanted(self) -> bool:
        """Whether a stream ends with the usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def sampling(self) -> Sampling:
        """How the answer is wanted."""
        return Sampling(self.max_completion_tokens or self.max_tokens, self.temperature)


_NOTHING: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "audio": (),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "stop": ([],),
    "prediction": (),
    "moderation": (),
    "web_search_options": (),
}
"""Values that ask for nothing of parameters that are not supported; null always does."""


def parsed(raw: bytes) -> ChatIn:
    """The request in a body. Raises `Malformed` or `Invalid`, in OpenAI's words."""
    try:
        chat = ChatIn.model_validate_json(raw)
    except ValidationError as error:
        raise _refused(error) from error
    for name, nothing in _NOTHING.items():
        given = getattr(chat, name)
        if given is not None and not _among(given, nothing):
            raise invalid(name, f"'{name}' is not supported by this tutor.", "unsupported_parameter")
    if chat.stream_options and not chat.stream:
        raise invalid("stream_options", "'stream_options' is only allowed when 'stream' is enabled.")
    return chat


def _among(given: object, nothing: Iterable[object]) -> bool:
    return any(given == value and type(given) is type(value) for value in nothing)


def _refused(error: ValidationError) -> Malformed | Invalid:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return Malformed(f"The body of your request is not JSON: {found[0]['msg']}.")
    unknown = [e["loc"] for e in found if e["type"] == "extra_forbidden"]
    if unknown and all(len(loc) == 1 for loc in unknown):
        names = ", ".join(str(loc[0]) for loc in unknown)
        plural = "s" if len(unknown) > 1 else ""
        message = f"Unrecognized request argument{plural} supplied: {names}"
        return invalid(str(unknown[0][0]), message, "unknown_parameter")
    first = found[0]
    param = where(first["loc"])
    if first["type"] == "missing":
        return invalid(param, f"Missing required parameter: '{param}'.", "missing_required_parameter")
    code = "invalid_type" if first["type"].endswith("_type") else "invalid_value"
    return invalid(param, f"Invalid value for '{param or 'body'}': {first['msg']}.", code)


def where(path: Iterable[str | int]) -> str:
    """A path into the body as OpenAI writes it.

    >>> where(("messages", 0, "content"))
    'messages[0].content'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
