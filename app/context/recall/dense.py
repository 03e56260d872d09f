"""Vectors of texts from a small local model of static embeddings: texts that mean alike have like vectors.

A text's vector is the mean of its tokens' rows, scaled to length 1: there is no network to run, so that it takes some
ten microseconds a sentence (model2vec, https://github.com/MinishLab/model2vec; the idea: Arora et al., "A simple but
tough-to-beat baseline for sentence embeddings", ICLR 2017). Nothing is downloaded: the folder holds the model.
"""

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from app.context.recall.columns import Array, Column
from app.errors import SettingsError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LETTERS = 2_048
"""Characters of a text that are read, some 500 tokens: as far as such models go, in a millisecond or two."""

_BLOCK = 256
"""Vectors that are compared at once: what is made of them in between stays in the processor's cache."""


class Dense:
    """A table of tokens' vectors, and what cuts texts into tokens."""

    def __init__(self, tokenizer: "Tokenizer", table: Array) -> None:
        self._tokenizer, self._table = tokenizer, table
        unknown = getattr(tokenizer.model, "unk_token", None)
        self._unknown = tokenizer.token_to_id(unknown) if unknown else None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model in a folder as model2vec lays it out: `tokenizer.json`, and `model.safetensors` with `embeddings`,
        floats with a row for each token. What `config.json` says of normalizing changes nothing here, since only
        directions are compared. Raises `SettingsError` for anything else, and without the packages of the extra."""
        for name in ("model.safetensors", "tokenizer.json"):
            if not (folder / name).is_file():
                raise _refusal(folder, f"there is no file {name} in it; allowed is the folder of a model2vec model")
        try:
            from safetensors import SafetensorError
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer
        except ImportError as error:
            raise _refusal(folder, f'{error.name} is not installed: pip install "masterx[dense]"') from error
        try:
            tensors = load_file(folder / "model.safetensors")
        except (SafetensorError, OSError, TypeError, KeyError, ValueError) as error:
            raise _refusal(folder, f"model.safetensors cannot be read: {_line(error)}") from error
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # it is what tokenizers raises, for whatever reason
            raise _refusal(folder, f"tokenizer.json cannot be read: {_line(error)}") from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(tokenizer, _checked(folder, tensors, tokenizer.get_vocab_size(with_added_tokens=True)))

    @property
    def size(self) -> int:
        """Numbers of a vector."""
        return int(self._table.shape[1])

    def vector(self, text: str) -> Array:
        """A text's vector, float32, of length 1; zeros for a text without a token that the model knows."""
        plain = text[:_LETTERS].encode("utf-8", "replace").decode()  # without halves of surrogate pairs
        ids = self._tokenizer.encode(plain, add_special_tokens=False).ids
        known = [id_ for id_ in ids if id_ != self._unknown]
        if not known:
            return np.zeros(self.size, "f4")
        mean: Array = self._table[known].mean(axis=0, dtype="f4")
        length = float(np.linalg.norm(mean))
        return mean / np.float32(length) if length > 0 else mean


class Vectors:
    """A vector for each slot of an index: 260 bytes a passage at 256 numbers.

    Its numbers are bytes, as parts of the largest, with a scale beside them that makes its length 1. A cosine is off by
    less than 0.01; float16 would take twice the room and be compared ten times slower, at 0.5 ms for 1,000 passages.
    """

    def __init__(self, dense: Dense, text: Callable[[int], str | None]) -> None:
        """`text` gives what stands in a slot; `None` where nothing does any more."""
        self._dense, self._text = dense, text
        self._column, self._scales = Column("i1", dense.size), Column("f4")
        self._waiting: deque[int] = deque()

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._column.nbytes + self._scales.nbytes + 32 * len(self._waiting)

    def reserve(self, more: int) -> None:
        """Makes room for so many more."""
        self._column.reserve(more)
        self._scales.reserve(more)

    def want(self, slots: Iterable[int]) -> None:
        """Notes slots whose vectors are to be made before the next comparison: `make` makes them."""
        self._waiting.extend(slots)

    def make(self, most: int) -> bool:
        """Makes so many of the vectors that are wanted, at most; whether some are left."""
        for _ in range(min(most, len(self._waiting))):
            slot = self._waiting.popleft()
            text = self._text(slot)
            if text is not None:
                self._put(slot, self._dense.vector(text))
        return bool(self._waiting)

    def drop(self, slot: int) -> None:
        """Forgets the vector of a slot."""
        if slot < len(self._column):
            self._column[slot] = self._scales[slot] = 0

    def likeness(self, text: str, count: int) -> Array:
        """How alike a text and what stands in each of the first `count` slots are: the cosine, 0 where it is below."""
        self.make(len(self._waiting))
        found, vector = np.zeros(count, "f4"), self._dense.vector(text)
        if vector.any():
            for start in range(0, len(self._column), _BLOCK):
                block = self._column.values[start : start + _BLOCK].astype("f4")
                found[start : start + len(block)] = block @ vector
            found[: len(self._scales)] *= self._scales.values
        return np.maximum(found, 0)

    def _put(self, slot: int, vector: Array) -> None:
        more, largest = max(0, slot + 1 - len(self._column)), float(np.abs(vector).max())
        self._column.grow(more)
        self._scales.grow(more)
        parts = np.rint(vector * (127 / largest)) if largest else vector
        self._column[slot], self._scales[slot] = parts, 1 / float(np.linalg.norm(parts)) if largest else 0


def _checked(folder: Path, tensors: dict[str, Array], tokens: int) -> Array:
    table = tensors.get("embeddings")
    if table is None or len(tensors) != 1:
        raise _refusal(folder, f"model.safetensors holds {sorted(tensors)}; allowed is `embeddings` alone")
    if table.ndim != 2 or table.dtype.kind != "f" or not table.size or not np.isfinite(table).all():
        raise _refusal(folder, f"embeddings are {table.dtype}{list(table.shape)}; allowed are finite floats in rows")
    if len(table) < tokens:
        raise _refusal(
            folder, f"embeddings has {len(table)} rows for {tokens} tokens; the two files are not of one model"
        )
    return table


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _refusal(folder: Path, why: str) -> SettingsError:
    return SettingsError(f"MASTERX_DENSE={folder}: {why}")
