"""What a map is made with and what it is: settings, and coordinates with everything that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from twlv.types import DoubleArray, Json

Kind: TypeAlias = Literal["pca", "lda", "tsne", "umap"]
Engine: TypeAlias = Literal["auto", "sklearn", "opentsne"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a map. Of those that a method does not have nothing is recorded.

    ``normalise``: vectors of length one first, so that Euclidean order is cosine's. ``pca_dims``: before t-SNE
    and UMAP, 0 for none. ``perplexity`` and ``iterations`` (250 of them at exaggeration 12) are t-SNE's,
    ``neighbours`` and ``min_dist`` UMAP's. ``threads`` above 1 may change the last bits, and with them a map.
    """

    normalise: bool = True
    pca_dims: int = 50
    perplexity: float = 30.0
    iterations: int = 1000
    engine: Engine = "auto"
    neighbours: int = 15
    min_dist: float = 0.1
    threads: int = 1
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """``coordinates`` (n, 2), or (n, 1) for the LDA of two classes. ``settings``: everything that made them."""

    kind: Kind
    coordinates: DoubleArray
    axes: tuple[str, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def principal(vectors: DoubleArray, dims: int, *, seed: int) -> tuple[DoubleArray, DoubleArray]:
    """Principal components (n, dims) by randomised SVD, and their shares of the variance."""
    from sklearn.decomposition import PCA

    model = PCA(dims, svd_solver="randomized" if dims < min(vectors.shape) else "full", random_state=seed)
    with np.errstate(divide="ignore", invalid="ignore"):  # no variance at all: shares of it are NaN
        found = model.fit_transform(vectors)
    return found, np.nan_to_num(model.explained_variance_ratio_)
