"""Annotations of segments in the form of ActivityNet, which THUMOS14's ``thumos14.json`` shares.

``{"database": {video id: {"subset", "duration", "annotations": [{"label", "segment": [s, e], "label_id"}]}}}``.
Labels are names here: the numbers differ between copies of ActivityNet, and a classifier's columns must be
joined by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twlv.data.segments.documents import ends, member, number, read_document
from twlv.errors import ManifestError, UnknownName


@dataclass(frozen=True, kw_only=True)
class VideoSegments:
    """The annotated segments of a video: (start, end) in seconds, and the name of each one's label.

    ``fps`` and ``path`` where the file has them; a path is relative to the folder of the videos.
    """

    subset: str
    duration_seconds: float | None
    ends_seconds: tuple[tuple[float, float], ...]
    labels: tuple[str, ...]
    fps: float | None = None
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class SegmentTruth:
    """An annotation file. ``label_ids`` the numbers that it gives its labels, empty where it gives none."""

    path: Path
    version: str
    videos: Mapping[str, VideoSegments]
    label_ids: Mapping[str, int]

    @property
    def annotated_subsets(self) -> tuple[str, ...]:
        """Subsets with at least one segment, sorted; names are lower case."""
        return tuple(sorted({video.subset for video in self.videos.values() if video.labels}))

    def subset(self, name: str) -> dict[str, VideoSegments]:
        """The videos of a subset, in the order of the file. UnknownName for a subset without segments."""
        if name.lower() not in self.annotated_subsets:
            raise UnknownName("subset", name, self.annotated_subsets, hint=f"(of {self.path})")
        return {key: video for key, video in self.videos.items() if video.subset == name.lower()}


def read_truth(path: Path) -> SegmentTruth:
    """An annotation file, packed with gzip or not.

    Raises:
        ManifestError: not of this form, a time that is no finite number, or a label with two numbers.
    """
    document = read_document(path)
    database = member(path, document, "database")
    label_ids: dict[str, int] = {}
    videos = {key: _video(f"{path}: video '{key}'", entry, label_ids) for key, entry in database.items()}
    if not any(video.labels for video in videos.values()):
        raise ManifestError(f"{path}: no video has a segment")
    return SegmentTruth(path=path, version=str(document.get("version", "")), videos=videos, label_ids=label_ids)


def _video(where: str, entry: Any, label_ids: dict[str, int]) -> VideoSegments:
    if not isinstance(entry, dict) or not isinstance(entry.get("subset"), str):
        raise ManifestError(f"{where}: expected an object with a subset, got {str(entry)[:80]}")
    notes = entry.get("annotations") or []
    if not isinstance(notes, list) or not all(isinstance(note, dict) for note in notes):
        raise ManifestError(f"{where}: annotations must be a list of objects, got {str(notes)[:80]}")
    duration, fps, path = entry.get("duration"), entry.get("fps"), entry.get("path") or ""
    if not isinstance(path, str):
        raise ManifestError(f"{where}: path must be a text, got {path!r:.80}")
    return VideoSegments(
        subset=entry["subset"].lower(),
        duration_seconds=None if duration is None else number(where, "duration", duration),
        ends_seconds=tuple(ends(f"{where}, segment {i}", note.get("segment")) for i, note in enumerate(notes)),
        labels=tuple(_label(f"{where}, segment {i}", note, label_ids) for i, note in enumerate(notes)),
        fps=None if fps is None else number(where, "fps", fps),
        path=path,
    )


def _label(where: str, note: dict[str, Any], label_ids: dict[str, int]) -> str:
    label, index = note.get("label"), note.get("label_id")
    if not isinstance(label, str):
        raise ManifestError(f"{where}: label must be a name, got {label!r}")
    if index is not None:
        if isinstance(index, bool) or not isinstance(index, int) or index < 0:
            raise ManifestError(f"{where}: label_id must be a number from 0 on, got {index!r}")
        if label_ids.setdefault(label, index) != index:
            raise ManifestError(
                f"{where}: label '{label}' is number {index} here and {label_ids[label]} before"
            )
    return label
