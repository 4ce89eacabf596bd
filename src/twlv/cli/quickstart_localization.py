"""The quickstart's temporal localization: actions found in the long videos by a small ActionFormer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.contracts import Backbone
    from twlv.results import Result
    from twlv.tasks import TemporalLocalization


def task() -> TemporalLocalization:
    """A network of 32 channels, trained for eighty steps: one of the report's size would take an hour."""
    from twlv.tasks import TemporalLocalization

    return TemporalLocalization(
        recipe="small", width=32, max_length=128, epochs=40, batch_size=4, mean_decay=0.95, device="cpu"
    )


def measure_localization(model: Backbone, folder: Path, stores: Path, workers: int | None = None) -> Result:
    """Train on the videos of the train split, find the actions of the others; embeddings are shared."""
    from twlv import data
    from twlv.cli.progress import progress
    from twlv.cli.quickstart_segmentation import clips
    from twlv.evaluation import evaluate

    return evaluate(
        model,
        data.dataset(folder / "annotations.json", root=folder / "videos"),
        task(),
        sampling=clips(),
        store=stores / "untrimmed" / model.card.name,
        workers=workers,
        progress=progress(f"{model.card.name} untrimmed"),
    )
