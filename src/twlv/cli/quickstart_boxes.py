"""The quickstart's spatio-temporal localization: rendered objects that act, found by a small decoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.contracts import Backbone
    from twlv.data.synth import Settings
    from twlv.results import Result
    from twlv.tasks import SpatiotemporalLocalization
    from twlv.types import Around


def box_set() -> Settings:
    """Videos of two seconds with one or two objects that go, turn and grow; a key frame in the middle."""
    from twlv.data.synth import settings_for

    return settings_for("boxes", num_train=48, num_val=24, difficulty="easy")


def render_boxes(out: Path) -> Path:
    """Write the videos that are not there yet; returns their folder, which holds the boxes in AVA's form."""
    from twlv.cli.data_synth import watch
    from twlv.data.synth import make_set

    make_set(out / "boxes", box_set(), watch=watch("render boxes"))
    return out / "boxes"


def clips() -> Around:
    """Four frames of the two seconds around a key frame."""
    from twlv.types import Around

    return Around(num_frames=4, clip_seconds=2.0)


def task() -> SpatiotemporalLocalization:
    """A decoder of two layers of 128 channels and 24 epochs: one of the report's size would take an hour."""
    from twlv.tasks import SpatiotemporalLocalization

    return SpatiotemporalLocalization(
        num_queries=8,
        num_layers=2,
        width=128,
        num_heads=4,
        mlp_width=256,
        norm="before",
        dropout=0.0,
        drop_path=0.0,
        clip_norm=10.0,
        epochs=24,
        warmup_epochs=2,
        batch_size=8,
        learning_rate=1e-3,
        device="cpu",
    )


def measure_key_frames(name: str, out: Path, workers: int | None) -> list[Result]:
    """Render, embed with the backbone of this name, train and score; the result is saved."""
    from twlv.backbones import load
    from twlv.threads import one_core

    folder, model = render_boxes(out), load(name, dtype="float32")
    with one_core():
        result = measure_boxes(model, folder, out / "stores", workers)
    result.save(out / "results")
    return [result]


def measure_boxes(model: Backbone, folder: Path, stores: Path, workers: int | None = None) -> Result:
    """Embed the clips around all key frames, train on those of 48 videos, score the others."""
    from twlv import data
    from twlv.cli.progress import progress
    from twlv.evaluation import evaluate

    return evaluate(
        model,
        data.dataset(folder),
        task(),
        sampling=clips(),
        store=stores / "boxes" / model.card.name,
        workers=workers,
        progress=progress(f"{model.card.name} boxes"),
    )
