"""A sentence encoder's files with a single small layer of random numbers, as real ones are laid out."""

import json
import struct
from pathlib import Path

import numpy as np

WIDTH = 384
WIDE = 64
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,?!'"


def write(folder: Path) -> Path:
    """Writes the files into a folder and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *LETTERS,
        *(f"##{letter}" for letter in LETTERS),
        "cat",
        "climb",
        "##ing",
    ]
    (folder / "vocab.txt").write_text("\n".join(pieces))
    config = {
        "model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": 1, "num_attention_heads": 12,
        "max_position_embeddings": 64, "layer_norm_eps": 1e-12,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    shapes = {
        "embeddings.word_embeddings.weight": (len(pieces), WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **_pair("embeddings.LayerNorm", WIDTH),
        **{k: v for n in ("query", "key", "value") for k, v in _pair(f"{_L}attention.self.{n}", WIDTH, WIDTH).items()},
        **_pair(f"{_L}attention.output.dense", WIDTH, WIDTH),
        **_pair(f"{_L}attention.output.LayerNorm", WIDTH),
        **_pair(f"{_L}intermediate.dense", WIDE, WIDTH),
        **_pair(f"{_L}output.dense", WIDTH, WIDE),
        **_pair(f"{_L}output.LayerNorm", WIDTH),
    }
    random = np.random.default_rng(7)
    head, data = {}, b""
    for name, shape in shapes.items():
        values = random.normal(1.0 if "LayerNorm.weight" in name else 0.0, 0.05, shape).astype(np.float32)
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    told = json.dumps(head).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(told)) + told + data)
    return folder


_L = "encoder.layer.0."


def _pair(name: str, size: int, given: int | None = None) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,) if given is None else (size, given), f"{name}.bias": (size,)}
