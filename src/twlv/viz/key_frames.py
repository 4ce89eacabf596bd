"""Boxes drawn on the key frames that a result keeps: annotated ones solid, the surest predicted ones dashed."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twlv.results import Result
from twlv.types import Json
from twlv.viz.kept import facts, kept, titled
from twlv.viz.picture import Picture, document
from twlv.viz.style import COLOURS, caption, new_figure, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4
_TRUTH, _PREDICTED = COLOURS[2], COLOURS[1]
_JPEG = "data:image/jpeg;base64,"
_ALIKE = 0.02
"""Corners this close are of one predicted person: a person has a row for each label."""


def key_frames_picture(result: Result, *, title: str = "", least_score: float = 0.3) -> Picture:
    """A contact sheet of ``details["key_frames"]``; predictions below ``least_score`` are not drawn.

    Raises:
        UsageError: the result holds none.
    """
    found = kept(result, "key_frames", task="spatiotemporal-localization")
    frames: list[Json] = [{key: value for key, value in frame.items() if key != "image"} for frame in found]
    parts: dict[str, Json] = {
        "result": facts(result),
        "key_frames": frames,
        "least_score": least_score,
        "notes": ["key frames with people, evenly over the test; not chosen by their score"],
    }
    name = title or titled(result, "annotated solid, predicted dashed")
    figure = draw_key_frames(found, title=name, least_score=least_score)
    return Picture(figure=figure, document=document("key-frames", parts))


def draw_key_frames(frames: Sequence[Mapping[str, Any]], *, title: str, least_score: float) -> Figure:
    """One panel for each key frame, in its own proportions where the picture is known."""
    columns = min(_COLUMNS, len(frames))
    rows = math.ceil(len(frames) / columns)
    figure = new_figure(2.9 * columns, 0.8 + 2.6 * rows)
    figure.suptitle(text(title, 110), x=0.01, ha="left", fontsize=11)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, frame in zip(panels, frames, strict=False):
        _panel(axes, frame, least_score)
    for axes in panels[len(frames) :]:
        axes.set_axis_off()
    caption(figure, [f"Predictions with a score from {least_score:g} up."])
    return figure


def people(predictions: Sequence[Mapping[str, Any]], least_score: float) -> list[tuple[list[float], list[str]]]:
    """Rows of one box together: its corners and its labels with their scores, the surest first."""
    found: list[tuple[list[float], list[str]]] = []
    for row in predictions:
        if row["score"] < least_score:
            continue
        said = f"{row['label']} {row['score']:.2f}"
        same = [labels for box, labels in found if max(map(_apart, box, row["box"])) < _ALIKE]
        if same:
            same[0].append(said)
        else:
            found.append((list(row["box"]), [said]))
    return found


def _apart(first: float, second: float) -> float:
    return abs(first - second)


def _panel(axes: Axes, frame: Mapping[str, Any], least_score: float) -> None:
    wide, high = frame.get("width_px", 320), frame.get("height_px", 320)
    image = picture_of(frame)
    if image is not None:
        axes.imshow(image, extent=(0, wide, high, 0))
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(text(f"{frame['video_id']}", 40), fontsize=7, loc="left")
    for person in frame["truth"]:
        _box(axes, _pixels(person["box"], wide, high), person["labels"], predicted=False)
    for box, labels in people(frame["predictions"], least_score):
        _box(axes, _pixels(box, wide, high), labels, predicted=True)


def _pixels(box: Sequence[float], wide: float, high: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left * wide, top * high, right * wide, bottom * high


def _box(
    axes: Axes, corners: tuple[float, float, float, float], labels: Sequence[str], *, predicted: bool
) -> None:
    """A rectangle with up to three labels: of predictions above it, of the annotation below."""
    from matplotlib.patches import Rectangle

    left, top, right, bottom = corners
    colour = _PREDICTED if predicted else _TRUTH
    style: Any = "dashed" if predicted else "solid"
    axes.add_patch(
        Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linestyle=style)
    )
    axes.text(
        left,
        top if predicted else bottom,
        text(", ".join(labels[:3]), 44),
        color=colour,
        fontsize=5.5,
        va="bottom" if predicted else "top",
        bbox={"facecolor": "white", "alpha": 0.7, "pad": 0.5, "linewidth": 0},
        clip_on=True,
    )


def picture_of(frame: Mapping[str, Any]) -> Any:
    """The frame's picture as an array, None where it has none that is a JPEG."""
    address = frame.get("image")
    if not isinstance(address, str) or not address.startswith(_JPEG):
        return None
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.removeprefix(_JPEG)))))
