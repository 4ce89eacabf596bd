"""Detections as ActivityNet's result file, which evaluation servers and ``twlv score`` read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.files import write_atomic

if TYPE_CHECKING:
    from twlv.heads.actionformer.detect import Detections


def write_detections(
    path: Path, detections: Mapping[str, Detections], classes: Sequence[str], *, made_by: str
) -> None:
    """Write ``{"results": {id: [{"label", "segment", "score"}]}}``; numbers are whole, nothing is rounded.

    Of one video the surest come last: where scores are equal, evaluators take the later one first.
    """
    results = {
        video_id: [
            {"label": classes[int(label)], "segment": [float(start), float(end)], "score": float(score)}
            for (start, end), score, label in zip(
                found.ends_seconds[::-1], found.scores[::-1], found.labels[::-1], strict=True
            )
        ]
        for video_id, found in sorted(detections.items())
    }
    document = {"version": "VERSION 1.3", "results": results, "external_data": {"details": made_by}}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(document) + "\n")
