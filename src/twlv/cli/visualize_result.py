"""Pictures of what one result keeps, by their kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.viz import Picture

ResultKind = Literal["strips", "boundaries", "timelines", "key-frames", "class-frequency"]
TASK_OF: dict[str, str] = {
    "strips": "temporal-segmentation",
    "boundaries": "temporal-segmentation",
    "timelines": "temporal-localization",
    "key-frames": "spatiotemporal-localization",
    "class-frequency": "spatiotemporal-localization",
}
"""Each kind, and the task whose results it draws."""


def picture_of_result(kind: str, inputs: Sequence[Path], *, title: str) -> Picture:
    """The picture of this kind. UsageError for another number of results than one, or one that keeps none."""
    from twlv import viz
    from twlv.results import load

    found = load(inputs) if inputs else ()
    if len(found) != 1:
        raise UsageError(f"--kind {kind} takes one result file of {TASK_OF[kind]}, got {len(found)}")
    draw = {
        "strips": viz.strips_picture,
        "boundaries": viz.boundaries_picture,
        "timelines": viz.timelines_picture,
        "key-frames": viz.key_frames_picture,
        "class-frequency": viz.class_frequency_picture,
    }[kind]
    return draw(found[0], title=title)
