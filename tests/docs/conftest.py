"""The folder in which the pages and the examples run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from twlv.video import write_video
from twlv.video.synthetic import Fixed, draw, preset, render


@pytest.fixture(scope="session")
def example_videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``videos/`` with 10 videos of two looks, and ``manifest.csv``."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "videos").mkdir()
    rows = []
    for number, texture in enumerate(["stripes", "checker"] * 5):
        scene = draw(0, number, factors=preset("easy"), fixed=Fixed(shape="disc", texture=texture))
        (frames,) = render([scene], num_frames=16, size_px=64)
        write_video(folder / "videos" / f"scene{number:03}.mp4", frames, fps=8)
        split = "train" if number < 6 else "val"
        rows.append((f"scene{number:03}", f"videos/scene{number:03}.mp4", scene.appearance, split))
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("video_id", "path", "label", "split"), *rows])
    return folder
