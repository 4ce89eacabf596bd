"""Detections as a file in AVA's form, which every evaluator of AVA reads, and ``twlv score`` too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from twlv.errors import InputError
from twlv.files import write_atomic
from twlv.metrics.frame_boxes import FrameBoxes


def write_detections(path: Path, detections: FrameBoxes, frames: Sequence[str]) -> None:
    """Write ``video,timestamp,x1,y1,x2,y2,action,score``, the surest of each key frame first.

    ``frames`` are the ids of key frames (``v@0902``), which ``detections.frame`` numbers; label k is action
    k + 1. Corners have six decimals, scores nine digits: coarser ones make equal scores of different ones.

    Raises:
        InputError: detections without scores, or an id that is not of this form.
    """
    write_atomic(path, "".join(_rows(detections, frames)))


def _rows(detections: FrameBoxes, frames: Sequence[str]) -> Iterator[str]:
    if detections.score is None:
        raise InputError("detections need scores")
    starts = [_start(frame) for frame in frames]
    order = np.lexsort((-detections.score, detections.frame))
    table = zip(
        detections.frame[order].tolist(),
        detections.xyxy[order].tolist(),
        (detections.label[order] + 1).tolist(),
        detections.score[order].tolist(),
        strict=True,
    )
    for frame, (x1, y1, x2, y2), action, score in table:
        yield f"{starts[frame]},{x1:.6f},{y1:.6f},{x2:.6f},{y2:.6f},{action},{score:.9g}\n"


def _start(frame: str) -> str:
    video, mark, time = frame.rpartition("@")
    if not mark or not time.replace(".", "", 1).isdecimal():
        raise InputError(f"'{frame}' is not the id of a key frame, such as v@0902")
    if any(sign in video for sign in ',"\n'):
        raise InputError(f"the id '{video}' does not fit into a comma-separated file without quotes")
    return f"{video},{time}"
