"""Pictures go through the tasks of videos: a picture is a video of one frame."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from twlv import data
from twlv.augmentation import Augmentation
from twlv.backbones import load
from twlv.contracts import Backbone
from twlv.embedding import embed_list
from twlv.errors import UsageError
from twlv.evaluation import evaluate
from twlv.evaluation_live import evaluate_augmented
from twlv.tasks import KNN, AttentiveProbe, LinearProbe
from twlv.tasks.recipes_attentive import attentive_protocol
from twlv.tasks.recipes_linear import imagenet1k
from twlv.types import Dataset, Embedding, MultiClip, Sampling, Strided, Uniform

COLOURS = {"n01440764": (200, 40, 30), "n02119789": (30, 60, 210)}
SAVED: tuple[tuple[str, dict[str, object]], ...] = (
    ("RGB", {}),
    ("CMYK", {}),
    ("RGB", {"progressive": True}),
    ("RGB", {"format": "PNG"}),  # one file of ImageNet is a PNG whose name ends in JPEG
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """An ImageNet-like folder: train/<wnid>/*.JPEG and val/<wnid>/*.JPEG, in the colour modes it really has."""
    root = tmp_path_factory.mktemp("imagenet")
    random = np.random.default_rng(0)
    for wnid, colour in COLOURS.items():
        for number in range(8):
            folder = root / ("train" if number < 5 else "val") / wnid
            folder.mkdir(parents=True, exist_ok=True)
            height, width = random.integers(40, 90, 2)
            pixels = np.array(colour) + random.integers(-25, 26, (height, width, 3))
            mode, how = SAVED[number % len(SAVED)]
            picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).convert(mode)
            picture.save(folder / f"{wnid}_{number}.JPEG", **{"quality": 95, **how})
    others = [f"n{number:08}" for number in range(20_000_000, 20_000_998)]
    return data.dataset("imagenet1k", root=root, classes=sorted([*COLOURS, *others]))


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))


def test_the_named_set_reads_the_folder(pictures: Dataset) -> None:
    assert pictures.card.kind == "appearance"
    assert [len(pictures.split(name).samples) for name in ("train", "val")] == [10, 6]


ATTENTIVE = AttentiveProbe(
    pooler="plain", epochs=60, batch_size=4, learning_rates=(0.1,), weight_decays=(0.01,)
)


@pytest.mark.parametrize("task", [KNN(k=3), LinearProbe(epochs=20, batch_size=4), ATTENTIVE])
def test_pictures_go_through_the_tasks_of_videos(backbone, pictures: Dataset, task) -> None:
    result = evaluate(backbone, pictures, task)
    assert next(iter(result.scores.values())).value == 100.0
    assert result.coverage.failed == {}


def test_a_backbone_of_the_table_reads_them(pictures: Dataset) -> None:
    result = evaluate(load("gradient_flow.fixed"), pictures, KNN(k=3))
    assert result.coverage.decoded == 16


@pytest.mark.parametrize("sampling", [Uniform(), Strided(frame_step=4), MultiClip(clip_seconds=2.0)])
def test_a_video_backbone_is_shown_the_picture_as_often_as_it_takes_frames(
    backbone, pictures: Dataset, sampling: Sampling
) -> None:
    class Counting:
        card = backbone.card

        def encode(self, frames):
            assert frames.shape[1] == backbone.card.num_frames
            assert (frames == frames[:, :1]).all()
            return backbone.encode(frames)

    items = list(embed_list(Counting(), pictures.samples, sampling=sampling))
    assert all(isinstance(item, Embedding) and item.vectors.shape == (1, 3) for item in items)


def test_one_frame_is_enough_where_the_frames_are_flexible(backbone, pictures: Dataset) -> None:
    flexible: Backbone = type(backbone)(flexible=True)
    once = embed_list(flexible, pictures.samples, sampling=Uniform(num_frames=1))
    often = embed_list(flexible, pictures.samples)
    for one, other in zip(once, often, strict=True):
        np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-6)
    with pytest.raises(UsageError, match="clips of 4 frames"):
        embed_list(backbone, pictures.samples, sampling=Uniform(num_frames=1))


def test_the_imagenet_recipe_trains_on_augmented_pictures(backbone, pictures: Dataset) -> None:
    protocol = imagenet1k()
    result = evaluate_augmented(
        backbone,
        pictures,
        dataclasses.replace(protocol.probe, epochs=6, batch_size=4),
        protocol.augmentation,
        sampling=protocol.sampling,
        views=protocol.views,
    )
    assert result.scores["linear_probe/top1"].value == 100.0
    assert result.embedding["training"]["augmentation"]["flip"] == 0.5
    assert Augmentation(flip=0.5).flip == protocol.augmentation.flip


def test_the_imagenet_recipe_of_an_attentive_probe_does_too(backbone, pictures: Dataset) -> None:
    protocol = attentive_protocol("imagenet1k")
    result = evaluate_augmented(
        backbone,
        pictures,
        dataclasses.replace(protocol.probe, epochs=60, batch_size=4, learning_rates=(0.1,)),
        protocol.augmentation,
        sampling=protocol.sampling,
        views=protocol.views,
    )
    assert result.scores["attentive_probe/top1"].value == 100.0
    assert result.embedding["level"] == "patch"
    assert result.embedding["training"]["augmentation"]["aspect"] == [0.5, 2.0]
