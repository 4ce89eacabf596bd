"""Features of one data set in two orders of time as plain arrays, video by video.

Videos are put in the order of their ids. A video that has only one of the two orders is left out and named.

Axes: n videos, M clips of a video, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from twlv.errors import FeatureError
from twlv.types import ClassLabel, DoubleArray, Embedding, FloatArray, IntArray, Sample

if TYPE_CHECKING:
    from twlv.contracts import Features


@dataclass(frozen=True, kw_only=True, eq=False)
class PairedTable:
    """One vector of each video in either order: ``forward`` and ``backward`` (n, D), the mean over clips.

    ``labels`` (n,) are class indices, -1 without one. ``units`` (n,) number what may not be cut: the group,
    or the video where it has none (or ``by`` video). ``missing`` maps the id of a video without both orders
    to the reason.
    """

    forward: FloatArray
    backward: FloatArray
    labels: IntArray
    units: IntArray
    video_ids: tuple[str, ...]
    missing: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.video_ids)


def gather_pairs(
    forward: Features, backward: Features, *, by: Literal["group", "video"] = "group"
) -> PairedTable:
    """Read both once.

    Raises:
        FeatureError: two backbones, two data sets or another level than clip; no video with both orders; a
            vector that is not finite, or of another shape than its counterpart.
    """
    check_twins(forward, backward)
    first, samples = _vectors(forward, "forward")
    second, others = _vectors(backward, "reversed")
    ids = sorted(first.keys() & second.keys())
    missing = _missing(forward, backward, first.keys(), second.keys())
    if not ids:
        shown = ", ".join(f"'{i}' ({reason})" for i, reason in list(missing.items())[:3])
        raise FeatureError(f"no video has embeddings in both orders of time: {shown or 'none was asked'}")
    for video_id in ids:
        if first[video_id][1] != second[video_id][1]:
            raise FeatureError(
                f"video '{video_id}': {first[video_id][1]} clips forward, {second[video_id][1]} reversed; "
                "the two orders must show the same frames: embed both with the same sampling"
            )
        if samples[video_id].target != others[video_id].target:
            raise FeatureError(f"video '{video_id}' has one label forward and another reversed")
    kept = [samples[video_id] for video_id in ids]
    return PairedTable(
        forward=np.stack([first[i][0] for i in ids]).astype(np.float32),
        backward=np.stack([second[i][0] for i in ids]).astype(np.float32),
        labels=np.array([_label(sample) for sample in kept], dtype=np.int64),
        units=_units(kept, by),
        video_ids=tuple(ids),
        missing=missing,
    )


def check_twins(forward: Features, backward: Features) -> None:
    """Whether the two can be the same videos in either order.

    Raises:
        FeatureError: two backbones, widths, levels or lists of classes, or another level than clip.
    """
    one, two = forward.backbone, backward.backbone
    if (one.name, one.weights_sha256) != (two.name, two.weights_sha256):
        raise FeatureError(
            f"forward embeddings are by {one.name} ({one.weights_sha256[:12]}), reversed ones by {two.name} "
            f"({two.weights_sha256[:12]}); embed both with one backbone"
        )
    if forward.dim != backward.dim:
        raise FeatureError(f"forward vectors have width {forward.dim}, reversed ones {backward.dim}")
    for features, order in ((forward, "forward"), (backward, "reversed")):
        if features.level != "clip":
            raise FeatureError(
                f"the {order} embeddings are of level '{features.level}', this task needs 'clip'; "
                "embed again into another store with --level clip"
            )
    if forward.dataset.classes != backward.dataset.classes:
        raise FeatureError("forward and reversed embeddings name different classes; use one manifest for both")
    if one.num_frames == 1 and one.modality == "video" and not one.flexible_frames:
        raise FeatureError(
            f"{one.name} reads clips of one frame: reversed they are the same, nothing to measure"
        )


def _vectors(features: Features, order: str) -> tuple[dict[str, tuple[DoubleArray, int]], dict[str, Sample]]:
    """By id: the mean over clips and their number; and the sample."""
    found, samples = {}, {}
    for embedding, sample in features:
        rows = _checked(embedding, features.dim, order)
        found[sample.video_id] = (rows.mean(axis=0, dtype=np.float64), len(rows))
        samples[sample.video_id] = sample
    return found, samples


def _checked(embedding: Embedding, dim: int, order: str) -> FloatArray:
    rows: FloatArray = np.asarray(embedding.vectors, dtype=np.float32)
    where = f"{order} video '{embedding.video_id}'"
    if rows.ndim != 2 or rows.shape[1] != dim or not len(rows):
        raise FeatureError(f"{where}: vectors have shape {rows.shape}, expected (M, {dim}) with M >= 1")
    if not np.isfinite(rows).all():
        raise FeatureError(f"{where} has a vector that is not finite; embed it again")
    return rows


def _missing(
    forward: Features, backward: Features, first: AbstractSet[str], second: AbstractSet[str]
) -> dict[str, str]:
    absent = [sample.video_id for features in (forward, backward) for sample in features.missing]
    reasons = {}
    for video_id in sorted({*first, *second, *absent} - (first & second)):
        lacks = [name for name, has in (("forward", first), ("reversed", second)) if video_id not in has]
        reasons[video_id] = f"no {' and no '.join(lacks)} embedding"
    return reasons


def _label(sample: Sample) -> int:
    return sample.target.index if isinstance(sample.target, ClassLabel) else -1


def _units(samples: list[Sample], by: str) -> IntArray:
    names = [("group", s.group) if s.group and by == "group" else ("video", s.video_id) for s in samples]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64)
