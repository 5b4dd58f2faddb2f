"""Ratios of gamma functions that lie whole steps apart.

The likelihoods need Γ(c + x) / Γ(c) only for whole x: the rising factorial c·(c + 1)⋯(c + x − 1). Sums of logarithms
give it to the last digits without a library of special functions.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def log_rising(c: float, most: int) -> FloatArray:
    """ln Γ(c + x) / Γ(c) for x = 0, 1, … `most`; c positive."""
    table = np.zeros(most + 1)
    np.cumsum(np.log(c + np.arange(most)), out=table[1:])
    return table
