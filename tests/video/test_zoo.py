"""165 odd files of the wild: containers, codecs, rotations, rates, cuts, empty and hostile headers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from twlv.errors import VideoError
from twlv.types import MultiClip, Uniform, VideoInfo
from twlv.video import Preprocess, plan_clips, probe, read_clips

REASONS = {
    "empty", "not_a_video", "no_video_stream", "no_frames", "truncated", "corrupt", "unsupported",
}  # fmt: skip


def read_all(path: Path) -> VideoInfo:
    """All clips of 1 s and 16 uniform frames, in one pass."""
    info = probe(path)
    several = plan_clips(info, MultiClip(clip_seconds=1.0), num_frames=8)
    plans = [*several, *plan_clips(info, Uniform(), num_frames=16)]
    clips = list(read_clips(info, plans, Preprocess(crop_px=64), spatial_views=3))
    assert [clip.frames.shape[0] for clip in clips] == [8] * 3 * len(several) + [16] * 3
    assert all(clip.frames.shape[1:] == (3, 64, 64) for clip in clips)
    return info


@pytest.mark.shared
def test_good_files_are_read_and_bad_ones_are_explained(shared_dir: Path) -> None:
    data = shared_dir / "data"
    rows = list(csv.DictReader((data / "zoo_manifest.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 165
    wrong: list[str] = []
    for row in rows:
        try:
            info = read_all(data / row["path"])
            seen = "ok"
            if info.num_frames != int(row["frames_decoded"] or -1):
                wrong.append(f"{row['path']}: {info.num_frames} frames, expected {row['frames_decoded']}")
        except VideoError as error:
            seen = error.reason
            if error.reason not in REASONS or not error.seen:
                wrong.append(f"{row['path']}: unexplained: {error}")
        if (seen == "ok") != (row["expect"] == "ok"):
            wrong.append(f"{row['path']}: expected {row['expect']}, got {seen}")
    assert not wrong, "\n".join(wrong)
