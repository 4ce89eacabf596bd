"""The report's Figures 8 and 9: videos against the same frames in reverse order, on one axis, and held out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from twlv.errors import UsageError
from twlv.metrics.separability import HeldOut, Pairs, group_folds, held_out, in_sample_projection
from twlv.store import Store
from twlv.types import DoubleArray, Json
from twlv.viz.picture import Picture, document
from twlv.viz.points import Points
from twlv.viz.scatter import histograms
from twlv.viz.style import bare, caption, new_figure, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDS = 5
NAMES = ("forward", "reversed")


def require_pair(forward: Store, backward: Store) -> None:
    """Two stores of the same embeddings but for the order of frames.

    Raises:
        UsageError: they differ in something else, or not in the order of frames.
    """
    differing = forward.spec.differences(backward.spec)
    orders = forward.spec.frame_order, backward.spec.frame_order
    others = [name for name in differing if name != "frame_order"]
    if others:
        raise UsageError(
            f"{forward.path} and {backward.path} differ in {', '.join(others)}; only the order may differ"
        )
    if orders != NAMES:
        raise UsageError(
            f"--reversed-store takes the frames of STORE in reverse order: STORE is {orders[0]}, the other "
            f"{orders[1]}; embed it with: twlv embed ... --frame-order reversed"
        )


def direction_picture(
    forward: Points,
    backward: Points,
    *,
    title: str = "",
    name: str = "",
    seed: int = 0,
    extra: Mapping[str, Json] | None = None,
) -> Picture:
    """Two panels: LDA fitted on the points it shows (the report's), and decision values of held-out videos.

    Folds are over groups, so that no version of a video is judged by its twin. ``name`` (a class) goes before
    what the title says by default.

    Raises:
        UsageError: fewer than two groups, or the two hold different points.
    """
    if forward.ids != backward.ids:
        raise UsageError("the two stores hold different videos; embed the same manifest both ways")
    groups = np.unique(np.array(forward.groups, dtype=np.str_), return_inverse=True)[1]
    count = min(FOLDS, int(groups.max()) + 1)
    if count < 2:
        raise UsageError("held-out values need at least two groups of videos, got one")
    shown = _in_sample(forward, backward)
    judged = held_out(Pairs.of(forward.vectors, backward.vectors), group_folds(groups, count, seed=seed))
    scores = judged.scores()
    notes = (*forward.notes, *_remarks(forward, backward))
    figure = _draw(title or name + _title(forward), shown, judged, _lines(count, notes), scores)
    parts: dict[str, Json] = {
        **(extra or {}),
        "seed": seed,
        "settings": {"in_sample": "LDA, svd", "held_out": "LDA, Ledoit-Wolf, equal priors", "folds": count},
        "numbers": {name: _finite(value) for name, value in scores.items()},
        "num_points": 2 * len(forward),
        "origin": {"forward": dict(forward.origin), "reversed": dict(backward.origin)},
        "notes": list(notes),
        "points": _columns(forward, shown, judged),
    }
    return Picture(figure=figure, document=document("lda", parts))


def _in_sample(forward: Points, backward: Points) -> tuple[DoubleArray, DoubleArray]:
    """The projection of either half; reversed is made to lie on the right. All zero if the two are equal."""
    n = len(forward)
    if np.array_equal(forward.vectors, backward.vectors):
        return np.zeros(n), np.zeros(n)
    with warnings.catch_warnings():  # collinear columns are usual here, and do not hinder the solver
        warnings.filterwarnings("ignore", message="Variables are collinear")
        axis = in_sample_projection(forward.vectors, backward.vectors)
    axis = axis if axis[n:].mean() >= axis[:n].mean() else -axis
    return axis[:n], axis[n:]


def _draw(
    title: str,
    shown: tuple[DoubleArray, DoubleArray],
    judged: HeldOut,
    lines: list[str],
    scores: Mapping[str, float],
) -> Figure:
    figure = new_figure(10.0, 4.9)
    left, right = figure.subplots(1, 2)
    n = len(shown[0])
    figure.suptitle(text(title, 110), x=0.01, ha="left", fontsize=12)
    left.set_title("in-sample: LDA fitted on these points (no score)", loc="left", fontsize=10)
    histograms(left, list(zip(NAMES, shown, strict=True)), axis="discriminant")
    right.set_title(
        f"held out: AUC {scores['auc']:.3f}, pairs in order {100 * scores['paired_accuracy']:.1f} %",
        loc="left",
        fontsize=10,
    )
    histograms(
        right, list(zip(NAMES, (judged.zero, judged.one), strict=True)), axis="decision value (0: undecided)"
    )
    right.axvline(0, color="#404040", linewidth=0.8, linestyle=":")
    for axes in (left, right):
        axes.legend(frameon=False, fontsize=9, title=f"{n} videos", title_fontsize=9)
        bare(axes)
    caption(figure, lines)
    return figure


def _title(forward: Points) -> str:
    """What, how many and how wide: without N and d an in-sample picture cannot be read."""
    by, width = forward.origin.get("backbone", ""), forward.vectors.shape[1]
    return f"Forward against reversed, {by}, N = {len(forward)} videos, d = {width}"


def _lines(folds: int, notes: tuple[str, ...]) -> list[str]:
    return [
        "Left: separates pure noise too, most where the number of points is near d. "
        f"Right: {folds} folds over groups; chance is AUC 0.5 and 50 %.",
        *notes,
    ]


def _remarks(forward: Points, backward: Points) -> tuple[str, ...]:
    if np.array_equal(forward.vectors, backward.vectors):
        return ("forward and reversed embeddings are equal: this backbone is blind to the order of frames",)
    return ()


def _columns(forward: Points, shown: tuple[DoubleArray, DoubleArray], judged: HeldOut) -> dict[str, Json]:
    """The points in columns, first all forward, then all reversed."""
    n = len(forward)
    labels: list[Json] = [name for name in NAMES for _ in range(n)]
    return {
        "ids": [*forward.ids, *forward.ids],
        "labels": labels,
        "x": [float(value) for half in shown for value in half],
        "held_out": [float(value) for half in (judged.zero, judged.one) for value in half],
        "fold": [int(fold) for fold in (*judged.folds, *judged.folds)],
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
