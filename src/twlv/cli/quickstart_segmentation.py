"""The quickstart's temporal segmentation: long rendered videos, a label for every frame, a small ASFormer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.contracts import Backbone
    from twlv.data.synth import Settings
    from twlv.results import Result
    from twlv.tasks import TemporalSegmentation
    from twlv.types import Dataset, MultiClip


def long_set() -> Settings:
    """Twelve videos of half a minute: four motions of one object, with background between them."""
    from twlv.data.synth import settings_for

    return settings_for("untrimmed", num_train=8, num_val=4, num_frames=240, difficulty="easy")


def render_long(out: Path) -> Path:
    """Write the videos that are not there yet; returns their folder, which holds both kinds of annotation."""
    from twlv.cli.data_synth import watch
    from twlv.data.synth import make_set

    make_set(out / "untrimmed", long_set(), watch=watch("render untrimmed"))
    return out / "untrimmed"


def labelled(folder: Path) -> Dataset:
    """The rendered videos with a label for every frame; a test set of the one split."""
    from twlv import data

    return data.dataset(folder, root=folder / "videos", label_fps=long_set().fps)


def clips() -> MultiClip:
    """A clip of one second, four frames of it, every half second."""
    from twlv.types import MultiClip

    return MultiClip(num_frames=4, clip_seconds=1.0, stride_seconds=0.5)


def task() -> TemporalSegmentation:
    """An ASFormer of four layers of 32 channels: one of the report's size would take an hour."""
    from twlv.tasks import TemporalSegmentation

    return TemporalSegmentation(
        layers=4, channels=32, decoders=1, epochs=30, learning_rate=2e-3, channel_dropout=0.1, device="cpu"
    )


def measure_segmentation(model: Backbone, folder: Path, stores: Path, workers: int | None = None) -> Result:
    """Embed the long videos, train on eight of them, label the other four."""
    from twlv.cli.progress import progress
    from twlv.evaluation import evaluate

    return evaluate(
        model,
        labelled(folder),
        task(),
        sampling=clips(),
        store=stores / "untrimmed" / model.card.name,
        workers=workers,
        progress=progress(f"{model.card.name} untrimmed"),
    )
