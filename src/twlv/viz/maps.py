"""From vectors to one or two coordinates: PCA, LDA, t-SNE, UMAP. One seed, one thread, the same picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from twlv.errors import UsageError
from twlv.types import DoubleArray, Json
from twlv.viz.neighbour_maps import tsne, umap
from twlv.viz.points import NO_LABEL, Points
from twlv.viz.projection import Kind, Projection, Settings, principal


def project(points: Points, kind: Kind, settings: Settings) -> Projection:
    """The points in one or two dimensions.

    Raises:
        UsageError: too few points, or one class where two are needed.
        MissingExtra: an optional package is not installed.
    """
    from threadpoolctl import threadpool_limits

    if len(points) < 4:
        raise UsageError(f"a picture needs at least 4 points, got {len(points)}")
    vectors = np.asarray(points.vectors, dtype=np.float64)
    common: dict[str, Json] = {
        "normalise": settings.normalise,
        "seed": settings.seed,
        "threads": settings.threads,
    }
    if settings.normalise:
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    with threadpool_limits(settings.threads):
        if kind == "pca":
            return _pca(vectors, common)
        if kind == "lda":
            return _lda(vectors, points, common)
        dims, reduced = _reduced(vectors, settings)
        common["pca_dims"] = dims
        return (tsne if kind == "tsne" else umap)(reduced, settings, common)


def _reduced(vectors: DoubleArray, settings: Settings) -> tuple[int, DoubleArray]:
    """The components that neighbours are searched among; (0, the vectors) if that is not asked."""
    dims = min(settings.pca_dims, *vectors.shape)
    if settings.pca_dims < 0:
        raise UsageError(f"--pca-dims is a number of components, 0 for no PCA, got {settings.pca_dims}")
    if dims in (0, vectors.shape[1]):
        return 0, vectors
    return dims, principal(vectors, dims, seed=settings.seed)[0]


def _pca(vectors: DoubleArray, common: dict[str, Json]) -> Projection:
    if vectors.shape[1] < 2:
        raise UsageError("a picture by PCA needs vectors of width 2 or more")
    found, shares = principal(vectors, 2, seed=int(str(common["seed"])))
    axes = tuple(f"component {i + 1} ({100 * share:.1f} % of the variance)" for i, share in enumerate(shares))
    return Projection(
        kind="pca",
        coordinates=found,
        axes=axes,
        settings={**common, "explained_variance": [float(share) for share in shares]},
    )


def _lda(vectors: DoubleArray, points: Points, common: dict[str, Json]) -> Projection:
    """At most classes - 1 axes: two classes give one. Fitted on the points it shows that have a label."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    count = len(points.present)
    if count < 2:
        raise UsageError(
            f"LDA separates classes, and the points have {count}; "
            + ("take more with --include" if count else "say --dataset MANIFEST with a column 'label'")
        )
    known = points.labels != NO_LABEL
    if np.bincount(points.labels[known]).max() < 2:
        raise UsageError("LDA needs a class of two points or more; every class has one")
    dims = min(2, count - 1, vectors.shape[1])
    model: Any = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", n_components=dims)
    found = model.fit(vectors[known], points.labels[known]).transform(vectors)
    return Projection(
        kind="lda",
        coordinates=np.asarray(found, dtype=np.float64),
        axes=tuple(f"discriminant {i + 1}" for i in range(dims)),
        settings={**common, "components": dims, "solver": "eigen", "shrinkage": "Ledoit-Wolf"},
        notes=("in-sample: LDA was fitted on the points it shows, and separates noise as well",),
    )
