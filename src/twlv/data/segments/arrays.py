"""Annotations and detections as arrays for the metric, and what looks wrong in them, counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twlv.data.segments.detections import Detection
from twlv.data.segments.truth import VideoSegments
from twlv.errors import InputError
from twlv.metrics.temporal_segments import Segments
from twlv.types import DoubleArray

PAST_END_SECONDS = 0.5
"""How far past the stated duration an end may lie: durations of one file differ that much between readers."""


def truth_arrays(videos: Mapping[str, VideoSegments], names: Sequence[str]) -> Segments:
    """The annotated segments; videos are numbered in the order of ``videos``, labels in that of ``names``."""
    index = {name: number for number, name in enumerate(names)}
    rows = [
        (number, index[label], *ends)
        for number, video in enumerate(videos.values())
        for label, ends in zip(video.labels, video.ends_seconds, strict=True)
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    video, label = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return Segments(video=video, label=label, start=table[:, 2], end=table[:, 3])


def detection_arrays(
    detections: Sequence[Detection], videos: Mapping[str, VideoSegments], names: Sequence[str]
) -> Segments:
    """The detections; a video or label without ground truth gets a number after the last."""
    video_index = {name: number for number, name in enumerate(videos)}
    label_index = {name: number for number, name in enumerate(names)}
    return Segments(
        video=np.array([video_index.get(row.video_id, len(videos)) for row in detections], dtype=np.int64),
        label=np.array([label_index.get(row.label, len(names)) for row in detections], dtype=np.int64),
        start=np.array([row.start_seconds for row in detections], dtype=np.float64),
        end=np.array([row.end_seconds for row in detections], dtype=np.float64),
        score=np.array([row.score for row in detections], dtype=np.float64),
    )


def durations(videos: Mapping[str, VideoSegments]) -> DoubleArray:
    """Seconds of each video, (videos + 1,); infinite where the file does not say, and for unknown videos."""
    stated = [video.duration_seconds for video in videos.values()]
    return np.array([np.inf if value is None else value for value in stated] + [np.inf])


def notes_of_truth(truth: Segments, videos: Mapping[str, VideoSegments]) -> list[str]:
    """What is wrong with annotated segments, in words; nothing is left out for it but by the rules."""
    limit = durations(videos)[truth.video]
    counts = {
        "annotated segments start after they end": truth.start > truth.end,
        "annotated segments have no length": truth.start == truth.end,
        "annotated segments start after their video ends, so nothing can find them": truth.start >= limit,
        "annotated segments end after their video": truth.end > limit + PAST_END_SECONDS,
    }
    return _counted(counts)


def notes_of_detections(detections: Segments, videos: Mapping[str, VideoSegments]) -> list[str]:
    """What looks wrong with detections, in words.

    Raises:
        InputError: no video is known; or most detections start after their video ends, as frames do.
    """
    unknown = detections.video == len(videos)
    if unknown.all():
        raise InputError(
            f"no detection is of a video of the ground truth, which has ids such as '{next(iter(videos))}'"
        )
    limit = durations(videos)[detections.video]
    past = detections.start >= limit
    if past.mean() > 0.5:
        raise InputError(
            f"{past.sum()} of {len(past)} detections start after their video ends: are their times in seconds?"
        )
    counts = {
        "detections are of videos without ground truth: they count as false": unknown,
        "detections start after their video ends": past,
        "detections end after their video": detections.end > limit + PAST_END_SECONDS,
        "detections start before 0": detections.start < 0,
        "detections have no length, or start after they end": detections.end <= detections.start,
    }
    silent = len(videos) - len(np.unique(detections.video[~unknown]))
    found = _counted(counts)
    return (
        [*found, f"{silent} of {len(videos)} videos have no detection: their segments count as missed"]
        if (silent)
        else found
    )


def _counted(counts: Mapping[str, np.ndarray]) -> list[str]:
    return [f"{int(mask.sum())} {text}" for text, mask in counts.items() if mask.any()]
