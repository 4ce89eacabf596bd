"""Where the videos of an annotation file of segments are on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twlv.data.collect import videos_by_stem
from twlv.data.paths import resolve
from twlv.data.segments.truth import VideoSegments


def find_videos(root: Path, videos: Mapping[str, VideoSegments]) -> tuple[dict[str, Path], frozenset[str]]:
    """The file of every video, and the ids of those that have none; such a one's file is where it would be.

    A file is the annotation's ``path`` under ``root``, or any video there that is named ``ID`` or ``v_ID``.
    """
    unnamed = [name for name, video in videos.items() if not video.path]
    here = videos_by_stem(root) if unnamed else {}
    places = {
        name: resolve(video.path, root)
        if video.path
        else here.get(name) or here.get(f"v_{name}") or root / f"{name}.mp4"
        for name, video in videos.items()
    }
    return places, frozenset(name for name, path in places.items() if not path.exists())
