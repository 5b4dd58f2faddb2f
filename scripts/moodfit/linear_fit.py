"""Fits the linear model: multinomial logistic regression on features scaled by what they tell.

The scales are log-count ratios, after Wang and Manning 2012, "Baselines and Bigrams".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from moodfit.rows import MOODS, Floats, Rows

KEPT = 60_000
"""Features that stay: those with the most scale times root of the texts that have them."""
SEEN_AT_LEAST = 2
FLOOR = 0.2
"""Scale of a feature that tells nothing."""
L2 = 1e-5
RARE_CLASS_POWER = 0.3
STEPS = 60


@dataclass(frozen=True)
class LinearFit:
    keys: NDArray[np.uint32]
    scale: Floats
    weights: Floats

    def logits(self, rows: Rows) -> Floats:
        return _unit_rows(rows, self.keys, self.scale) @ self.weights


def fit(rows: Rows) -> LinearFit:
    keys, scale = _chosen(rows)
    design = _unit_rows(rows, keys, scale)
    turned = design.T.tocsr()
    weight = (rows.weights(RARE_CLASS_POWER) / len(rows.labels))[:, None]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(len(keys), len(MOODS)).astype(np.float32)
        logits = design @ weights
        logits -= logits.max(axis=1, keepdims=True)
        exps = np.exp(logits)
        sums = exps.sum(axis=1, keepdims=True)
        value = -(weight * rows.wanted * (logits - np.log(sums))).sum() + L2 / 2 * np.vdot(weights, weights)
        gradient = turned @ ((exps / sums - rows.wanted) * weight) + L2 * weights
        return float(value), gradient.astype(np.float64).ravel()

    start = np.zeros(len(keys) * len(MOODS))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 6, "ftol": 1e-5})
    return LinearFit(keys, scale, found.x.reshape(len(keys), len(MOODS)).astype(np.float32))


def _matrix(rows: Rows, keys: NDArray[np.uint32]) -> sparse.csr_matrix:
    lengths = np.array([len(on) for on in rows.features])
    flat = np.concatenate(rows.features)
    at = np.minimum(keys.searchsorted(flat), len(keys) - 1)
    known = keys[at] == flat
    row = np.repeat(np.arange(len(lengths)), lengths)[known]
    ones = np.ones(int(known.sum()), np.float32)
    return sparse.csr_matrix((ones, (row, at[known])), shape=(len(lengths), len(keys)))


def _chosen(rows: Rows) -> tuple[NDArray[np.uint32], Floats]:
    """The features that stay, and their scales: the strongest ratio over the moods, trusted more when often seen."""
    keys, seen = np.unique(np.concatenate(rows.features), return_counts=True)
    keys = keys[seen >= SEEN_AT_LEAST]
    labels = np.eye(len(MOODS))[rows.labels]
    counts = np.asarray(_matrix(rows, keys).T @ labels)
    sizes, seen = labels.sum(axis=0), counts.sum(axis=1, keepdims=True)
    inside = (counts + 1) / (sizes + 2)
    outside = (seen - counts + 1) / (len(rows.labels) - sizes + 2)
    trust = np.sqrt(seen) / (1 + np.sqrt(seen))
    scale = FLOOR + np.sqrt((np.log(inside / outside) ** 2 * trust).max(axis=1))
    kept = np.sort(np.argsort(-scale * np.sqrt(seen[:, 0]), kind="stable")[:KEPT])
    return keys[kept], scale[kept].astype(np.float32)


def _unit_rows(rows: Rows, keys: NDArray[np.uint32], scale: Floats) -> sparse.csr_matrix:
    found = _matrix(rows, keys)
    found.data *= scale[found.indices]
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel()) + 1e-9
    found.data /= np.repeat(lengths, np.diff(found.indptr)).astype(np.float32)
    return found
