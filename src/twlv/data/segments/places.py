"""Where the videos of an annotation file of segments are on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from twlv.data.paths import resolve
from twlv.data.rows import is_video_name
from twlv.data.segments.truth import VideoSegments


def find_videos(root: Path, videos: Mapping[str, VideoSegments]) -> tuple[dict[str, Path], frozenset[str]]:
    """The file of every video, and the ids of those that have none; such a one's file is where it would be.

    A file is the annotation's ``path`` under ``root``, or any video there that is named ``ID`` or ``v_ID``.
    """
    unnamed = [name for name, video in videos.items() if not video.path]
    here = _by_stem(root) if unnamed else {}
    places = {
        name: resolve(video.path, root)
        if video.path
        else here.get(name) or here.get(f"v_{name}") or root / f"{name}.mp4"
        for name, video in videos.items()
    }
    return places, frozenset(name for name, path in places.items() if not path.exists())


def _by_stem(root: Path) -> dict[str, Path]:
    """Every video below ``root`` by its name without the ending; the first in order of paths."""
    found: dict[str, Path] = {}
    for base, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            if is_video_name(name):
                found.setdefault(Path(name).stem, Path(base) / name)
    return found
