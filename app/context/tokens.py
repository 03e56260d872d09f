"""Exact token counts, offline: the vocabulary comes with the package `splintr-rs`."""

from typing import Protocol

TOKENIZER = "o200k"
"""What budgets and receipts count in: exact for OpenAI's models and for gpt-oss, an approximation for others."""


class Encoder(Protocol):
    """What a tokenizer library gives us."""

    def encode_ordinary(self, text: str) -> list[int]: ...

    def decode_lossy(self, tokens: list[int]) -> str: ...


class Tokens:
    """Counts tokens and cuts text to a number of them."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def count(self, text: str) -> int:
        """Tokens in `text`; a pair of surrogates that stands alone counts as the replacement character."""
        return len(self._encoder.encode_ordinary(_sound(text)))

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's tokens."""
        return self._encoder.encode_ordinary(_sound(text))

    def shorten(self, text: str, limit: int) -> str:
        """`text` in at most `limit` tokens: its beginning and its end, with a mark where the middle was.

        Both ends are kept because a learner's question stands at one of them. Empty when not even the mark fits.
        """
        tokens = self._encoder.encode_ordinary(_sound(text))
        if len(tokens) <= limit:
            return text
        keep = limit - self.count(_MARK) - 2
        while keep >= 2:
            head, tail = tokens[: keep * 2 // 3], tokens[-(keep - keep * 2 // 3) :]
            short = f"{self._text(head)}{_MARK}{self._text(tail)}"
            if self.count(short) <= limit:
                return short
            keep -= max(2, keep // 16)
        return ""

    def _text(self, tokens: list[int]) -> str:
        # A cut inside a multi-byte character leaves replacement characters at the seam; plain `decode` would raise.
        return self._encoder.decode_lossy(tokens).strip("�")


_MARK = "\n[… the middle of this message was left out …]\n"


def _sound(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def o200k() -> Tokens:
    """The tokenizer of OpenAI's current models; loads its vocabulary (35 ms, 30 MB) from the installed package."""
    import splintr  # heavy: loaded when the service is built, not when a module is imported

    return Tokens(splintr.Tokenizer.from_pretrained("o200k_base"))
