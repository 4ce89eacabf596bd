"""The scripts in examples/ run on small videos."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(tmp_path: Path, name: str, *words: object) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, words)],
        cwd=tmp_path, env={**os.environ, "TWLV_CACHE": str(tmp_path / "cache")},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_compare_backbones(example_videos: Path, tmp_path: Path) -> None:
    manifest = example_videos / "manifest.csv"
    names = ("efficientnet_lite0.imagenet", "gradient_flow.fixed")
    shown = run(tmp_path, "compare_backbones.py", manifest, *names)
    assert "efficientnet_lite0.imagenet" in shown
    assert "gradient_flow.fixed" in shown


def test_nearest_clips_finds_the_query_itself_first(example_videos: Path, tmp_path: Path) -> None:
    videos = example_videos / "videos"
    shown = run(tmp_path, "nearest_clips.py", videos, videos / "scene003.mp4")
    assert shown.splitlines()[0].startswith("1.000")
    assert "scene003" in shown.splitlines()[0]


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{path.name}"' in text for path in EXAMPLES.glob("*.py"))
