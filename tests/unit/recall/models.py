"""A model of static embeddings as small as one can be: fifty words, eight numbers each, like ones for like words."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

_ALIKE = (
    "physician doctor nurse clinic hospital medicine surgeon",
    "automobile car vehicle truck engine wheel garage",
    "violin fiddle cello music orchestra melody bow",
    "slope gradient incline steepness line graph",
    "dog puppy hound bark leash kennel",
    "bread loaf bakery flour oven dough",
    "rain storm cloud thunder weather wind",
)
WORDS = ("[UNK]", *(word for row in _ALIKE for word in row.split()))


def model(folder: Path) -> Path:
    """The folder of a new model."""
    folder.mkdir()
    chance = np.random.default_rng(7)
    rows = [np.ones(8)]
    for group, row in enumerate(_ALIKE):
        rows += [np.eye(8)[group] + chance.normal(0, 0.05, 8) for _ in row.split()]
    save_file({"embeddings": np.array(rows, "f4")}, folder / "model.safetensors")
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"normalize": True}))
    return folder
