"""Boxes, masks and flow against the pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from twlv.errors import UsageError
from twlv.video.synthetic import (
    SHAPES,
    TEXTURES,
    Backdrop,
    Factors,
    Mover,
    Scene,
    boxes,
    draw,
    flow,
    masks,
    preset,
    render,
    time_reversed,
    visible,
)

QUIET = replace(preset("default"), noises=(0.0, 0.0), shears=(0.0, 0.2))
LOOSE = replace(QUIET, wrap=False)
FRAMES, SIZE = 6, 64


def alone(mover: Mover, scene: Scene) -> Scene:
    """The mover before black, in white."""
    look = replace(mover.look, texture="plain", colours=((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)))
    return replace(
        scene, movers=(replace(mover, look=look),), backdrop=Backdrop(seed=0, contrast=0.0, level=0.0)
    )


# ---------------------------------------------------------------- boxes


@pytest.mark.parametrize("index", range(8))
def test_a_box_holds_its_object_and_touches_it_on_all_sides(index: int) -> None:
    scene = draw(0, index, factors=LOOSE)
    found = boxes(scene, FRAMES)
    assert found.shape == (FRAMES, len(scene.movers), 4)
    for row, mover in enumerate(scene.movers):
        light = render([alone(mover, scene)], num_frames=FRAMES, size_px=SIZE)[0, :, 0].double() / 255
        for frame, box in zip(light, found[:, row], strict=True):
            if np.isnan(box).any():
                assert float(frame.sum()) < 1
                continue
            assert_fits(frame, box * SIZE)


def assert_fits(light: torch.Tensor, box: np.ndarray) -> None:
    """More than 99 % of the light is inside the box; the outermost lit pixels are within one pixel of it."""
    left, top, right, bottom = box
    place = np.arange(SIZE) + 0.5
    inside = ((place > left - 0.5) & (place < right + 0.5))[None, :] & (
        (place > top - 0.5) & (place < bottom + 0.5)
    )[:, None]
    assert float(light[torch.from_numpy(inside)].sum()) > 0.99 * float(light.sum())
    if float(light.sum()) < 20:  # a sliver at the border
        return
    columns, lines = (np.flatnonzero(light.amax(dim=dim).numpy() > 0.02) for dim in (0, 1))
    # A tip narrower than a pixel is faint: it may end up to two pixels before the outline does.
    assert np.allclose((columns[0], columns[-1] + 1), (left, right), atol=2.0)
    assert np.allclose((lines[0], lines[-1] + 1), (top, bottom), atol=2.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_large_shape_touches_its_box_to_a_pixel(shape: str) -> None:
    scene = draw(0, 1, factors=Factors(shapes=(shape,), wrap=False, shears=(0.3, 0.3), noises=(0.0, 0.0)))
    subject = replace(scene.subject, path=replace(scene.subject.path, centre=(0.5, 0.5)))
    white = alone(subject, scene)
    light = render([white], num_frames=1, size_px=400)[0, 0, 0]
    seen = np.stack(
        [np.flatnonzero(light.amax(dim=dim).numpy() > 60)[[0, -1]] + (0, 1) for dim in (0, 1)], axis=1
    )
    assert np.allclose(seen.ravel(), 400 * boxes(white, 1)[0, 0], atol=2.5)


def test_the_box_of_a_wrapped_object_is_that_of_its_largest_piece() -> None:
    scene = draw(0, 0, factors=QUIET)
    for x, expected in ((0.05, "left"), (0.95, "right")):
        subject = replace(scene.subject, path=replace(scene.subject.path, centre=(x, 0.5), speed=0.0, wave=0.0))
        left, _, right, _ = boxes(replace(scene, movers=(subject,)), 1)[0, 0]
        assert (left == 0) == (expected == "left")
        assert (right == 1) == (expected == "right")
        assert right - left < 0.5


def test_an_object_outside_the_picture_has_no_box() -> None:
    scene = draw(0, 0, factors=LOOSE)
    subject = replace(scene.subject, path=replace(scene.subject.path, centre=(3.0, 0.5)))
    gone = replace(scene, movers=(subject,))
    assert np.isnan(boxes(gone, 3)).all()
    assert (visible(gone, 3, 16) == 0).all()
    assert boxes(replace(scene, movers=()), 3).shape == (3, 0, 4)


# ---------------------------------------------------------------- masks


@pytest.mark.parametrize("factors", [QUIET, LOOSE], ids=["wrapped", "loose"])
def test_masks_say_what_is_seen(factors: Factors) -> None:
    """Painted in colours that name the movers, the picture is the mask, but for pixels beside an edge."""
    for index in range(4):
        scene = draw(2, index, factors=factors)
        movers = tuple(
            replace(mover, look=replace(mover.look, texture="plain", colours=((0.1 * (row + 1),) * 3,) * 2))
            for row, mover in enumerate(scene.movers)
        )
        coded = replace(scene, movers=movers, backdrop=Backdrop(seed=0, contrast=0.0, level=0.0))
        picture = render([coded], num_frames=FRAMES, size_px=SIZE)[0, :, 0].double() / 25.5
        seen = masks(scene, FRAMES, SIZE)
        clear = uniform(seen, 3)
        assert clear.double().mean() > 0.8
        wrong = (picture.round()[clear] != seen[clear]).double().mean()
        assert wrong < 0.001  # the tip of a star is narrower than a pixel
        shares = [[float((frame == row + 1).double().mean()) for row in range(len(movers))] for frame in seen]
        assert np.allclose(visible(scene, FRAMES, SIZE), shares)


# ---------------------------------------------------------------- flow


def warped_error(scene: Scene, size_px: int) -> tuple[float, float]:
    """Mean difference between a frame's pixels and the next frame where the flow says they went; and without.

    Only inside the objects, away from edges, and where the place is not hidden in the next frame.
    """
    frames = render([scene], num_frames=FRAMES, size_px=size_px)[0].float()
    seen = masks(scene, FRAMES, size_px)
    moved = flow(scene, FRAMES, size_px)
    pixel = torch.arange(size_px) + 0.5
    goal = torch.stack(torch.meshgrid(pixel, pixel, indexing="xy")) + moved
    where = (goal.permute(0, 2, 3, 1) / size_px * 2 - 1).float()
    warped = functional.grid_sample(frames[1:], where, align_corners=False)
    again = functional.grid_sample(seen[1:, None].float(), where, align_corners=False)[:, 0]
    use = (again - seen[:-1]).abs() < 1e-3
    use &= uniform(seen[:-1], 5) & (seen[:-1] > 0) & (goal > 1).all(dim=1) & (goal < size_px - 1).all(dim=1)
    pick = use[:, None].expand_as(warped)
    return (
        float((warped - frames[:-1])[pick].abs().mean()),
        float((frames[1:] - frames[:-1])[pick].abs().mean()),
    )


def uniform(seen: torch.Tensor, width: int) -> torch.Tensor:
    """Pixels (T, H, W) around which a mask has one value, in a square of this width."""
    value = seen.float()[:, None]
    high, low = (functional.max_pool2d(sign * value, width, 1, width // 2) * sign for sign in (1, -1))
    return (high == low)[:, 0]


@pytest.mark.parametrize("factors", [QUIET, LOOSE], ids=["wrapped", "loose"])
def test_the_flow_takes_a_frame_to_the_next(factors: Factors) -> None:
    """What is left is the interpolation of pixels, a small part of what moves."""
    textured = replace(factors, textures=tuple(TEXTURES[1:]))
    errors = [warped_error(draw(4, index, factors=textured), 96) for index in range(6)]
    still = float(np.mean([without for _, without in errors]))
    assert float(np.mean([error for error, _ in errors])) < 0.2 * still
    reverse = [warped_error(time_reversed(draw(4, index, factors=textured)), 96) for index in range(3)]
    assert float(np.mean([error for error, _ in reverse])) < 0.2 * still


def test_the_flow_of_the_backdrop_is_its_pan() -> None:
    scene = Scene(movers=(), backdrop=Backdrop(seed=1, pan=(0.1, -0.2)), duration_seconds=2.0)
    moved = flow(scene, 4, 32)
    assert torch.allclose(moved[:, 0], torch.tensor(0.1 * 0.5 * 32))
    assert torch.allclose(moved[:, 1], torch.tensor(-0.2 * 0.5 * 32))


def test_truth_is_reversed_with_the_scene() -> None:
    scene = draw(0, 3, factors=QUIET)
    back = time_reversed(scene)
    assert np.array_equal(boxes(scene, 5)[::-1], boxes(back, 5), equal_nan=True)
    assert torch.equal(masks(scene, 5, 32).flip(0), masks(back, 5, 32))
    assert np.array_equal(visible(scene, 5, 32)[::-1], visible(back, 5, 32))


def test_one_frame_has_no_flow_and_none_is_refused() -> None:
    assert flow(draw(0, 0), 1, 16).shape == (0, 2, 16, 16)
    for asked in (
        lambda: boxes(draw(0, 0), 0),
        lambda: masks(draw(0, 0), 4, 0),
        lambda: flow(draw(0, 0), 0, 4),
    ):
        with pytest.raises(UsageError, match="1 or above"):
            asked()
