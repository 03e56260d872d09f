"""Recall by meaning, with a model, and that nothing changes without one."""

import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from app.context.memory.memory import Memory
from app.context.recall.dense import Dense
from app.context.recall.index import Index
from app.context.recall.search import Question, search
from app.errors import SettingsError
from tests.unit.recall.models import model
from tests.unit.recall.talks import NOW, kept, recalled, said

TALK = [
    said(0, "The puppy chewed on my leash.", "s1"),
    said(0, "My aunt is a physician in Lyon.", "s5"),
    said(0, "We baked a loaf with much flour.", "s9"),
    said(0, "Thunder kept me awake.", "s13"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def dense(folder: Path) -> Dense:
    return Dense.load(folder)


def filled(dense: Dense | None) -> Index:
    index = Index(dense)
    index.add(*TALK)
    return index


def test_a_passage_that_only_means_what_is_asked_is_found_with_a_model_and_not_without(dense: Dense) -> None:
    assert kept(recalled(filled(dense), "Who is the doctor?"))[0] == "s5:0"
    assert kept(recalled(filled(None), "Who is the doctor?")) == []


def test_the_one_passage_of_an_index_is_found_by_meaning_too(dense: Dense) -> None:
    index = Index(dense)
    index.add(TALK[1])
    assert kept(recalled(index, "doctor?")) == ["s5:0"]


def test_words_that_the_model_does_not_know_are_like_nothing(dense: Dense) -> None:
    assert not dense.vector("zyx unheard").any()
    assert kept(recalled(filled(dense), "zyx unheard")) == []


def test_a_question_of_which_the_model_knows_no_word_is_answered_to_the_bit_as_without_it(dense: Dense) -> None:
    for text in ("What about Lyon?", "who was awake", "my aunt chewed", "in January 2026", "zyx"):
        one, other = (search(filled(which), Question(text, NOW)) for which in (dense, None))
        assert one.slots.tolist() == other.slots.tolist()
        assert one.scores.tobytes() == other.scores.tobytes()


def test_a_vector_has_length_one_and_is_the_same_for_the_same_text(dense: Dense) -> None:
    one = dense.vector("The doctor and the nurse")
    assert one.dtype == np.float32
    assert one.shape == (dense.size,)
    assert np.linalg.norm(one) == pytest.approx(1)
    assert one.tobytes() == dense.vector("The doctor and the nurse").tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "\ud800 doctor",
        "x" * 50_000,
        "doctor " * 50_000,
        "漢" * 3_000,
        "\x00",
        "🎉👩‍👩‍👧‍👦" * 400,
        "مرحبا",
        "[CLS]",
    ],
)
def test_any_text_has_a_vector_and_can_be_asked(dense: Dense, text: str) -> None:
    assert np.isfinite(dense.vector(text)).all()
    index = filled(dense)
    index.add(said(1, text, "s20"))
    assert search(index, Question(text, NOW)).slots is not None
    assert kept(recalled(index, "doctor"))


def test_likeness_is_the_cosine_to_a_hundredth(dense: Dense) -> None:
    index = filled(dense)
    assert index.vectors is not None
    found = index.vectors.likeness("doctor", len(index.table))
    for passage in TALK:
        exact = max(0.0, float(dense.vector("doctor") @ dense.vector(passage.text)))
        assert found[index.slot(passage.id)] == pytest.approx(exact, abs=0.01)


def test_what_was_removed_is_not_found_by_meaning_and_its_room_is_used_again(dense: Dense) -> None:
    index = filled(dense)
    index.remove("s5")
    assert "s5:0" not in kept(recalled(index, "doctor"))
    assert index.vectors is not None
    assert index.vectors.likeness("doctor", len(index.table)).max() < 0.3
    index.add(said(0, "The hound ran.", "s30"))
    assert kept(recalled(index, "a kennel for a dog"))[0] in ("s1:0", "s30:0")
    assert index.vectors.likeness("doctor", len(index.table)).max() < 0.3


def test_what_is_loaded_from_a_segment_is_found_by_meaning_whether_it_was_made_in_slices_or_not(dense: Dense) -> None:
    packed, sliced, whole = filled(None).pack(), Index(dense), Index(dense)
    for index in (sliced, whole):
        index.unpack(packed)
    slices = 1
    while sliced.embed(1):
        slices += 1
    assert slices == len(TALK)
    for index in (sliced, whole):
        assert kept(recalled(index, "doctor"))[0] == "s5:0"


def test_what_is_removed_before_its_vector_was_made_gets_none(dense: Dense) -> None:
    index = Index(dense)
    index.unpack(filled(None).pack())
    index.remove("s5")
    assert "s5:0" not in kept(recalled(index, "doctor"))


def test_vectors_count_in_what_an_index_takes(dense: Dense) -> None:
    plain, vectors = Index(), Index(dense)
    for index in (plain, vectors):
        index.add(*(said(n, f"doctor number {n}") for n in range(1_000)))
    more = vectors.footprint - plain.footprint
    assert (dense.size + 4) * 1_000 <= more <= 3 * (dense.size + 4) * 1_000
    assert Memory(vectors).size - Memory(plain).size >= more


def test_without_the_packages_the_start_stops_with_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(SettingsError, match=r'tokenizers is not installed: pip install "masterx\[dense\]"'):
        Dense.load(folder)


def _without(name: str) -> object:
    return lambda folder: (folder / name).unlink()


def _damaged(name: str) -> object:
    return lambda folder: (folder / name).write_bytes(b"no such thing")


def _holding(**tensors: np.ndarray) -> object:
    return lambda folder: save_file(tensors, folder / "model.safetensors")


BAD = {
    "no table": (_without("model.safetensors"), "there is no file model.safetensors"),
    "no tokenizer": (_without("tokenizer.json"), "there is no file tokenizer.json"),
    "a damaged table": (_damaged("model.safetensors"), "model.safetensors cannot be read"),
    "a damaged tokenizer": (_damaged("tokenizer.json"), "tokenizer.json cannot be read"),
    "another tensor": (_holding(weight=np.ones((9, 8), "f4")), "holds ['weight']"),
    "a quantized table": (_holding(embeddings=np.ones((90, 8), "i1")), "int8[90, 8]"),
    "numbers that are none": (_holding(embeddings=np.full((90, 8), np.nan, "f4")), "finite floats"),
    "too few rows": (_holding(embeddings=np.ones((9, 8), "f4")), "has 9 rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_model_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    spoil, why = BAD[name]
    folder = model(tmp_path / "bad")
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(SettingsError) as refused:
        Dense.load(folder)
    assert why in str(refused.value)
    assert str(refused.value).startswith(f"MASTERX_DENSE={folder}: ")
    assert "\n" not in str(refused.value)
