"""One call for each picture: a map of a store's embeddings, or backbones by appearance and motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.types import Json
from twlv.viz.choose import Colouring
from twlv.viz.maps import project
from twlv.viz.picture import Picture, document, points_json
from twlv.viz.points import Points
from twlv.viz.projection import Kind, Projection, Settings
from twlv.viz.quality import in_words, quality
from twlv.viz.scatter import draw_map

NAMES = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA", "lda": "LDA"}
PACKAGES = {"opentsne": ("openTSNE",), "umap": ("umap-learn", "pynndescent", "numba")}


def map_picture(
    points: Points,
    kind: Kind,
    *,
    settings: Settings | None = None,
    colouring: Colouring | None = None,
    title: str = "",
    extra: Mapping[str, Json] | None = None,
) -> Picture:
    """The map of some points. ``extra`` joins the side file (a preset and what of it is inferred).

    Raises:
        UsageError: too few points or classes for this kind of map.
        MissingExtra: an optional package is not installed.
    """
    settings, colouring = settings or Settings(), colouring or Colouring(shown=points.present[:20])
    projection = project(points, kind, settings)
    numbers = quality(points, projection)
    notes = (*points.notes, *projection.notes)
    figure = draw_map(
        points,
        projection,
        colouring,
        title=title or _title(points, kind),
        lines=[*in_words(numbers, NAMES[kind]), *_sentences(_settings_line(projection), notes)],
    )
    parts: dict[str, Json] = {
        **(extra or {}),
        "seed": settings.seed,
        "settings": dict(projection.settings),
        "numbers": numbers,
        "num_points": len(points),
        "coloured": [points.classes[label] for label in colouring.shown],
        "coloured_drawn_by_seed": colouring.drawn,
        "origin": dict(points.origin),
        "notes": list(notes),
        "points": points_json(points, projection.coordinates),
    }
    packages = PACKAGES.get(str(projection.settings.get("engine", kind)), ())
    return Picture(figure=figure, document=document(kind, parts, packages=packages))


def _title(points: Points, kind: Kind) -> str:
    """``t-SNE of kinetics400 (val), vit_b.weights: 19165 points of width 768``."""
    origin = points.origin
    what = str(origin.get("dataset", "the store's videos"))
    split = f" ({origin['split']})" if origin.get("split") not in (None, "all") else ""
    by = f", {origin['backbone']}" if "backbone" in origin else ""
    return f"{NAMES[kind]} of {what}{split}{by}: {len(points)} points of width {points.vectors.shape[1]}"


def _settings_line(projection: Projection) -> str:
    """The few settings that a reader of the picture needs; all are in the side file."""
    made = projection.settings
    shown = [f"seed {made['seed']}", "vectors of length 1" if made["normalise"] else "vectors as they are"]
    if made.get("pca_dims"):
        shown.append(f"PCA to {made['pca_dims']}")
    shown += [f"{name} {made[name]:g}" for name in ("perplexity",) if isinstance(made.get(name), float)]
    return ", ".join(shown)


def _sentences(*parts: str | Sequence[str]) -> list[str]:
    return [line for part in parts for line in ([part] if isinstance(part, str) else part)]
