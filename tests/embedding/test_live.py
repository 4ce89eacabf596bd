"""Features made on the fly, and stored augmented views, are Features like any others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv import video
from twlv.augmentation import REPORT_LINEAR, Augmentation, DrawnViews, Erasing, RandAugment
from twlv.backbones import load
from twlv.contracts import Features, Tokens, in_epochs
from twlv.embedding import (
    AugmentedViews,
    Batching,
    StoredFeatures,
    embed_dataset,
    embed_list,
    live_features,
    reading_for,
)
from twlv.embedding.frozen import networks, require_evaluation_mode
from twlv.errors import FeatureError, StoreError, UsageError
from twlv.store import Store
from twlv.types import Dataset, Embedding, Sample, Strided, Uniform, Views

MakeDataset = Callable[..., Dataset]
ALL = Augmentation(
    area=(0.2, 0.9), flip=0.5, rand_augment=RandAugment(), erasing=Erasing(probability=0.5), random_time=True
)


def live(backbone, data: Dataset, augmentation: Augmentation = ALL, **settings):
    reading = reading_for(backbone.card, settings.pop("sampling", Uniform()), settings.pop("views_of", Views()))
    return live_features(backbone, data, reading, augmentation, **settings)


def as_bytes(features: Features) -> list[tuple[str, bytes, bytes, Sample]]:
    return [(e.video_id, e.vectors.tobytes(), e.spans_seconds.tobytes(), s) for e, s in features]


@pytest.mark.parametrize("level", ["clip", "time", "patch"])
def test_outside_an_epoch_live_features_are_those_of_a_store(
    backbone, make_dataset: MakeDataset, tmp_path: Path, level
) -> None:
    data = make_dataset(extra=("broken",), missing=("gone",))
    embed_dataset(backbone, data, tmp_path / "store", level=level)
    stored = StoredFeatures(data=data, store=Store.open(tmp_path / "store"))
    found = live(backbone, data, level=level)
    assert isinstance(found, Features)
    assert as_bytes(found) == as_bytes(stored)
    assert as_bytes(found) == as_bytes(found)
    assert len(found) == len(stored)
    assert [s.video_id for s in found.missing] == ["broken", "gone"] == [s.video_id for s in stored.missing]
    assert found.coverage == stored.coverage
    for field in ("dataset", "backbone", "level", "dim"):
        assert getattr(found, field) == getattr(stored, field)


@pytest.mark.parametrize("sampling", [Uniform(), Strided(frame_step=2)])
def test_trap_20_workers_do_not_change_a_byte_of_an_epoch(
    backbone, make_dataset: MakeDataset, sampling
) -> None:
    data = make_dataset(extra=("broken",))
    runs = [
        as_bytes(live(backbone, data, sampling=sampling, workers=n, views=2).for_epoch(3)) for n in (0, 1, 4)
    ]
    assert runs[0] == runs[1] == runs[2]


def test_epochs_differ_and_come_back(backbone, make_dataset: MakeDataset) -> None:
    found = live(backbone, make_dataset())
    first = as_bytes(found.for_epoch(0))
    assert as_bytes(found.for_epoch(1)) != first
    assert as_bytes(found.for_epoch(0)) == first
    assert as_bytes(live(backbone, make_dataset(), seed=1).for_epoch(0)) != first
    assert as_bytes(found) == as_bytes(
        live(backbone, make_dataset(), seed=1)
    )  # outside epochs nothing is drawn


def test_the_order_of_samples_changes_no_video(backbone, make_dataset: MakeDataset) -> None:
    data = make_dataset()
    turned = dataclasses.replace(data, samples=data.samples[::-1])
    one = {row[0]: row for row in as_bytes(live(backbone, data).for_epoch(2))}
    other = {row[0]: row for row in as_bytes(live(backbone, turned).for_epoch(2))}
    assert one == other


def test_a_whole_still_clip_is_the_clip_of_a_test(backbone, make_dataset: MakeDataset) -> None:
    """With nothing left to chance an epoch is what a store holds."""
    data = make_dataset()
    still = Augmentation(area=(1.0, 1.0), aspect=(1.5, 1.5), random_time=False)
    backbone.card = dataclasses.replace(backbone.card, resize_mode="stretch")
    assert as_bytes(live(backbone, data, still).for_epoch(5)) == as_bytes(live(backbone, data, still))


def test_a_video_that_breaks_after_it_was_checked_is_an_error(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    data = make_dataset()
    copy = tmp_path / "v0.mp4"
    copy.write_bytes(Path(data.samples[0].path).read_bytes())
    samples = (dataclasses.replace(data.samples[0], path=str(copy)), *data.samples[1:])
    found = live(backbone, dataclasses.replace(data, samples=samples))
    copy.write_bytes(b"gone bad")
    with pytest.raises(FeatureError, match=r"'v0' could be read before and cannot be in epoch 4"):
        list(found.for_epoch(4))


# ------- every view once


class Where(torch.nn.Module):
    """A backbone that answers with the mean of its clip's pixels: row m x n of a ramp tells the view."""

    def __init__(self, card) -> None:
        super().__init__()
        self.card = card

    def encode(self, frames: torch.Tensor) -> Tokens:
        return Tokens(patches=frames.mean(dim=(-2, -1))[:, :, None, None, :])


