"""Boxes follow their pictures: golden numbers, inverses, and the pixels of pictures that really are cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.augmentation import Augmentation
from twlv.types import Boxes
from twlv.video import ClipSeed, Preprocess, crop_for, draw_clip, finish_clip
from twlv.video.augment import Draw
from twlv.video.box_moves import LEAST_SEEN, after, clipped, cut, mirrored, padding, seen, uncut

BOX = np.array([[0.1, 0.2, 0.5, 0.8]])

shares = st.floats(0, 1, width=32)


@st.composite
def boxes(draw: st.DrawFn) -> np.ndarray:
    x, y = sorted([draw(shares), draw(shares)]), sorted([draw(shares), draw(shares)])
    return np.array([[x[0], y[0], x[1], y[1]]])


def test_trap_15_golden_numbers_of_a_crop_and_a_flip() -> None:
    """426 x 240 px, short side to 224 (397 x 224), centre crop at 86, clipped, mirrored, and back."""
    edges = (0.0, 86 / 397, 1.0, (86 + 224) / 397)
    moved = cut(BOX, edges)
    np.testing.assert_allclose(moved, [[-0.206696429, 0.2, 0.502232143, 0.8]], atol=1e-9)
    part = clipped(moved)
    np.testing.assert_allclose(part, [[0, 0.2, 0.502232143, 0.8]], atol=1e-9)
    np.testing.assert_allclose(mirrored(part), [[0.497767857, 0.2, 1, 0.8]], atol=1e-9)
    np.testing.assert_allclose(uncut(part, edges), [[0.216624685, 0.2, 0.5, 0.8]], atol=1e-9)
    assert seen(moved)[0] == pytest.approx(0.7084382871536525, abs=1e-12)


@given(box=boxes(), height=st.integers(16, 900), width=st.integers(16, 900))
@settings(max_examples=60, deadline=None)
def test_back_and_forth(box: np.ndarray, height: int, width: int) -> None:
    np.testing.assert_allclose(mirrored(mirrored(box)), box, atol=1e-12)
    edges = padding(height, width)
    padded = cut(box, edges)
    np.testing.assert_allclose(uncut(padded, edges), box, atol=1e-9)
    for moved in (mirrored(box), padded, clipped(padded)):
        assert (moved[:, 2:] >= moved[:, :2]).all()
        assert (moved >= -1e-9).all()
        assert (moved <= 1 + 1e-9).all()


@given(
    seed=st.integers(0, 10**6), flip=st.sampled_from([0.0, 1.0]), size=st.sampled_from([(90, 160), (160, 90)])
)
@settings(max_examples=40, deadline=None)
def test_boxes_are_where_the_pixels_went(seed: int, flip: float, size: tuple[int, int]) -> None:
    """A white rectangle through a drawn crop: its bounds in the square are those of the moved box."""
    height, width = size
    rng = np.random.default_rng(seed)
    left, top = int(rng.integers(width - 20)), int(rng.integers(height - 20))
    right, bottom = int(rng.integers(left + 15, width)), int(rng.integers(top + 15, height))
    picture = torch.zeros(3, height, width, dtype=torch.uint8)
    picture[:, top:bottom, left:right] = 255
    xyxy = np.array([[left / width, top / height, right / width, bottom / height]])
    whose = ClipSeed(seed=seed, epoch=0, video_id="v")
    augmentation = Augmentation(flip=flip)
    drawn = draw_clip(augmentation, whose, height_px=height, width_px=width, side_px=128)
    crop = crop_for(drawn, Preprocess(crop_px=128))
    square = finish_clip(crop.resize(picture)[None], drawn, whose, mean=(0.0,) * 3, std=(1.0,) * 3)[0, 0]
    target = Boxes(time_seconds=0.0, xyxy=xyxy, labels=np.array([[True]]))
    moved = after(target, drawn).xyxy
    rows, columns = ((square > 127).any(dim=axis).nonzero().flatten() for axis in (1, 0))
    if not len(moved):
        assert seen(cut(xyxy, drawn.box))[0] < LEAST_SEEN
        return
    bounds = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / 128
    np.testing.assert_allclose(moved[0], bounds, atol=1.5 / 128)


def test_who_is_hardly_in_sight_is_left_out() -> None:
    people = np.array([[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0], [0.4, 0.0, 0.8, 1.0], [0.7, 0.5, 0.7, 0.9]])
    target = Boxes(time_seconds=1.0, xyxy=people, labels=np.eye(4, dtype=bool))
    drawn = Draw(box=(0.0, 0.5, 1.0, 1.0), mirrored=True, changes=(), erase=None)
    found = after(target, drawn)
    np.testing.assert_allclose(found.xyxy, [[0, 0, 1, 1], [0.4, 0, 1, 1]], atol=1e-12)
    assert found.labels.argmax(axis=1).tolist() == [1, 2]
    nobody = after(target, Draw(box=(0.0, 0.95, 0.01, 1.0), mirrored=False, changes=(), erase=None))
    assert nobody.xyxy.shape == (0, 4)
    empty = Boxes(time_seconds=0.0, xyxy=np.zeros((0, 4)), labels=np.zeros((0, 4), bool))
    assert after(empty, drawn).xyxy.shape == (0, 4)
