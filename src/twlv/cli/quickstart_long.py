"""The quickstart's tasks on long videos: rendered once, embedded once, measured by each task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.results import Result

BACKBONE = "gradient_flow.fixed"
"""The one backbone that is quick enough for so many clips."""


def measure_long(out: Path, workers: int | None) -> list[Result]:
    """Every task on long videos; the results are saved."""
    from twlv.backbones import load
    from twlv.cli.quickstart_localization import measure_localization
    from twlv.cli.quickstart_segmentation import measure_segmentation, render_long
    from twlv.threads import one_core

    folder, model = render_long(out), load(BACKBONE, dtype="float32")
    with one_core():
        results = [
            measure(model, folder, out / "stores", workers)
            for measure in (measure_segmentation, measure_localization)
        ]
    for result in results:
        result.save(out / "results")
    return results
