"""Embeddings of a backbone that knows the answer, so that heads and protocols can be tested without any video.

f = U onehot(label) + noise, U a fixed random orthonormal map. Without noise every head must reach its ceiling
(100 %, a perfect localiser), with much noise it must fall to chance.
"""

from __future__ import annotations

import numpy as np

from twlv.errors import UsageError
from twlv.types import FloatArray, IntArray


def oracle(
    labels: IntArray, *, num_classes: int, dim: int = 64, noise: float = 0.0, seed: int = 0
) -> FloatArray:
    """Embeddings (..., dim) of labels (...) in [0, num_classes), float32: one per video, frame, whatever.

    ``noise`` is the standard deviation of each of the ``dim`` values; the codes of two classes are sqrt(2)
    apart. Raises UsageError for labels out of range and for fewer dimensions than classes.
    """
    if num_classes > dim:
        raise UsageError(f"{num_classes} classes need as many dimensions, got {dim}")
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise UsageError(f"labels must lie in [0, {num_classes}), got {labels.min()} to {labels.max()}")
    codes = np.linalg.qr(np.random.default_rng([seed, 0]).normal(size=(dim, num_classes)))[0].T
    spread = np.random.default_rng([seed, 1]).normal(scale=noise, size=(*labels.shape, dim))
    return (codes[labels] + spread).astype(np.float32)
