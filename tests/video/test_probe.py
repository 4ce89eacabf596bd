"""What a file is, and in which words it is refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from twlv.errors import UsageError, VideoError
from twlv.video import probe, read_clip

TIMES = [0.0, 0.1, 0.15, 0.5, 0.9, 2.0]


def refused(path: Path) -> VideoError:
    with pytest.raises(VideoError) as caught:
        probe(path)
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(f"{path}: {caught.value.reason}: ")
    return caught.value


def test_constant_rate(counter: Path) -> None:
    info = probe(counter)
    assert (info.num_frames, info.height_px, info.width_px, info.codec) == (60, 96, 192, "h264")
    assert info.duration_seconds == pytest.approx(2.0)
    assert info.average_fps == pytest.approx(30.0)
    assert info.pts_seconds[0] == 0
    np.testing.assert_allclose(info.pts_seconds, np.arange(60) / 30, atol=1e-9)


def test_ntsc_rate_is_a_float(tmp_path: Path, make: SimpleNamespace) -> None:
    info = probe(make.counter_video(tmp_path / "v.mp4", 30, 30000 / 1001))
    assert isinstance(info.average_fps, float)
    assert info.average_fps == pytest.approx(29.97003, abs=1e-5)
    assert info.duration_seconds == pytest.approx(1.001)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("start", [0.0, 5.0])
def test_variable_rate_and_start_offset(
    tmp_path: Path, make: SimpleNamespace, suffix: str, start: float
) -> None:
    shown = [start + time for time in TIMES]
    info = probe(make.counter_video(tmp_path / f"v.{suffix}", 6, pts_seconds=shown))
    np.testing.assert_allclose(info.pts_seconds, TIMES, atol=1e-3)
    assert info.duration_seconds > 2.0


def test_path_as_text_with_spaces_and_signs(tmp_path: Path, make: SimpleNamespace) -> None:
    folder = tmp_path / "ünïcödé 视频"
    folder.mkdir()
    path = make.counter_video(folder / "-a clip, 100%d 'quoted'.mp4", 3)
    assert probe(str(path)).num_frames == 3
    assert make.numbers_of(read_clip(path, num_frames=3).frames) == [0, 1, 2]


def test_transport_streams_one_after_the_other(tmp_path: Path, make: SimpleNamespace) -> None:
    data = make.counter_video(tmp_path / "v.ts", options={"bf": "2"}).read_bytes()
    (tmp_path / "twice.ts").write_bytes(data * 2)
    info = probe(tmp_path / "twice.ts")
    assert info.num_frames == 120
    assert info.duration_seconds == pytest.approx(4.0)


def test_raw_stream_is_counted(tmp_path: Path, make: SimpleNamespace) -> None:
    info = probe(make.counter_video(tmp_path / "v.h264", 45, 30.0, options={"bf": "2"}))
    assert info.num_frames == 45
    assert info.duration_seconds == pytest.approx(1.5)


def test_one_frame(tmp_path: Path, make: SimpleNamespace) -> None:
    info = probe(make.counter_video(tmp_path / "v.mp4", 1, 30.0))
    assert info.num_frames == 1
    assert info.duration_seconds == pytest.approx(1 / 30)


@pytest.mark.parametrize(("turns", "size"), [(1, (192, 96)), (2, (96, 192)), (3, (192, 96))])
def test_rotation_gives_the_size_as_shown(
    tmp_path: Path, make: SimpleNamespace, turns: int, size: tuple[int, int]
) -> None:
    info = probe(make.rotate_tag(make.counter_video(tmp_path / "v.mp4", 3), turns))
    assert info.rotation_degrees == 90 * turns
    assert (info.height_px, info.width_px) == size


def test_absent(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.mp4").reason == "not_found"


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").touch()
    assert refused(tmp_path / "v.mp4").reason == "empty"


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"this is not a video\n" * 9, "text that begins 'this is not"),
        (b"<!DOCTYPE html><html>404</html>", "HTML"),
        (bytes(range(7, 256)) * 40, "no known container"),
    ],
)
def test_not_a_video(tmp_path: Path, content: bytes, seen: str) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(content)
    error = refused(path)
    assert error.reason == "not_a_video"
    assert seen in error.seen


def test_sound_only(tmp_path: Path, make: SimpleNamespace) -> None:
    error = refused(make.sound(tmp_path / "v.mp4"))
    assert error.reason == "no_video_stream"
    assert "audio" in error.seen


def test_playlists_are_not_followed(tmp_path: Path, counter: Path) -> None:
    path = tmp_path / "list.mp4"
    path.write_text("ffconcat version 1.0\nfile 'secret.mp4'\n")
    (tmp_path / "secret.mp4").write_bytes(counter.read_bytes())
    assert refused(path).reason == "unsupported"


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_cut_off_files_are_truncated(tmp_path: Path, make: SimpleNamespace, counter: Path, part: float) -> None:
    """With the index in front the missing frames are known; with the index behind, nothing is."""
    fast = make.remux(counter, tmp_path / "fast.mp4", movflags="faststart")
    for source in (fast, counter):
        data = source.read_bytes()
        path = tmp_path / "cut.mp4"
        path.write_bytes(data[: int(len(data) * part)])
        assert refused(path).reason == "truncated"


def test_a_picture_is_a_video_of_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    Image.new("RGB", (64, 48), (200, 30, 30)).save(path, format="JPEG")
    info = probe(path)
    assert (info.num_frames, info.height_px, info.width_px) == (1, 48, 64)


def test_fps_is_for_folders(counter: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folders of frames only"):
        probe(counter, fps=25.0)
    assert "fps" in refused(tmp_path).seen
