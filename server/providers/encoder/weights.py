"""The files of a sentence encoder, as sentence-transformers lays them out: numbers, vocabulary, shape."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """What the files hold. `tensors` are views of the file: what is not looked at takes no memory of the process."""

    tensors: dict[str, Floats]
    vocabulary: dict[str, int]
    layers: int
    heads: int
    longest: int
    epsilon: float


def read(folder: Path) -> Weights:
    """Reads `model.safetensors`, `vocab.txt` and `config.json` of a folder.

    Raises OSError for a file that is not there, ValueError or KeyError for one that is no BERT's.
    """
    config = orjson.loads((folder / "config.json").read_bytes())
    if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
        raise ValueError("not a BERT with GELU")
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return Weights(
        tensors=_tensors(folder / "model.safetensors"),
        vocabulary={piece: number for number, piece in enumerate(pieces)},
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        longest=config["max_position_embeddings"],
        epsilon=config["layer_norm_eps"],
    )


def _tensors(file: Path) -> dict[str, Floats]:
    data = np.memmap(file, np.uint8, "r")
    (size,) = struct.unpack("<Q", data[:8].tobytes())
    if size > len(data):
        raise ValueError("a damaged file of weights")
    head = orjson.loads(data[8 : 8 + size].tobytes())
    found: dict[str, Floats] = {}
    for name, about in head.items():
        if name != "__metadata__" and about["dtype"] == "F32":
            begin, end = about["data_offsets"]
            raw = data[8 + size + begin : 8 + size + end]
            # A header of odd length leaves the numbers unaligned; then they are copied.
            aligned = raw if raw.ctypes.data % 4 == 0 else raw.copy()
            found[name] = aligned.view(np.float32).reshape(about["shape"])
    return found
