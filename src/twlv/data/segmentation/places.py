"""Where the videos of a folder of labels are on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from twlv.data.rows import is_video_name
from twlv.errors import InputError


def find_by_name(root: Path, videos: Sequence[str]) -> tuple[dict[str, Path], frozenset[str]]:
    """The file of every video, and the ids of those that have none; such a one's file is where it would be.

    A video is any below ``root`` whose name without its ending is the id, or whose folders and name, joined by
    ``_``, are: ``P03/cam01/P03_tea.avi`` is ``P03_cam01_P03_tea``. InputError: no such folder.
    """
    if not root.is_dir():
        raise InputError(f"root {root}: no such folder")
    here = _names(root)
    places = {video: here.get(video, root / f"{video}.mp4") for video in videos}
    return places, frozenset(video for video in videos if video not in here)


def _names(root: Path) -> dict[str, Path]:
    """Every video below ``root`` by both of its names; the first in order of paths."""
    found: dict[str, Path] = {}
    for base, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            if is_video_name(name):
                path = Path(base) / name
                joined = "_".join(path.relative_to(root).with_suffix("").parts)
                for known in (path.stem, joined):
                    found.setdefault(known, path)
    return found
