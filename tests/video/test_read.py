"""The right frames, in one pass, and errors instead of substitutes."""

from __future__ import annotations

import os
import resource
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
import torch

from twlv.errors import UnknownName, UsageError, VideoError
from twlv.types import ClipPlan, MultiClip, Rule, Span, Strided, Uniform, VideoInfo
from twlv.video import (
    Preprocess,
    decode,
    decoder_versions,
    frame_indices,
    plan_clips,
    probe,
    read,
    read_clip,
    read_clips,
)

SMALL = Preprocess(crop_px=48)
STRETCH = Preprocess(crop_px=48, resize_mode="stretch")

HIDDEN = {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "400000"}
QUIET = {"x265-params": "log-level=none", "preset": "ultrafast"}
FILES: dict[str, dict[str, Any]] = {
    "bframes.mp4": {"options": {"g": "12", "bf": "3"}},
    "open_gop.mkv": {"options": {"g": "10", "bf": "2", "x264-params": "open-gop=1"}},
    "vfr.mp4": {"count": 6, "pts_seconds": [0.0, 0.1, 0.15, 0.5, 0.9, 2.0]},
    "vfr_offset.mkv": {"count": 6, "pts_seconds": [5.0, 5.1, 5.15, 5.5, 5.9, 7.0]},
    "bframes.avi": {"codec": "mpeg4", "options": {"bf": "2", "b": "900000"}},
    "stream.ts": {"options": {"bf": "2"}},
    "raw.h264": {"options": {"bf": "2"}},
    "vp9.webm": {"codec": "libvpx-vp9", "count": 12, "options": {"cpu-used": "8"}},
    "hidden_frames.webm": {"codec": "libvpx", "count": 40, "options": HIDDEN},
    "hevc.mp4": {"codec": "libx265", "count": 30, "options": QUIET},
    "animated.gif": {"codec": "gif", "pixel_format": "rgb8", "count": 8, "fps": 10.0},
    "ten_bits.mp4": {"pixel_format": "yuv420p10le"},
    "gray.mp4": {"pixel_format": "gray"},
    "odd.mp4": {"size": (97, 191)},
    "one.mp4": {"count": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, make: SimpleNamespace) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    return {name: make.counter_video(folder / name, **how) for name, how in FILES.items()}


@pytest.mark.parametrize("name", FILES)
def test_every_time_shows_its_frame(files: dict[str, Path], make: SimpleNamespace, name: str) -> None:
    """The painted number is the index of the last frame whose pts has come, at 40 random times."""
    info = probe(files[name])
    times = np.sort(np.random.default_rng(0).uniform(0, info.duration_seconds, 40))
    plan = ClipPlan(span=Span(start_seconds=0, end_seconds=9), times_seconds=tuple(times.tolist()))
    (clip,) = read_clips(info, [plan], None)
    expected = frame_indices(info.pts_seconds, times)
    assert make.numbers_of(clip.frames) == expected.tolist()
    np.testing.assert_array_equal(clip.pts_seconds, info.pts_seconds[expected])
    assert len(FILES[name].get("pts_seconds", range(info.num_frames))) == info.num_frames


def test_variable_rate_is_not_index_over_rate(files: dict[str, Path], make: SimpleNamespace) -> None:
    clip = read_clip(files["vfr.mp4"], Span(start_seconds=0.0, end_seconds=2.0), num_frames=4)
    assert make.numbers_of(clip.frames) == [2, 3, 4, 4]  # 0.25, 0.75, 1.25 and 1.75 s


def test_two_timelines_in_a_file(tmp_path: Path, make: SimpleNamespace, files: dict[str, Path]) -> None:
    (tmp_path / "twice.ts").write_bytes(files["stream.ts"].read_bytes() * 2)
    clip = read_clip(tmp_path / "twice.ts", num_frames=120)
    assert make.numbers_of(clip.frames) == [*range(60), *range(60)]


def test_lost_packets_leave_the_frame_before_on_screen(
    tmp_path: Path, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames 20 and 21 give no picture, although their packets are there: later frames keep their times."""
    path = make.counter_video(tmp_path / "v.mkv", options={"g": "1"})
    info = probe(path)
    raw = decode._Decoder._raw
    monkeypatch.setattr(
        decode._Decoder, "_raw", lambda self: (f for k, f in enumerate(raw(self)) if k not in (20, 21))
    )
    (clip,) = read_clips(info, plan_clips(info, Uniform(), num_frames=60), None)
    assert make.numbers_of(clip.frames) == [*range(20), 19, 19, *range(22, 60)]
    assert clip.pts_seconds[20] == info.pts_seconds[19]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotation_is_applied(tmp_path: Path, make: SimpleNamespace, turns: int) -> None:
    """The picture as shown is the stored one turned counter-clockwise by the display matrix."""
    plain = make.counter_video(tmp_path / "plain.mp4", 5)
    turned = make.rotate_tag(make.counter_video(tmp_path / "turned.mp4", 5), turns)
    expected = torch.rot90(read_clip(plain, num_frames=5).frames, k=turns, dims=(2, 3))
    assert torch.equal(read_clip(turned, num_frames=5).frames, expected)


def test_clip_says_what_it_is(counter: Path) -> None:
    clip = read_clip(counter, Span(start_seconds=0.5, end_seconds=1.5), num_frames=8, preprocess=SMALL)
    assert clip.frames.shape == (8, 3, 48, 48)
    assert clip.frames.dtype == torch.uint8
    assert clip.frames.is_contiguous()
    assert (clip.span.start_seconds, clip.span.end_seconds) == (0.5, 1.5)
    assert clip.pts_seconds.dtype == np.float64
    assert ((clip.pts_seconds >= 0.5) & (clip.pts_seconds < 1.5)).all()


def test_overlapping_clips_share_one_pass(
    counter: Path, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted, opened = [], []
    convert, open_file = decode._ToRgb.__call__, av.open
    monkeypatch.setattr(
        decode._ToRgb, "__call__", lambda self, frame: converted.append(1) or convert(self, frame)
    )
    info = probe(counter)
    monkeypatch.setattr(av, "open", lambda *a, **k: opened.append(1) or open_file(*a, **k))
    plans = plan_clips(info, MultiClip(clip_seconds=0.5, stride_seconds=0.125), num_frames=16)
    clips = list(read_clips(info, plans, STRETCH))
    assert len(opened) == 1
    assert len(converted) == 60
    assert [clip.span for clip in clips] == [plan.span for plan in plans]
    for clip, plan in zip(clips, plans, strict=True):
        assert make.numbers_of(clip.frames) == frame_indices(info.pts_seconds, plan.times_seconds).tolist()


def test_frames_are_dropped_when_no_clip_needs_them(counter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    put = read._Shelf.put

    def counted(self: Any, picture: Any) -> None:
        put(self, picture)
        held.append(len(self.frames))

    monkeypatch.setattr(read._Shelf, "put", counted)
    info = probe(counter)
    plans = plan_clips(info, MultiClip(clip_seconds=0.2), num_frames=6)
    assert len(list(read_clips(info, plans, SMALL))) == 10
    assert max(held) <= 6


def test_full_pictures_under_way_are_few(counter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the helper is, decoded frames do not pile up."""
    loaded: list[int] = []
    made: list[int] = []
    prepared, put = read._prepared, read._Shelf.put

    def slow(picture: Any, **how: Any) -> Any:
        for _ in range(1000):  # some work, not a clock
            pass
        loaded.append(1)
        return prepared(picture, **how)

    def watched(self: Any, picture: Any) -> None:
        put(self, picture)
        made.append(len(self._under_way))

    monkeypatch.setattr(read, "_prepared", slow)
    monkeypatch.setattr(read._Shelf, "put", watched)
    info = probe(counter)
    list(read_clips(info, plan_clips(info, Uniform(), num_frames=60), SMALL))
    assert len(loaded) == 60
    assert max(made) == read._PICTURES_UNDER_WAY


def test_memory_does_not_grow_with_reading(tmp_path: Path, make: SimpleNamespace) -> None:
    path = make.counter_video(tmp_path / "v.mp4", 240, size=(360, 640))
    info = probe(path)
    plans = plan_clips(info, MultiClip(clip_seconds=0.5), num_frames=15)

    def peak_mb() -> float:
        for clip in read_clips(info, plans, SMALL):
            assert len(clip.frames) == 15
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    warm = peak_mb()
    assert max(peak_mb() for _ in range(4)) - warm < 32  # 240 full frames would be 166 MB


def test_plans_in_any_order(counter: Path, make: SimpleNamespace) -> None:
    info = probe(counter)
    plans = plan_clips(info, MultiClip(clip_seconds=0.5), num_frames=3)[::-1]
    clips = list(read_clips(info, plans, None))
    assert [clip.span for clip in clips] == [plan.span for plan in plans]
    assert make.numbers_of(clips[0].frames) == [47, 52, 57]


def test_rules_that_go_round_keep_their_order(tmp_path: Path, make: SimpleNamespace) -> None:
    info = probe(make.counter_video(tmp_path / "v.mp4", 30))
    (clip,) = read_clips(info, plan_clips(info, Rule(name="videoglue_linspace"), num_frames=16), None)
    assert make.numbers_of(clip.frames) == [0, 4, 8, 12, 16, 20, 24, 28, 2, 6, 10, 14, 18, 22, 26, 0]


def test_strided_takes_exact_frames(counter: Path, make: SimpleNamespace) -> None:
    info = probe(counter)
    (clip,) = read_clips(info, plan_clips(info, Strided(frame_step=3), num_frames=16), None)
    assert make.numbers_of(clip.frames) == list(range(7, 53, 3))


def test_three_spatial_views_follow_each_other(counter: Path) -> None:
    info = probe(counter)
    plans = plan_clips(info, MultiClip(clip_seconds=1.0), num_frames=2)
    clips = list(read_clips(info, plans, SMALL, spatial_views=3))
    assert [clip.spatial_view for clip in clips] == [0, 1, 2, 0, 1, 2]
    (whole,) = read_clips(info, plans[:1], Preprocess(crop_px=48))
    assert torch.equal(clips[1].frames, whole.frames)  # 96 px wide: the middle crop is the centre crop


@pytest.fixture
def damaged(tmp_path: Path, counter: Path) -> Path:
    """Random bytes in the middle of the pictures; the index is whole."""
    data = bytearray(counter.read_bytes())
    middle = slice(len(data) * 4 // 10, len(data) * 6 // 10)
    data[middle] = np.random.default_rng(1).bytes(middle.stop - middle.start)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    return path


def test_a_damaged_file_is_refused_with_counts(damaged: Path) -> None:
    info = probe(damaged)
    with pytest.raises(VideoError, match=r"corrupt: decoded \d+ of 60 frames") as caught:
        list(read_clips(info, plan_clips(info, Uniform(), num_frames=16), SMALL))
    assert caught.value.reason == "corrupt"


def test_clips_before_the_damage_are_given(damaged: Path, make: SimpleNamespace) -> None:
    info = probe(damaged)
    clips = read_clips(info, plan_clips(info, MultiClip(clip_seconds=0.2), num_frames=3), None)
    assert make.numbers_of(next(clips).frames) == [1, 3, 5]
    with pytest.raises(VideoError):
        list(clips)


def test_a_stream_that_ends_early_is_truncated(tmp_path: Path, make: SimpleNamespace) -> None:
    """The file that is read is shorter than the one that was measured."""
    path = make.counter_video(tmp_path / "v.mkv", 60)
    info = probe(path)
    shutil.copy(make.counter_video(tmp_path / "short.mkv", 40), path)
    plans = plan_clips(info, MultiClip(clip_seconds=1.0), num_frames=4)
    clips = read_clips(info, plans, SMALL)
    next(clips)
    with pytest.raises(VideoError, match="truncated: the stream ends after 40 of 60 frames"):
        next(clips)


def test_a_vanished_file_is_not_found(tmp_path: Path, make: SimpleNamespace) -> None:
    path = make.counter_video(tmp_path / "v.mp4", 3)
    info = probe(path)
    path.unlink()
    with pytest.raises(VideoError, match="not_found"):
        list(read_clips(info, plan_clips(info, Uniform(), num_frames=2), SMALL))


def test_a_change_of_size_needs_a_preprocess(tmp_path: Path, make: SimpleNamespace) -> None:
    small = make.counter_video(tmp_path / "a.ts", 30).read_bytes()
    large = make.counter_video(tmp_path / "b.ts", 30, size=(192, 384)).read_bytes()
    path = tmp_path / "both.ts"
    path.write_bytes(small + large)
    clip = read_clip(path, num_frames=60, preprocess=STRETCH)
    assert make.numbers_of(clip.frames) == [*range(30), *range(30)]
    with pytest.raises(VideoError, match="192x96 and 384x192"):
        read_clip(path, num_frames=60)


def test_absurd_shapes_are_refused(tmp_path: Path, make: SimpleNamespace) -> None:
    path = make.counter_video(tmp_path / "v.mkv", 2, size=(2, 1024), codec="ffv1", pixel_format="yuv420p")
    with pytest.raises(VideoError, match="unsupported: a picture of 1024x2 px"):
        read_clip(path, num_frames=2, preprocess=SMALL)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the folder changes while it is listed


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files through /proc")
def test_files_are_always_closed(tmp_path: Path, make: SimpleNamespace, counter: Path) -> None:
    before = open_files()
    info = probe(counter)
    plans = plan_clips(info, MultiClip(clip_seconds=0.2), num_frames=2)
    clips = read_clips(info, plans, SMALL)
    next(clips)
    clips.close()  # type: ignore[attr-defined] - it is a generator
    broken = tmp_path / "v.mp4"
    broken.write_bytes(counter.read_bytes()[:-3000])
    for path in (broken, make.sound(tmp_path / "s.mp4"), tmp_path / "none.mp4"):
        with pytest.raises(VideoError):
            probe(path)
    list(read_clips(info, plans, SMALL))
    assert open_files() == before


def test_readers_run_side_by_side(files: dict[str, Path]) -> None:
    names = ["bframes.mp4", "open_gop.mkv", "bframes.avi", "stream.ts", "odd.mp4", "ten_bits.mp4"] * 2
    alone = {name: read_clip(files[name], preprocess=SMALL).frames for name in names}
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda name: read_clip(files[name], preprocess=SMALL).frames, names)
        for name, frames in zip(names, together, strict=True):
            assert torch.equal(frames, alone[name])


def test_more_decoder_threads_give_the_same_frames(counter: Path) -> None:
    info = probe(counter)
    plans = plan_clips(info, Uniform(), num_frames=16)
    (one,) = read_clips(info, plans, SMALL)
    (two,) = read_clips(info, plans, SMALL, thread_count=2)
    assert torch.equal(one.frames, two.frames)


def test_bad_arguments_are_refused_at_once(counter: Path) -> None:
    info = probe(counter)
    plans = plan_clips(info, Uniform(), num_frames=2)
    with pytest.raises(UnknownName, match="pyav"):
        read_clips(info, plans, SMALL, backend="pyavv")
    with pytest.raises(UsageError, match="1 or 3"):
        read_clips(info, plans, SMALL, spatial_views=2)
    with pytest.raises(UsageError, match="preprocess"):
        read_clips(info, plans, None, spatial_views=3)
    with pytest.raises(UsageError, match="long side"):
        read_clips(info, plans, STRETCH, spatial_views=3)


def test_no_plans_open_nothing(counter: Path) -> None:
    info: VideoInfo = probe(counter)
    assert list(read_clips(info, [], SMALL)) == []


def test_versions_name_the_decoder() -> None:
    assert decoder_versions() == {"decoder": f"pyav {av.__version__}", "ffmpeg": av.ffmpeg_version_info}
    with pytest.raises(UnknownName):
        decoder_versions("decord")
