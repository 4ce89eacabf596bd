from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch

from twlv.contracts import Tokens
from twlv.embedding import Batching, Failure, embed_list, extract, read_sample, reading_for
from twlv.errors import UsageError
from twlv.types import BackboneCard, Dataset, Embedding, MultiClip, Uniform, Views

MakeDataset = Callable[..., Dataset]
DENSE = MultiClip(clip_seconds=1.0, stride_seconds=0.5)


def as_bytes(items: list[Embedding | Failure]) -> list[object]:
    return [
        (item.video_id, item.vectors.tobytes(), item.spans_seconds.tobytes())
        if isinstance(item, Embedding)
        else item
        for item in items
    ]


def test_every_sample_gets_an_embedding_or_a_reason_in_order(backbone, make_dataset: MakeDataset) -> None:
    samples = make_dataset(extra=("broken", "empty"), missing=("gone",)).samples
    items = list(embed_list(backbone, samples))
    assert [item.video_id for item in items] == [sample.video_id for sample in samples]
    failures = {item.video_id: item.reason.split(":")[0] for item in items if isinstance(item, Failure)}
    assert failures == {"broken": "not_a_video", "empty": "empty", "gone": "not_found"}


def test_the_vector_is_the_mean_of_the_clips_own_pixels(backbone, make_dataset: MakeDataset) -> None:
    item = next(iter(embed_list(backbone, make_dataset().samples[1:2])))
    assert isinstance(item, Embedding)
    assert item.vectors.shape == (1, 3)
    assert item.vectors[0, 0] == pytest.approx(140 / 255, abs=0.03)  # v1 is red 140
    assert item.spans_seconds.tolist() == [[0.0, 2.0]]


@pytest.mark.parametrize("sampling", [Uniform(), DENSE])
def test_workers_do_not_change_a_byte(backbone, make_dataset: MakeDataset, sampling) -> None:
    samples = make_dataset(extra=("broken",)).samples
    runs = [as_bytes(list(embed_list(backbone, samples, sampling=sampling, workers=n))) for n in (0, 1, 4)]
    assert runs[0] == runs[1] == runs[2]


def test_encoders_do_not_change_a_byte(backbone, make_dataset: MakeDataset) -> None:
    samples = make_dataset(extra=("broken",)).samples
    reading = reading_for(backbone.card, DENSE, Views())
    runs = [
        as_bytes(list(extract(backbone, samples, reading, batching=Batching(clips=2, encoders=n))))
        for n in (1, 3)
    ]
    assert runs[0] == runs[1]


class Faulty:
    """A backbone that answers with NaN, or raises."""

    def __init__(self, card: BackboneCard, error: Exception | None = None) -> None:
        self.card, self.error = card, error

    def encode(self, frames: torch.Tensor) -> Tokens:
        if self.error:
            raise self.error
        return Tokens(patches=torch.full((len(frames), 4, 2, 2, 3), float("nan")))


def test_a_fault_of_the_backbone_is_not_blamed_on_a_video(backbone, make_dataset: MakeDataset) -> None:
    faulty = Faulty(backbone.card, RuntimeError("out of memory"))
    with pytest.raises(RuntimeError, match="out of memory"):
        list(embed_list(faulty, make_dataset().samples))


def test_vectors_that_are_not_finite_are_a_failure(backbone, make_dataset: MakeDataset) -> None:
    items = list(embed_list(Faulty(backbone.card), make_dataset().samples[:2]))
    assert [item.reason.split(":")[0] for item in items if isinstance(item, Failure)] == ["not_finite"] * 2


def test_dense_clips_have_their_times(backbone, make_dataset: MakeDataset) -> None:
    item = list(embed_list(backbone, make_dataset().samples, sampling=DENSE))[2]
    assert isinstance(item, Embedding)
    assert item.vectors.shape == (5, 3)
    assert item.spans_seconds.tolist() == [[n / 2, n / 2 + 1] for n in range(5)]


