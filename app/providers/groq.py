"""Groq's API: that of OpenAI, with additions of its own."""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.providers.openai_compatible import OpenAICompatible
from app.providers.refusals import complaint
from app.providers.wire import Piece, rooted


class Groq(OpenAICompatible):
    """One model of Groq. The tokens of a stream come in `x_groq`, unasked; so may an error."""

    limit_field: ClassVar[str] = "max_completion_tokens"
    stream_fields: ClassVar[Mapping[str, object]] = {"stream": True}

    def root(self, base_url: str) -> str:
        """Where the API's paths begin; Groq's own SDK takes its address without the path."""
        return rooted(base_url, "/openai/v1")

    def read(self, message: Any) -> Piece:
        """One event of a stream, or a whole answer."""
        own = message.get("x_groq")
        if not own:
            return super().read(message)
        if error := own.get("error"):
            raise complaint(error, self._key)
        return super().read({**message, "usage": message.get("usage") or own.get("usage")})
