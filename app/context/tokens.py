"""Exact token counts, offline: the vocabularies come with the package `splintr-rs`.

Budgets and receipts count by one tokenizer, OpenAI's o200k, whoever answers. What a prompt may cost elsewhere is
counted by Llama 3's own vocabulary, and for Gemini estimated from o200k. Against the vocabulary of Gemma 3, which is
Gemini's (Gemma 3 Technical Report, 2025), messages in English take 1.07 times as many (1 % of them under 0.95, 1 % over
1.28), program text and formulas 1.13 times; Russian, Chinese, Japanese and Hindi take fewer, 0.67 to 0.84 times.
"""

import re
from functools import cache, lru_cache
from typing import Protocol

TOKENIZER = "o200k"
"""What budgets and receipts count in: exact for OpenAI's models and for gpt-oss, an approximation for others."""


_COUNTED = 8_192
_SHORT = 2_048
"""Characters of a text whose count is kept."""

_LINES = re.compile(r"(?<=\n)(?=[^\s/])")
"""Where the tokenizers' patterns part a text in any case: a line break ends a piece unless space or "/" follows."""


class Encoder(Protocol):
    """What a tokenizer library gives us."""

    def encode_ordinary(self, text: str) -> list[int]: ...

    def decode_lossy(self, tokens: list[int]) -> str: ...


class Tokens:
    """Counts tokens and cuts text to a number of them."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept = lru_cache(_COUNTED)(self._count)

    def count(self, text: str) -> int:
        """Tokens in `text`; a pair of surrogates that stands alone counts as the replacement character. Counted line by
        line; the counts of the 8,192 short lines last counted are kept."""
        return sum(map(self._of_line, _LINES.split(text))) if "\n" in text else self._of_line(text)

    def _of_line(self, line: str) -> int:
        return self._kept(line) if len(line) <= _SHORT else self._count(line)

    def _count(self, text: str) -> int:
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
    return _of("o200k_base")


def llama3() -> Tokens:
    """The tokenizer of Llama 3 and its successors up to 3.3, as Groq serves them (60 ms, 21 MB)."""
    return _of("llama3")


def _of(name: str) -> Tokens:
    return Tokens(_encoder(name))


@cache
def _encoder(name: str) -> Encoder:
    """A vocabulary never changes, so one is enough for a process; its first word that is no token takes 120 ms."""
    import splintr  # heavy: loaded when the service is built, not when a module is imported

    encoder: Encoder = splintr.Tokenizer.from_pretrained(name)
    return encoder
