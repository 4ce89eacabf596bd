"""Jumping over long gaps changes nothing but the time it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from twlv.types import Span, Uniform
from twlv.video import decode, plan_clips, probe, read_clips

NUM_FRAMES = 300

FILES: dict[str, dict[str, Any]] = {
    "closed.mp4": {"options": {"g": "12", "bf": "2"}},
    "open_gop.mp4": {"options": {"g": "12", "bf": "3", "x264-params": "open-gop=1:bframes=3:b-adapt=0"}},
    "open_gop.mkv": {"options": {"g": "12", "bf": "3", "x264-params": "open-gop=1:bframes=3:b-adapt=0"}},
    "offset.mkv": {"pts_seconds": [5 + k / 30 for k in range(NUM_FRAMES)], "options": {"g": "12"}},
    "one_key_frame.mp4": {"options": {"g": "999"}},
    "bframes.avi": {"codec": "mpeg4", "options": {"bf": "2", "b": "900000"}},
    "stream.ts": {"options": {"g": "12", "bf": "2"}},
    "raw.h264": {"options": {"g": "12"}},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, make: SimpleNamespace) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("seek")
    return {name: make.counter_video(folder / name, NUM_FRAMES, **how) for name, how in FILES.items()}


class Watch:
    """Reads 12 uniform frames of a file, and counts what was decoded and opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, make: SimpleNamespace, gap_seconds: float) -> None:
        self.decoded = self.opened = 0
        self._make = make
        raw, opening = decode._Decoder._raw, decode._Decoder._open

        def counted(decoder: Any) -> Iterator[Any]:
            for frame in raw(decoder):
                self.decoded += 1
                yield frame

        def opened(decoder: Any) -> None:
            self.opened += 1
            opening(decoder)

        monkeypatch.setattr(decode._Decoder, "_raw", counted)
        monkeypatch.setattr(decode._Decoder, "_open", opened)
        monkeypatch.setattr(decode, "SEEK_GAP_SECONDS", gap_seconds)

    def numbers(self, path: Path, span: Span | None = None) -> list[int]:
        info = probe(path)
        plans = plan_clips(info, Uniform(), num_frames=12, span=span)
        (clip,) = read_clips(info, plans, None)
        return list(self._make.numbers_of(clip.frames))


EXPECTED = [12 + 25 * k for k in range(12)]


@pytest.mark.parametrize("name", FILES)
def test_same_frames_with_and_without_jumps(
    files: dict[str, Path], make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    watch = Watch(monkeypatch, make, 0.3)
    monkeypatch.setattr(decode, "_SEEK_MARGIN_SECONDS", 0.1)
    assert watch.numbers(files[name]) == EXPECTED
    watch.decoded = 0
    assert watch.numbers(files[name], Span(start_seconds=9.0, end_seconds=9.4)) == [270 + k for k in range(12)]
    if name in {"closed.mp4", "open_gop.mp4", "open_gop.mkv", "offset.mkv"}:
        assert watch.decoded < 50
    else:  # without key frames, or in containers whose seeks are not exact
        assert watch.decoded >= 282


def test_short_gaps_are_read_through(
    files: dict[str, Path], make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch, make, 10.0)
    assert watch.numbers(files["closed.mp4"]) == EXPECTED
    assert watch.decoded == EXPECTED[-1] + 1
    assert watch.opened == 1


@pytest.mark.parametrize("name", ["open_gop.mp4", "open_gop.mkv"])
def test_pictures_that_lead_a_key_frame_are_whole(
    files: dict[str, Path], make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """B-frames shown before an open group's key frame need the group before: each target in two groups."""
    info = probe(files[name])
    monkeypatch.setattr(decode, "SEEK_GAP_SECONDS", 0.3)
    monkeypatch.setattr(decode, "_SEEK_MARGIN_SECONDS", 0.0)
    (straight,) = read_clips(info, plan_clips(info, Uniform(), num_frames=NUM_FRAMES), None)
    for target in range(200, 224):
        pixels = [picture.load().clone() for picture in decode.pictures(info, [target])]
        assert torch.equal(pixels[0], straight.frames[target]), target


def test_pictures_before_a_key_frame_are_not_trusted(
    files: dict[str, Path], make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg leaves such pictures out today; here one comes, and claims to be the target."""
    info = probe(files["closed.mp4"])
    timed = decode._Decoder._timed

    def leading(decoder: Any) -> Iterator[Any]:
        if decoder.decoded:  # that is, after a jump
            yield info.pts_seconds[270], SimpleNamespace(key_frame=False)
        yield from timed(decoder)

    monkeypatch.setattr(decode, "SEEK_GAP_SECONDS", 0.3)
    monkeypatch.setattr(decode._Decoder, "_timed", leading)
    assert [make.number_of(picture.load()) for picture in decode.pictures(info, [270])] == [270]


@pytest.mark.parametrize("name", ["closed.mp4", "open_gop.mkv", "offset.mkv"])
def test_landing_behind_the_target_starts_again(
    files: dict[str, Path], make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A container whose index is wrong: the seek ends 3 s late."""
    watch = Watch(monkeypatch, make, 0.3)
    monkeypatch.setattr(decode, "_SEEK_MARGIN_SECONDS", -3.0)
    assert watch.numbers(files[name]) == EXPECTED
    assert watch.opened == 2


def test_a_seek_that_fails_starts_again(
    files: dict[str, Path], make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch, make, 0.3)
    monkeypatch.setattr(decode._Decoder, "_land", lambda self, target: None)
    assert watch.numbers(files["closed.mp4"]) == EXPECTED
    assert watch.opened == 2


def test_one_useless_jump_is_the_last(
    files: dict[str, Path], make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One key frame in the file: the first jump goes back to the start, no second is tried."""
    watch = Watch(monkeypatch, make, 0.3)
    assert watch.numbers(files["one_key_frame.mp4"]) == EXPECTED
    assert watch.decoded <= NUM_FRAMES + 50
