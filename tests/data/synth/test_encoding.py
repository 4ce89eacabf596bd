"""A file's pictures do not depend on one another, in either container."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from twlv.data.synth.encoding import ENCODINGS, Format, encode
from twlv.video import write_video
from twlv.video.synthetic import draw, render


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def noisy_frames() -> np.ndarray:
    frames = render([draw(3, 5)], num_frames=16, size_px=64)[0].numpy().astype(int)
    noise = np.random.default_rng(0).integers(-9, 10, size=frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("container", sorted(ENCODINGS))
def test_a_reversed_clip_decodes_to_the_same_pictures_in_opposite_order(
    container: Format, tmp_path: Path
) -> None:
    frames = noisy_frames()
    there = decoded(encode(tmp_path / f"a.{container}", frames, fps=8, container=container))
    back = decoded(encode(tmp_path / f"b.{container}", frames[::-1].copy(), fps=8, container=container))
    assert there.shape == (16, 64, 64, 3)
    assert (there == back[::-1]).all()
    assert np.abs(there.astype(int) - frames.transpose(0, 2, 3, 1)).mean() < 8


@pytest.mark.parametrize("container", sorted(ENCODINGS))
def test_a_picture_is_the_same_whatever_stands_before_it(container: Format, tmp_path: Path) -> None:
    frames = noisy_frames()
    whole = decoded(encode(tmp_path / f"a.{container}", frames, fps=8, container=container))
    alone = decoded(encode(tmp_path / f"b.{container}", frames[7:8], fps=8, container=container))
    assert (whole[7] == alone[0]).all()


def test_an_ordinary_file_is_not_like_that(tmp_path: Path) -> None:
    frames = noisy_frames()
    there = decoded(write_video(tmp_path / "a.mp4", frames, 8))
    back = decoded(write_video(tmp_path / "b.mp4", frames[::-1].copy(), 8))
    assert (there != back[::-1]).any()