def test_batches_never_cross_a_group(backbone, make_dataset: MakeDataset) -> None:
    samples = make_dataset(extra=("broken",)).samples
    reading = reading_for(backbone.card, DENSE, Views())
    together = list(extract(backbone, samples, reading, batching=Batching(clips=4, videos=3)))
    # v0..v2 have 1 + 3 + 5 clips, v3..v5 the same: two groups of 9, and the broken one alone
    assert backbone.batches == [4, 4, 1, 4, 4, 1]
    alone = list(extract(backbone, samples, reading, batching=Batching(clips=1, videos=1)))
    for one, other in zip(together, alone, strict=True):
        if isinstance(one, Embedding) and isinstance(other, Embedding):
            np.testing.assert_allclose(one.vectors, other.vectors, rtol=1e-6)
        else:
            assert one == other


def test_views_are_rows_temporal_major(backbone, make_dataset: MakeDataset) -> None:
    samples = make_dataset().samples[:1]
    item = next(iter(embed_list(backbone, samples, views=Views(temporal=2, spatial=3))))
    assert isinstance(item, Embedding)
    assert item.vectors.shape == (6, 3)
    assert (item.spans_seconds[0] == item.spans_seconds[2]).all()
    assert item.spans_seconds[3, 0] > item.spans_seconds[2, 0]


@pytest.mark.parametrize(("level", "shape"), [("clip", (1, 3)), ("time", (1, 4, 3)), ("patch", (1, 16, 3))])
def test_levels(backbone, make_dataset: MakeDataset, level, shape) -> None:
    item = next(iter(embed_list(backbone, make_dataset().samples, level=level)))
    assert isinstance(item, Embedding)
    assert item.vectors.shape == shape
    assert item.vectors.dtype == np.float32


def test_a_frame_count_that_the_weights_do_not_take_is_refused(backbone, make_dataset: MakeDataset) -> None:
    with pytest.raises(UsageError, match=r"clips of 4 frames, the sampling asks for 8"):
        embed_list(backbone, make_dataset().samples, sampling=Uniform(num_frames=8))


class LastFrame:
    """A video model that knows time: the mean colour of the last frame."""

    def __init__(self, card: BackboneCard) -> None:
        self.card = card

    def encode(self, frames: torch.Tensor) -> Tokens:
        return Tokens(patches=frames[:, -1:].mean(dim=(-2, -1))[:, :, None, None, :].contiguous())


def test_reversed_reading_turns_round_the_same_frames_of_every_clip(
    backbone, make_dataset: MakeDataset
) -> None:
    sample = make_dataset().samples[2]
    orders = [
        reading_for(backbone.card, DENSE, Views(), frame_order=order) for order in ("forward", "reversed")
    ]
    forward, backward = (list(read_sample(sample, reading)) for reading in orders)
    assert len(forward) == len(backward) > 1
    for one, other in zip(forward, backward, strict=True):
        assert torch.equal(one.frames.flip(0), other.frames)
        assert one.pts_seconds[::-1].tolist() == other.pts_seconds.tolist()
        assert one.span == other.span
    assert any(not torch.equal(clip.frames, clip.frames.flip(0)) for clip in forward)


def test_a_mean_over_frames_cannot_tell_the_order_and_a_video_model_can(
    backbone, make_dataset: MakeDataset
) -> None:
    samples = make_dataset().samples
    for model, blind in ((backbone, True), (LastFrame(backbone.card), False)):
        found = [
            np.concatenate([item.vectors for item in embed_list(model, samples, frame_order=order)])
            for order in ("forward", "reversed")
        ]
        assert (np.abs(found[0] - found[1]).max() < 1e-6) == blind


def test_one_frame_reversed_is_refused_for_a_video_model_only(backbone) -> None:
    card = dataclasses.replace(backbone.card, num_frames=1)
    with pytest.raises(UsageError, match="one frame: reversed they are the same"):
        reading_for(card, Uniform(), Views(), frame_order="reversed")
    reading_for(card, Uniform(), Views())
    reading_for(dataclasses.replace(card, modality="image"), Uniform(), Views(), frame_order="reversed")
