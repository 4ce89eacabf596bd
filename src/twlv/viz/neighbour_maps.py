"""t-SNE and UMAP: maps that keep neighbours. Distances between clusters, and their sizes, mean nothing."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import Any

import numpy as np

from twlv.errors import MissingExtra, UsageError
from twlv.types import DoubleArray, FloatArray, Json
from twlv.viz.projection import Projection, Settings, principal

LARGE = 10_000
"""From this many points on openTSNE is taken if it is installed; scikit-learn's time grows faster."""

EXAGGERATION, EARLY = 12.0, 250
"""Early exaggeration and its iterations, those of both libraries (van der Maaten and Hinton, 2008)."""


def tsne(vectors: DoubleArray, settings: Settings, common: dict[str, Json]) -> Projection:
    """t-SNE of (n, d): PCA init of standard deviation 1e-4, learning rate n / 12, Euclidean.

    Raises:
        UsageError: fewer than 5 points, or a perplexity or number of iterations that is none.
        MissingExtra: openTSNE was asked for and is not installed.
    """
    perplexity, notes = usable_perplexity(len(vectors), settings.perplexity)
    if settings.iterations < EARLY:
        raise UsageError(
            f"--iterations are at least the {EARLY} of early exaggeration, got {settings.iterations}"
        )
    engine = engine_of(len(vectors), settings)
    run = _opentsne if engine == "opentsne" else _sklearn
    coordinates, details = run(vectors, perplexity, settings)
    made: dict[str, Json] = {
        **common,
        "engine": engine,
        "perplexity": perplexity,
        "perplexity_asked": settings.perplexity,
        "iterations": settings.iterations,
        "early_exaggeration": EXAGGERATION,
        "early_iterations": EARLY,
        "init": "PCA, standard deviation 1e-4",
        "metric": "euclidean",
        **details,
    }
    axes = ("t-SNE 1", "t-SNE 2")
    return Projection(kind="tsne", coordinates=coordinates, axes=axes, settings=made, notes=notes)


def usable_perplexity(n: int, asked: float) -> tuple[float, tuple[str, ...]]:
    """The perplexity for n points: at most (n - 1) / 3, since three times as many neighbours are used.

    Raises:
        UsageError: it is below 1, or so few points that none is left.
    """
    if asked < 1:
        raise UsageError(f"--perplexity is at least 1, got {asked:g}")
    most = (n - 1) // 3
    if most < 2:
        raise UsageError(f"t-SNE needs at least 7 points, got {n}; take --kind pca")
    if asked <= most:
        return float(asked), ()
    return float(most), (f"perplexity lowered from {asked:g} to {most}: there are only {n} points",)


def engine_of(n: int, settings: Settings) -> str:
    """``sklearn`` or ``opentsne``: as asked, else openTSNE for large sets where it is installed."""
    installed = importlib.util.find_spec("openTSNE") is not None
    if settings.engine == "opentsne" and not installed:
        raise MissingExtra("openTSNE", "tsne", needed_for="--engine opentsne")
    if settings.engine == "auto":
        return "opentsne" if installed and n >= LARGE else "sklearn"
    return settings.engine


def start(vectors: DoubleArray, *, seed: int) -> FloatArray:
    """The first two principal components (n, 2), scaled so that the first has standard deviation 1e-4."""
    dims = min(2, vectors.shape[1])
    found = np.zeros((len(vectors), 2))
    found[:, :dims] = principal(vectors, dims, seed=seed)[0]
    scale = found[:, 0].std()
    return (found / scale * 1e-4 if scale > 0 else found).astype(np.float32)


def _sklearn(
    vectors: DoubleArray, perplexity: float, settings: Settings
) -> tuple[DoubleArray, dict[str, Json]]:
    from sklearn.manifold import TSNE

    model = TSNE(
        perplexity=perplexity,
        early_exaggeration=EXAGGERATION,
        learning_rate="auto",
        max_iter=settings.iterations,
        init=start(vectors, seed=settings.seed),
        random_state=settings.seed,
        n_jobs=settings.threads,
    )
    found = np.asarray(model.fit_transform(vectors.astype(np.float32)), dtype=np.float64)
    return found, {
        "method": "Barnes-Hut",
        "neighbours": "exact",
        "learning_rate": float(model.learning_rate_),
        "kl_divergence": float(model.kl_divergence_),
    }


def _opentsne(
    vectors: DoubleArray, perplexity: float, settings: Settings
) -> tuple[DoubleArray, dict[str, Json]]:
    open_tsne: Any = importlib.import_module("openTSNE")
    exact = len(vectors) < LARGE
    model = open_tsne.TSNE(
        perplexity=perplexity,
        early_exaggeration=EXAGGERATION,
        early_exaggeration_iter=EARLY,
        n_iter=settings.iterations - EARLY,
        learning_rate="auto",
        neighbors="exact" if exact else "annoy",
        negative_gradient_method="bh" if exact else "fft",
        initialization=start(vectors, seed=settings.seed).astype(np.float64),
        random_state=settings.seed,
        n_jobs=settings.threads,
    )
    found = model.fit(vectors)
    return np.array(found, dtype=np.float64), {
        "method": "Barnes-Hut" if exact else "FIt-SNE",
        "neighbours": "exact" if exact else "approximate (annoy)",
        "learning_rate": len(vectors) / EXAGGERATION,
        "kl_divergence": float(found.kl_divergence),
    }


def umap(vectors: DoubleArray, settings: Settings, common: dict[str, Json]) -> Projection:
    """UMAP of (n, d), Euclidean; a seed makes it run in one thread.

    Raises:
        UsageError: fewer than two neighbours.
        MissingExtra: umap-learn is not installed.
    """
    if importlib.util.find_spec("umap") is None:
        raise MissingExtra("umap-learn", "umap", needed_for="--kind umap")
    if settings.neighbours < 2:
        raise UsageError(f"--neighbours is at least 2, got {settings.neighbours}")
    count = min(settings.neighbours, len(vectors) - 1)
    with warnings.catch_warnings():  # that Tensorflow, which nobody asked for, is not installed
        warnings.simplefilter("ignore", ImportWarning)
        library: Any = importlib.import_module("umap")
    model = library.UMAP(
        n_neighbors=count,
        min_dist=settings.min_dist,
        init=start(vectors, seed=settings.seed) * 1e5,  # UMAP's own scale is about 10
        random_state=settings.seed,
        n_jobs=1,
    )
    exact = len(vectors) < 4096  # umap-learn's own border between all distances and a search by NN-descent
    made: dict[str, Json] = {
        **common,
        "neighbours": count,
        "min_dist": settings.min_dist,
        "search": "exact" if exact else "approximate (NN-descent)",
        "metric": "euclidean",
    }
    lowered = (
        (f"neighbours lowered from {settings.neighbours} to {count}",) if count < settings.neighbours else ()
    )
    found = np.asarray(model.fit_transform(vectors), dtype=np.float64)
    return Projection(kind="umap", coordinates=found, axes=("UMAP 1", "UMAP 2"), settings=made, notes=lowered)
