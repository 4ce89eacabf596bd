"""Frames: the same bytes whoever asks, exactly reversible, and the same as a slow picture by the formulas."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import UsageError
from twlv.video.synthetic import (
    DIFFICULTIES,
    SHAPES,
    TEXTURES,
    Backdrop,
    Look,
    Mover,
    Path,
    Scene,
    draw,
    preset,
    render,
    render_blocks,
    time_reversed,
)

HARD = replace(preset("hard"), shears=(0.0, 0.3))
LOOSE = replace(HARD, wrap=False)


def clip(name: str) -> torch.Tensor:
    return render([draw(7, 7, factors=preset(name))], num_frames=4, size_px=32)[0]


# ---------------------------------------------------------------- the same everywhere


@settings(max_examples=15, deadline=None)
@given(
    index=st.integers(0, 10_000), num_frames=st.integers(1, 9), size_px=st.integers(1, 40), wrap=st.booleans()
)
def test_the_reversed_scene_is_the_same_clip_backwards(
    index: int, num_frames: int, size_px: int, wrap: bool
) -> None:
    scene = draw(0, index, factors=HARD if wrap else LOOSE)
    forward, backward = render([scene, time_reversed(scene)], num_frames=num_frames, size_px=size_px)
    assert forward.shape == (num_frames, 3, size_px, size_px)
    assert forward.dtype == torch.uint8
    assert torch.equal(forward.flip(0), backward)


@pytest.mark.parametrize("factors", [HARD, LOOSE], ids=["wrapped", "loose"])
def test_neither_the_batch_nor_blocks_nor_threads_change_a_byte(factors: object) -> None:
    scenes = [draw(1, index, factors=factors) for index in range(9)]  # type: ignore[arg-type]
    scenes[4] = time_reversed(scenes[4])
    together = render(scenes, num_frames=7, size_px=40)
    for scene, frames in zip(scenes, together, strict=True):
        assert torch.equal(render([scene], num_frames=7, size_px=40)[0], frames)
        assert torch.equal(
            torch.cat(list(render_blocks(scene, num_frames=7, size_px=40, block_frames=3))), frames
        )
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    try:
        assert torch.equal(render(scenes, num_frames=7, size_px=40), together)
    finally:
        torch.set_num_threads(threads)


def test_a_batch_larger_than_a_block_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = [draw(1, index) for index in range(5)]
    whole = render(scenes, num_frames=3, size_px=16)
    monkeypatch.setattr("twlv.video.synthetic.rendering.BLOCK_PIXELS", 2 * 3 * 16**2)
    assert torch.equal(render(scenes, num_frames=3, size_px=16), whole)


def test_another_process_draws_the_same_scene_and_the_same_bytes() -> None:
    code = (
        "import hashlib; from twlv.video.synthetic import *; print(draw(7, 7)); "
        "print(hashlib.sha256(render([draw(7, 7)], num_frames=4, size_px=32).numpy().tobytes()).hexdigest())"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256(clip("default").numpy().tobytes()).hexdigest()
    assert printed.splitlines() == [str(draw(7, 7)), digest]


@pytest.mark.parametrize("name", list(DIFFICULTIES))
def test_three_clips_are_what_they_were(name: str, request: pytest.FixtureRequest) -> None:
    """Between processors a picture may differ by one level, where the last bit of a sine differs; no more.

    ``golden.npz`` holds the clips themselves: scene 7 of seed 7, 4 frames of 32 pixels.
    """
    golden = np.load(request.path.parent / "golden.npz")[name]
    assert np.abs(clip(name).numpy().astype(int) - golden.astype(int)).max() <= 1
    assert (clip(name).numpy() != golden).mean() < 1e-3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_draws_the_same_to_one_level() -> None:
    scenes = [draw(1, index, factors=HARD) for index in range(4)]
    here = render(scenes, num_frames=5, size_px=48).int()
    there = render(scenes, num_frames=5, size_px=48, device="cuda").cpu().int()
    assert (here - there).abs().max() <= 1


# ---------------------------------------------------------------- what is drawn

GREY = Backdrop(seed=0, contrast=0.0, level=0.5)


def alone(shape: str = "disc", texture: str = "plain", **path: object) -> Scene:
    look = Look(shape=shape, texture=texture, colours=((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), radius=0.2)
    place = {"centre": (0.5, 0.5), **path}
    return Scene(movers=(Mover(look=look, path=Path(**place)),), backdrop=GREY)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_the_discs_area(shape: str) -> None:
    frame = render([alone(shape)], num_frames=1, size_px=200)[0, 0, 0].double()
    area = float(((frame - 128) / 127).sum()) / 200**2
    assert area == pytest.approx(np.pi * 0.2**2, rel=0.01)


def test_edges_are_smooth_and_move_by_parts_of_a_pixel() -> None:
    """The centre of brightness follows the path to a fiftieth of a pixel."""
    scene = alone(speed=0.05, heading_radians=0.4)
    frames = (render([scene], num_frames=8, size_px=64)[0, :, 0].double() - 128).clamp(min=0)
    weight = frames / frames.sum(dim=(1, 2), keepdim=True)
    pixel = torch.arange(64) + 0.5
    x, y = (weight.sum(dim=1) * pixel).sum(dim=1), (weight.sum(dim=2) * pixel).sum(dim=1)
    times = (np.arange(8) - 3.5) / 4
    assert np.allclose(x, 64 * (0.5 + 0.05 * times * np.cos(0.4)), atol=0.02)
    assert np.allclose(y, 64 * (0.5 + 0.05 * times * np.sin(0.4)), atol=0.02)
    assert len(frames[0].unique()) > 20


def test_textures_differ_and_move_with_their_object() -> None:
    pictures = [
        render([alone("square", texture)], num_frames=1, size_px=64)[0, 0].double() for texture in TEXTURES
    ]
    for number, one in enumerate(pictures):
        for other in pictures[:number]:
            assert (one - other).abs().mean() > 3
    for texture in TEXTURES:
        first, last = render([alone("square", texture, speed=0.125)], num_frames=2, size_px=64)[0]
        assert torch.equal(first.roll(8, dims=-1), last), (
            texture
        )  # 0.125 of 64 pixels in the second between them


def test_later_movers_lie_in_front() -> None:
    scene = alone()
    black = replace(scene.movers[0].look, colours=((0.0, 0.0, 0.0),) * 2, radius=0.1)
    front = replace(scene.movers[0], look=black)
    frame = render([replace(scene, movers=(*scene.movers, front))], num_frames=1, size_px=32)[0, 0, 0]
    assert (frame[16, 16], frame[16, 21]) == (0, 255)
    frame = render([replace(scene, movers=(front, *scene.movers))], num_frames=1, size_px=32)[0, 0, 0]
    assert frame[16, 16] == 255


def test_what_leaves_a_torus_comes_in_on_the_other_side() -> None:
    """A wrapped object at the border is the centred one, rolled; a loose one is cut off."""
    centred = render([alone("star", "checker")], num_frames=1, size_px=64)[0, 0]
    corner = render([alone("star", "checker", centre=(0.0, 1.0), wrap=True)], num_frames=1, size_px=64)[0, 0]
    assert torch.equal(centred.roll((32, 32), dims=(1, 2)), corner)
    cut = render([alone("disc", centre=(0.0, 1.0))], num_frames=1, size_px=64)[0, 0, 0]
    assert (cut[:32] == 128).all()
    assert (cut[32:, :32] == 255).any()
    away = render([alone("disc", centre=(2.0, 0.5))], num_frames=1, size_px=64)
    assert (away == 128).all()


def test_the_backdrop_is_smooth_larger_than_the_picture_and_pans() -> None:
    still = Scene(movers=(), backdrop=Backdrop(seed=3, contrast=0.3))
    frames = render([still], num_frames=3, size_px=64)[0]
    assert torch.equal(frames[0], frames[2])
    assert frames[0].float().std() > 10
    assert (frames[0].int().diff(dim=-1).abs().max()) < 30
    pan = replace(still, backdrop=replace(still.backdrop, pan=(0.5, 0.0)), duration_seconds=4.0)
    first, later = render([pan], num_frames=2, size_px=64)[0]  # two seconds: one whole picture further
    assert not torch.equal(first, later)
    around = render([replace(pan, duration_seconds=8.0)], num_frames=2, size_px=64)[
        0
    ]  # twice: around the torus
    assert torch.equal(around[0], around[1])


def test_sensor_noise_has_its_size_and_differs_between_frames() -> None:
    scene = Scene(movers=(), backdrop=GREY, noise=0.05, noise_seed=9)
    frames = render([scene], num_frames=4, size_px=64)[0].double()
    assert float(frames.std()) == pytest.approx(255 * 0.05, rel=0.03)
    assert float(frames.mean()) == pytest.approx(127.5, abs=0.6)
    flat = frames.flatten(1).numpy()
    assert np.abs(np.corrcoef(flat) - np.eye(4)).max() < 0.05
    other = render([replace(scene, noise_seed=10)], num_frames=4, size_px=64)[0].double().flatten(1).numpy()
    assert abs(np.corrcoef(flat[0], other[0])[0, 1]) < 0.05


def test_objects_larger_than_the_picture_can_be_drawn() -> None:
    scene = alone()
    for wrap in (True, False):
        large = replace(scene.movers[0].look, radius=3.0)
        path = replace(scene.movers[0].path, wrap=wrap)
        frames = render([replace(scene, movers=(Mover(look=large, path=path),))], num_frames=1, size_px=16)
        assert (frames == 255).all()


@pytest.mark.parametrize(("num_frames", "size_px"), [(0, 8), (8, 0)])
def test_no_frames_or_no_pixels_are_refused(num_frames: int, size_px: int) -> None:
    with pytest.raises(UsageError, match="1 or above"):
        render([draw(0, 0)], num_frames=num_frames, size_px=size_px)
    with pytest.raises(UsageError, match="1 or above"):
        list(render_blocks(draw(0, 0), num_frames=num_frames, size_px=size_px))
    with pytest.raises(UsageError, match="block_frames"):
        list(render_blocks(draw(0, 0), num_frames=8, size_px=8, block_frames=0))
