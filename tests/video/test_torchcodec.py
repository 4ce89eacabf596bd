"""The optional backend: every frame is checked, and PyAV takes over, visibly, where it fails.

The guard is exercised with a decoder made here, so that it is tested where torchcodec does not load; the last
test runs the real one, or sees that its absence is explained.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from twlv.errors import MissingExtra, UsageError
from twlv.types import MultiClip, VideoInfo
from twlv.video import Preprocess, decode, decoder_versions, plan_clips, probe, read_clips, torchcodec_backend

WHOLE = Preprocess(crop_px=48, resize_mode="stretch")


class Decoder:
    """Answers as torchcodec would, from painted numbers; ``error_frames`` are answered wrongly."""

    begin = 5.0

    def __init__(
        self, info: VideoInfo, make: SimpleNamespace, shift: int, wrong: range, fail: Exception | None
    ):
        self._info, self._make, self._shift, self._wrong, self._fail = info, make, shift, wrong, fail
        self.metadata = SimpleNamespace(begin_stream_seconds=self.begin)
        self.options: dict[str, Any] = {}
        self.asked = 0

    def __call__(self, path: str, **options: Any) -> Decoder:
        assert path == self._info.path
        self.options = options
        return self

    def get_frames_played_at(self, seconds: list[float]) -> SimpleNamespace:
        assert len(seconds) <= 16
        self.asked += len(seconds)
        found = np.searchsorted(self._info.pts_seconds, np.array(seconds) - self.begin, side="right") - 1
        if self._fail is not None and set(found.tolist()) & set(self._wrong):
            raise self._fail
        found = np.array([k + self._shift if k in self._wrong else k for k in found.tolist()])
        data = torch.stack([torch.from_numpy(self._make.painted(k)).permute(1, 2, 0) for k in found.tolist()])
        return SimpleNamespace(
            data=data, pts_seconds=torch.from_numpy(self._info.pts_seconds[found] + self.begin)
        )


def read_with(decoder: Decoder, monkeypatch: pytest.MonkeyPatch, info: VideoInfo, make: SimpleNamespace) -> Any:
    monkeypatch.setattr(torchcodec_backend, "_load", lambda: decoder)
    plans = plan_clips(info, MultiClip(clip_seconds=1.0), num_frames=15)
    return [make.numbers_of(clip.frames) for clip in read_clips(info, plans, WHOLE, backend="torchcodec")]


EXPECTED = [list(range(1, 30, 2)), list(range(31, 60, 2))]


def test_frames_that_are_right_are_taken(
    counter: Path, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    info = probe(counter)
    decoder = Decoder(info, make, 0, range(0), None)
    assert read_with(decoder, monkeypatch, info, make) == EXPECTED
    assert decoder.asked == 30
    assert decoder.options["seek_mode"] == "exact"
    assert decoder.options["num_ffmpeg_threads"] == 1
    assert not caplog.records


@pytest.mark.parametrize("shift", [3, -3], ids=["late", "early"])
@pytest.mark.parametrize("wrong", [range(60), range(20, 22), range(50, 60)], ids=str)
def test_wrong_frames_are_read_again(
    counter: Path, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    shift: int, wrong: range,
) -> None:  # fmt: skip
    info = probe(counter)
    kept = range(wrong.start, min(wrong.stop, 56)) if shift > 0 else range(max(wrong.start, 3), wrong.stop)
    with caplog.at_level(logging.WARNING):
        assert read_with(Decoder(info, make, shift, kept, None), monkeypatch, info, make) == EXPECTED
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "PyAV" in caplog.text


@pytest.mark.parametrize("error", [RuntimeError("no more frames"), ValueError("x"), IndexError("x")], ids=repr)
def test_errors_of_the_decoder_are_not_the_users(
    counter: Path, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:  # fmt: skip
    info = probe(counter)
    again: list[int] = []
    pictures = decode.pictures
    monkeypatch.setattr(decode, "pictures", lambda i, w, **k: again.extend(w) or pictures(i, w, **k))
    assert read_with(Decoder(info, make, 0, range(40, 60), error), monkeypatch, info, make) == EXPECTED
    assert str(error) in caplog.text
    assert again == list(range(33, 60, 2))  # not the batch of 16 before


@pytest.mark.parametrize("suffix", ["ts", "avi"])
def test_containers_it_is_not_exact_in_go_to_pyav(
    tmp_path: Path,
    make: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    suffix: str,
) -> None:
    info = probe(make.counter_video(tmp_path / f"v.{suffix}", options={"bf": "2"}))
    decoder = Decoder(info, make, 0, range(0), None)
    assert read_with(decoder, monkeypatch, info, make) == EXPECTED
    assert decoder.asked == 0
    assert "not exact" in caplog.text


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ModuleNotFoundError("No module named 'torchcodec'"), MissingExtra, r"twlv\[torchcodec\]"),
        (
            RuntimeError("Could not load libtorchcodec.\nmore"),
            UsageError,
            r"Could not load.*apt-get install ffmpeg",
        ),
        (OSError("libavutil.so.59: cannot open shared object file"), UsageError, "libavutil"),
        (ImportError("undefined symbol"), UsageError, "undefined symbol"),
    ],
)
def test_a_backend_that_does_not_load_says_what_to_do(
    counter: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[Exception], words: str
) -> None:
    def broken(name: str) -> None:
        raise error

    monkeypatch.setattr(torchcodec_backend.importlib, "import_module", broken)
    info = probe(counter)
    plans = plan_clips(info, MultiClip(), num_frames=2)
    with pytest.raises(kind, match=words):
        list(read_clips(info, plans, WHOLE, backend="torchcodec"))
    with pytest.raises(kind, match=words):
        decoder_versions("torchcodec")


def test_the_real_one(tmp_path: Path, make: SimpleNamespace) -> None:
    """Where torchcodec loads, it gives the frames PyAV gives; where not, that is said."""
    path = make.counter_video(tmp_path / "v.mp4", options={"g": "12", "bf": "2"})
    info = probe(make.rotate_tag(path, 2))
    plans = plan_clips(info, MultiClip(clip_seconds=0.7), num_frames=15)
    try:
        names = decoder_versions("torchcodec")
    except (MissingExtra, UsageError) as error:
        assert "torchcodec" in str(error)  # noqa: PT017 - which of the two depends on the machine
        with pytest.raises(type(error)):
            list(read_clips(info, plans, WHOLE, backend="torchcodec"))
        return
    assert names["decoder"].startswith("torchcodec ")
    theirs = list(read_clips(info, plans, WHOLE, backend="torchcodec"))
    ours = list(read_clips(info, plans, WHOLE))
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_array_equal(one.pts_seconds, other.pts_seconds)
        assert (one.frames.int() - other.frames.int()).abs().max() <= 3