def test_views_m_by_n_are_all_there_exactly_once(backbone, tmp_path: Path) -> None:
    """Red grows to the right, blue in time: 3 crops x 4 windows are 12 different pairs, in a fixed order."""
    frames = np.zeros((32, 3, 32, 128), dtype=np.uint8)
    frames[:, 0] = np.linspace(0, 255, 128).astype(np.uint8)
    frames[:, 2] = np.linspace(0, 255, 32).astype(np.uint8)[:, None, None]
    path = tmp_path / "ramp.mp4"
    video.write_video(path, frames, fps=8.0)
    sample = Sample(video_id="ramp", path=str(path))
    item = next(iter(embed_list(Where(backbone.card).eval(), [sample], views=Views(temporal=4, spatial=3))))
    assert isinstance(item, Embedding)
    rows = item.vectors.reshape(4, 3, 3)
    assert (np.diff(rows[:, :, 0], axis=1) > 0.2).all()
    assert (np.diff(rows[:, :, 2], axis=0) > 0.15).all()
    assert np.ptp(rows[:, :, 0], axis=0).max() < 0.02
    assert np.ptp(rows[:, :, 2], axis=1).max() < 0.02


# ------- frozen


class Unruly(torch.nn.Module):
    """Batch statistics: they change the moment that somebody forgets eval()."""

    def __init__(self, card, *, learns: bool = False) -> None:
        super().__init__()
        self.card = card
        self.norm = torch.nn.BatchNorm2d(3)
        self.learns = learns

    def encode(self, frames: torch.Tensor) -> Tokens:
        if self.learns:
            self.norm.running_mean.add_(1.0)
        grid = self.norm(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return Tokens(patches=grid.mean(dim=(-2, -1))[:, :, None, None, :])


def test_trap_15_a_backbone_in_training_mode_is_refused(backbone, make_dataset: MakeDataset) -> None:
    with pytest.raises(FeatureError, match="training mode"):
        live(Unruly(backbone.card), make_dataset())
    model = Unruly(backbone.card).eval()
    found = live(model, make_dataset())
    list(found)
    model.norm.train()
    with pytest.raises(FeatureError, match=r"norm is in training mode"):
        list(found.for_epoch(0))


def test_trap_15_weights_that_change_are_an_error(backbone, make_dataset: MakeDataset) -> None:
    quiet = live(Unruly(backbone.card).eval(), make_dataset())
    list(quiet.for_epoch(0))
    with pytest.raises(FeatureError, match="weights changed while it encoded"):
        list(live(Unruly(backbone.card, learns=True).eval(), make_dataset()).for_epoch(0))


# ------- directions


@pytest.mark.parametrize(
    ("kind", "classes"),
    [
        ("motion", ("a", "b")),
        ("", ("Pushing [something] from left to right", "b")),
        ("", ("turn_Clockwise", "b")),
    ],
)
def test_trap_35_flips_are_refused_where_classes_have_a_direction(
    backbone, make_dataset: MakeDataset, tmp_path: Path, kind: str, classes: tuple[str, ...]
) -> None:
    data = make_dataset()
    data = dataclasses.replace(data, card=dataclasses.replace(data.card, kind=kind, classes=classes))
    with pytest.raises(UsageError, match=r"set flip=0, or flip_directions=true"):
        live(backbone, data, Augmentation(flip=0.5))
    with pytest.raises(UsageError, match="flip_directions"):
        embed_dataset(backbone, data, tmp_path / "s", drawn=DrawnViews(augmentation=Augmentation(flip=0.5)))
    assert not (tmp_path / "s").exists()
    live(backbone, data, Augmentation(flip=0.0))
    live(backbone, data, Augmentation(flip=0.5, flip_directions=True))


def test_words_that_only_contain_a_direction_are_no_direction(backbone, make_dataset: MakeDataset) -> None:
    data = make_dataset()
    for name in ("copyright", "brightness", "leftovers"):
        card = dataclasses.replace(data.card, classes=(name, "b"))
        live(backbone, dataclasses.replace(data, card=card), Augmentation(flip=0.5))


# ------- stored views


def views(backbone, data: Dataset, store: Path, *, count: int = 5, seed: int = 0) -> AugmentedViews:
    embed_dataset(backbone, data, store, drawn=DrawnViews(augmentation=ALL, views=count, seed=seed))
    return AugmentedViews(data=data, store=Store.open(store))


def test_stored_views_are_the_first_draws_of_live_ones(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    data = make_dataset()
    stored = views(backbone, data, tmp_path / "s")
    drawn = live(backbone, data, views=5).for_epoch(0)
    for (one, _), (other, _) in zip(stored, drawn, strict=True):
        assert one.vectors.shape == (5, 3)
        np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-6)


def test_an_epoch_draws_one_stored_view_of_each_video(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    found = views(backbone, make_dataset(extra=("broken",)), tmp_path / "s")
    assert in_epochs(found)
    whole = {embedding.video_id: embedding for embedding, _ in found}
    seen: dict[str, set[int]] = {name: set() for name in whole}
    for epoch in range(30):
        rows = list(found.for_epoch(epoch))
        assert [e.video_id for e, _ in rows] == list(whole)
        for embedding, _ in rows:
            assert embedding.vectors.shape == (1, 3)
            match = (whole[embedding.video_id].vectors == embedding.vectors).all(axis=1)
            seen[embedding.video_id].add(int(np.flatnonzero(match)[0]))
    assert all(len(rows) >= 4 for rows in seen.values())
    assert as_bytes(found.for_epoch(7)) == as_bytes(found.for_epoch(7))


def test_trap_41_another_augmentation_is_another_store(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    data = make_dataset()
    views(backbone, data, tmp_path / "s")
    for other in (
        DrawnViews(augmentation=ALL, views=4),
        DrawnViews(augmentation=ALL, views=5, seed=1),
        DrawnViews(augmentation=REPORT_LINEAR, views=5),
        None,
    ):
        with pytest.raises(StoreError, match=r"other settings[\s\S]*augmentation"):
            embed_dataset(backbone, data, tmp_path / "s", drawn=other)
    embed_dataset(backbone, data, tmp_path / "plain")
    with pytest.raises(FeatureError, match="no augmented views"):
        AugmentedViews(data=data, store=Store.open(tmp_path / "plain"))


def test_plain_stores_keep_their_key(backbone) -> None:
    """The key of a store without augmentation is that of the versions before there was one."""
    from twlv.embedding import store_spec

    spec = store_spec(backbone.card, reading_for(backbone.card, Uniform(), Views()), "clip")
    assert "augmentation" not in spec.to_json()


def test_features_that_have_no_epochs_say_so(backbone, make_dataset: MakeDataset, tmp_path: Path) -> None:
    embed_dataset(backbone, make_dataset(), tmp_path / "plain")
    assert not in_epochs(StoredFeatures(data=make_dataset(), store=Store.open(tmp_path / "plain")))


def test_batches_of_live_clips_may_be_large(backbone, make_dataset: MakeDataset) -> None:
    data = make_dataset()
    large = live(backbone, data, batching=Batching(clips=16, videos=16)).for_epoch(0)
    assert max(backbone.batches or [0]) == 0  # nothing was encoded before it was asked for
    rows = [embedding.vectors for embedding, _ in large]
    assert backbone.batches == [6]
    for one, (other, _) in zip(rows, live(backbone, data).for_epoch(0), strict=True):
        np.testing.assert_allclose(one, other.vectors, atol=1e-6)


class Watch:
    """A Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def start(self, total: int, done: int) -> None:
        self.told.append((total, done))

    def advance(self, video_id: str, failed: str | None) -> None:
        self.told.append(video_id)

    def finish(self) -> None:
        self.told.append("end")


def test_an_epoch_can_be_watched(backbone, make_dataset: MakeDataset) -> None:
    watch = Watch()
    found = live(backbone, make_dataset(extra=("broken",)), progress=watch)
    list(found.for_epoch(0))
    assert watch.told == [(6, 0), *(f"v{n}" for n in range(6)), "end"]


@pytest.mark.parametrize("name", ["efficientnet_lite0.imagenet", "twlv1_vit_t.random", "gradient_flow.fixed"])
def test_trap_15_backbones_of_the_table_are_frozen(name: str) -> None:
    """In every layer that computes, those put in by a preparation of the weights too."""
    model = load(name, device="cpu")
    require_evaluation_mode(model)
    assert networks(model) or model.card.num_params < 10
