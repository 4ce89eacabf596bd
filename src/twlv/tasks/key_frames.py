"""Features of level ``patch`` as key frames: the tokens of one clip each, on their grid, and who is in it.

Key frames are put in the order of their ids, so a number does not depend on the order of a listing. Tokens stay
in memory if they fit; else they are read again, or made again, in the order of each epoch.

Axis letters: N tokens of a clip, T' H' W' their grid, D width, n people, K classes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from twlv.errors import FeatureError, UsageError
from twlv.types import BackboneCard, Boxes, Embedding, FloatArray, IntArray, Json, Sample

if TYPE_CHECKING:
    from twlv.contracts import Features
    from twlv.heads.stal.frames import KeyFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyFrameTable:
    """One split. ``samples`` have an embedding, ``missing`` have none; ``kept`` holds tokens unless too many.

    ``fingerprint`` is a checksum of the ids, boxes, labels and part of every clip's tokens.
    """

    features: Features
    samples: tuple[Sample, ...]
    missing: tuple[Sample, ...]
    grid: tuple[int, int, int]
    fingerprint: int
    kept: dict[str, FloatArray] | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def where(self) -> str:
        """``memory`` or ``read in every epoch``."""
        return "memory" if self.kept is not None else "read in every epoch"

    @property
    def origin(self) -> dict[str, Json]:
        """What decides a training on these key frames, besides its settings and seeds."""
        from twlv.contracts import in_epochs

        card = self.features.backbone
        return {
            "backbone": [card.name, card.weights_sha256],
            "tokens": self.fingerprint,
            "epochs": dict(self.features.training) if in_epochs(self.features) else {},
        }

    def first(self, count: int) -> KeyFrameTable:
        """The first key frames alone, outside training."""
        return replace(self, samples=self.samples[:count])

    def visit(self, order: IntArray, *, epoch: int | None = None) -> Iterator[KeyFrame]:
        """These key frames, one after the other (see ``heads.stal.frames``)."""
        from twlv.heads.stal.frames import KeyFrame

        for rows, sample in self._read([self.samples[i].video_id for i in order], epoch):
            target = boxes_of(sample)
            yield KeyFrame(tokens=rows.reshape(*self.grid, -1), xyxy=target.xyxy, labels=target.labels)

    def _read(self, names: list[str], epoch: int | None) -> Iterator[tuple[FloatArray, Sample]]:
        from twlv.contracts import can_reorder, in_epochs

        features = self.features
        if epoch is not None and in_epochs(features):
            features = features.for_epoch(epoch)
        elif self.kept is not None:
            known = {sample.video_id: sample for sample in self.samples}
            return ((self.kept[name], known[name]) for name in names)
        if can_reorder(features):
            return ((_rows_of(embedding), sample) for embedding, sample in features.ordered(names))
        every = {sample.video_id: (_rows_of(embedding), sample) for embedding, sample in features}
        return (every[name] for name in names)


def gather_key_frames(features: Features, *, role: str, memory_bytes: float) -> KeyFrameTable:
    """Read ``features`` once. ``role`` (train or test) only words the errors.

    Raises:
        FeatureError: another level than patch, nothing embedded, a sample that is no key frame, several clips
            of one, or tokens that are not finite or of another grid.
        UsageError: tokens that are too much for ``memory_bytes`` and cannot be read in another order.
    """
    from twlv.contracts import can_reorder

    if features.level != "patch":
        raise FeatureError(
            f"the {role} embeddings are of level '{features.level}', this task needs 'patch'; "
            "embed again into another store with --level patch"
        )
    kept: dict[str, FloatArray] | None = {}
    seen: list[Sample] = []
    checksum, size, grid = dict[str, int](), 0, None
    for embedding, sample in features:
        rows = _checked(embedding, features.dim, role)
        grid = _same_grid(grid, grid_of(features.backbone, len(rows)), sample, role)
        boxes_of(sample, len(features.dataset.classes))
        seen.append(sample)
        checksum[sample.video_id] = zlib.crc32(np.ascontiguousarray(rows[:: max(1, len(rows) - 1)]).tobytes())
        size += rows.nbytes
        if kept is not None:
            kept[sample.video_id] = rows
            kept = kept if size <= memory_bytes else None
    if grid is None:
        raise FeatureError(
            f"no {role} key frame has an embedding ({len(features.missing)} are missing); "
            "were these embedded from the same annotations?"
        )
    if kept is None and not can_reorder(features):
        raise UsageError(
            f"the {role} tokens need {size / 1e9:.1f} GB, memory_gb allows {memory_bytes / 1e9:g}, and these "
            "features cannot be read in another order; raise memory_gb, or embed them into a store"
        )
    seen.sort(key=lambda sample: sample.video_id)
    return KeyFrameTable(
        features=features,
        samples=tuple(seen),
        missing=tuple(sorted(features.missing, key=lambda sample: sample.video_id)),
        grid=grid,
        fingerprint=_fingerprint(seen, checksum),
        kept=kept,
    )


def grid_of(card: BackboneCard, num_tokens: int) -> tuple[int, int, int]:
    """T', H', W' of the tokens of a clip. FeatureError where they are no whole grid."""
    high, wide = (card.image_size_px // patch for patch in card.patch[1:])
    if not high * wide or num_tokens % (high * wide):
        raise FeatureError(
            f"{card.name} gives {num_tokens} tokens a clip, which are no whole pictures of {high} x {wide}"
        )
    return num_tokens // (high * wide), high, wide


def boxes_of(sample: Sample, num_classes: int | None = None) -> Boxes:
    """The people of a key frame. FeatureError for another target, or for labels of other classes."""
    target = sample.target
    if not isinstance(target, Boxes):
        raise FeatureError(
            f"'{sample.video_id}' is no key frame with boxes; take a data set of boxes (AVA's form, ...)"
        )
    people, classes = target.labels.shape
    if target.xyxy.shape != (people, 4) or (num_classes is not None and classes != num_classes):
        raise FeatureError(
            f"'{sample.video_id}' has corners {target.xyxy.shape} and labels {target.labels.shape}, expected "
            f"(n, 4) and (n, {num_classes})"
        )
    return target


def _same_grid(
    grid: tuple[int, int, int] | None, found: tuple[int, int, int], sample: Sample, role: str
) -> tuple[int, int, int]:
    if grid is not None and found != grid:
        raise FeatureError(
            f"{role} key frame '{sample.video_id}' has a grid of {found} tokens, those before it {grid}; embed "
            "all with one number of frames"
        )
    return found


def _rows_of(embedding: Embedding) -> FloatArray:
    rows: FloatArray = np.asarray(embedding.vectors[0], dtype=np.float32)
    return rows


def _checked(embedding: Embedding, dim: int, role: str) -> FloatArray:
    where = f"{role} key frame '{embedding.video_id}'"
    shape = embedding.vectors.shape
    if len(shape) != 3 or shape[0] != 1 or shape[2] != dim:
        raise FeatureError(
            f"{where}: tokens have shape {shape}, expected (1, N, {dim}): one clip around the key frame "
            "(--sampling around)"
        )
    rows = _rows_of(embedding)
    if not np.isfinite(rows).all():
        raise FeatureError(f"{where} has a token that is not finite; embed it again")
    return rows


def _fingerprint(samples: list[Sample], checksum: dict[str, int]) -> int:
    found = 0
    for sample in samples:
        target = boxes_of(sample)
        found = zlib.crc32(f"{sample.video_id} {checksum[sample.video_id]}".encode(), found)
        found = zlib.crc32(target.xyxy.astype(np.float64).tobytes() + target.labels.tobytes(), found)
    return found
