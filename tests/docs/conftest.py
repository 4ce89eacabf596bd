"""The folder in which the pages and the examples run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from twlv.video import write_video
from twlv.video.synthetic.legacy import render, scene


@pytest.fixture(scope="session")
def example_videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``videos/`` with 10 videos of two looks, and ``manifest.csv``."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "videos").mkdir()
    rows = []
    for number, index in enumerate([0, 8] * 5):
        described = scene(index + 48 * number)
        write_video(folder / "videos" / f"scene{number:03}.mp4", render(described, size_px=64), fps=8)
        split = "train" if number < 6 else "val"
        rows.append((f"scene{number:03}", f"videos/scene{number:03}.mp4", described.appearance, split))
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("video_id", "path", "label", "split"), *rows])
    return folder
