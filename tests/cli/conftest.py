"""A small set of videos with a manifest, made once for the session."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from twlv.cli.main import main
from twlv.video import write_video
from twlv.video.synthetic import Fixed, draw, preset, render

FLOW = "gradient_flow.fixed"


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 videos: of each direction 4 to train on and 2 to test with."""
    folder = tmp_path_factory.mktemp("cli_videos")
    for number in range(24):
        fixed = Fixed(shape="disc", texture="checker", direction=("right", "down", "left", "up")[number % 4])
        scene = draw(0, number, factors=preset("easy"), fixed=fixed)
        (frames,) = render([scene], num_frames=16, size_px=64)
        write_video(folder / f"v{number:02}.mp4", frames, fps=8)
    return folder


@pytest.fixture
def manifest(videos: Path, tmp_path: Path) -> Path:
    """A manifest over the videos, labelled by direction, in a folder of its own."""
    path = tmp_path / "manifest.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("video_id", "path", "label", "split", "source"))
        for number, video in enumerate(sorted(videos.iterdir())):
            split = "train" if number < 16 else "val"
            label = ("right", "down", "left", "up")[number % 4]
            writer.writerow((video.stem, str(video), label, split, "a" if number % 8 < 4 else "b"))
    return path


@pytest.fixture
def broken_manifest(manifest: Path) -> Path:
    """The same with one file more that is no video."""
    (manifest.parent / "bad.mp4").write_bytes(b"not a video")
    with manifest.open("a") as file:
        file.write("bad,bad.mp4,up,val,a\n")
    return manifest


@dataclass(frozen=True, kw_only=True)
class Done:
    """What one command left: exit code, standard output, standard error."""

    status: int
    out: str
    err: str


Twlv = Callable[..., Done]


@pytest.fixture
def twlv(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Twlv:
    """The command line, run in a temporary folder with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))

    def run(*words: object) -> Done:
        capsys.readouterr()
        status = main([str(word) for word in words])
        shown = capsys.readouterr()
        return Done(status=status, out=shown.out, err=shown.err)

    return run
