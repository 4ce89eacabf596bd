"""In an epoch of live features boxes are where their objects are in the clip that was encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv import video
from twlv.augmentation import REPORT_LINEAR, VJEPA, Augmentation, DrawnViews
from twlv.contracts import Tokens
from twlv.embedding import AugmentedViews, embed_dataset, live_features, reading_for
from twlv.errors import FeatureError, UsageError
from twlv.store import Store
from twlv.types import Around, BackboneCard, Boxes, Dataset, DatasetCard, Sample, Span, Views

SIDE = 64


class Seen:
    """Tokens of 1 x 1 pixels: the brightness of the last frame of every clip."""

    card = BackboneCard(
        name="seen.none",
        dim=1,
        num_params=0,
        num_frames=2,
        image_size_px=SIDE,
        patch=(2, 1, 1),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        weights="none",
        weights_sha256="0" * 64,
        licence="Apache-2.0",
    )

    def encode(self, frames: torch.Tensor) -> Tokens:
        return Tokens(patches=frames[:, -1:].mean(dim=2)[..., None].contiguous())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("moved")
    rng = np.random.default_rng(0)
    samples = []
    for number in range(6):
        frames = np.zeros((16, 3, 72, 128), dtype=np.uint8)
        left, top = int(rng.integers(0, 64)), int(rng.integers(0, 30))
        frames[:, :, top : top + 36, left : left + 56] = 255
        video.write_video(folder / f"-v{number}.mp4", frames, fps=8.0)
        xyxy = np.array([[left / 128, top / 72, (left + 56) / 128, (top + 36) / 72]])
        samples.append(
            Sample(
                video_id=f"-v{number}@0001",
                path=str(folder / f"-v{number}.mp4"),
                split="train",
                target=Boxes(time_seconds=1.0, xyxy=xyxy, labels=np.array([[True]])),
                span=Span(start_seconds=0.5, end_seconds=1.5),
                group=f"-v{number}",
            )
        )
    card = DatasetCard(name="moved", classes=("white",), annotation_sha256="e" * 64)
    return Dataset(card=card, samples=tuple(samples))


def _live(data: Dataset, augmentation: Augmentation, **settings: int) -> object:
    reading = reading_for(Seen.card, Around(clip_seconds=1.0), Views(), framing="squash")
    return live_features(Seen(), data, reading, augmentation, level="patch", **settings)


def _bounds(found: object) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for embedding, sample in found:
        picture = embedding.vectors.reshape(SIDE, SIDE) > 0.5
        rows, columns = (np.flatnonzero(picture.any(axis=axis)) for axis in (1, 0))
        if len(sample.target.xyxy):
            yield sample.target.xyxy[0], np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / SIDE


def test_boxes_move_with_the_clips_of_an_epoch(data: Dataset) -> None:
    plain = replace(REPORT_LINEAR, random_time=False)
    for augmentation in (plain, replace(plain, flip=1.0)):
        live = _live(data, augmentation)
        for epoch in range(3):
            pairs = list(_bounds(live.for_epoch(epoch)))
            assert len(pairs) >= 3
            for box, bounds in pairs:
                np.testing.assert_allclose(box, bounds, atol=2 / SIDE)
    still = list(_bounds(_live(data, plain)))
    for (box, bounds), sample in zip(still, data.samples, strict=True):
        np.testing.assert_array_equal(box, sample.target.xyxy[0])
        np.testing.assert_allclose(box, bounds, atol=2 / SIDE)


def test_what_boxes_cannot_follow_is_refused(data: Dataset, tmp_path: Path) -> None:
    for augmentation, said in ((REPORT_LINEAR, "random_time=false"), (VJEPA, "rand_augment=none")):
        with pytest.raises(UsageError, match=said):
            _live(data, augmentation)
    with pytest.raises(UsageError, match="one clip of a key frame"):
        _live(data, replace(REPORT_LINEAR, random_time=False), views=2)
    drawn = DrawnViews(augmentation=REPORT_LINEAR, views=2)
    embed_dataset(Seen(), data, tmp_path / "store", level="patch", drawn=drawn)
    with pytest.raises(FeatureError, match="train on live clips"):
        AugmentedViews(data=data, store=Store.open(tmp_path / "store"))
