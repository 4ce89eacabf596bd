"""Sizes, crops and pixel values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from twlv.errors import UsageError
from twlv.types import BackboneCard
from twlv.video import Preprocess, normalize


def noise(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """A smooth random picture (3, H, W)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.array(image).astype(np.int16) + rng.integers(-20, 20, (height, width, 3))
    return torch.from_numpy(np.clip(pixels, 0, 255).astype(np.uint8)).permute(2, 0, 1)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("height", "width"), [(360, 640), (181, 319), (40, 60), (640, 360)])
def test_resize_is_that_of_pil(mode: str, height: int, width: int) -> None:
    picture = noise(height, width)
    prepare = Preprocess(crop_px=112, interpolation=mode)  # type: ignore[arg-type]
    ours = prepare.resize(picture)
    size = (ours.shape[2], ours.shape[1])
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
    theirs = np.array(image.resize(size, filters[mode])).astype(int)
    difference = np.abs(ours.permute(1, 2, 0).numpy().astype(int) - theirs)
    assert difference.max() <= 2
    assert difference.mean() < 0.05


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_sides_of_one_pixel(mode: str) -> None:
    """torch 2.13 fails there in other memory layouts, and its float resize is wrong by up to 200."""
    for height, width, size in [(1, 1, 5), (1, 2, 4), (7, 1, 3), (2, 3, 1), (2, 1, 1)]:
        picture = torch.randint(0, 256, (3, height, width), dtype=torch.uint8)
        prepare = Preprocess(crop_px=1, resize_px=size, resize_mode="stretch", interpolation=mode)  # type: ignore[arg-type]
        ours = prepare.resize(picture)
        image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
        filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
        theirs = np.array(image.resize((size, size), filters[mode])).astype(int)
        assert np.abs(ours.permute(1, 2, 0).numpy().astype(int) - theirs).max() <= 2


@pytest.mark.parametrize(
    ("height", "width", "resize", "expected"),
    [
        (256, 341, 224, (224, 298)),
        (341, 256, 224, (298, 224)),
        (720, 1280, 224, (224, 398)),
        (1080, 1920, 256, (256, 455)),
        (100, 100, 224, (224, 224)),
        (1, 1, 224, (224, 224)),
        (225, 224, 224, (225, 224)),
        (1000, 1001, 224, (224, 224)),
        (3, 5, 2, (2, 3)),  # 3.33 is 3
        (2, 5, 1, (1, 3)),  # 2.5 is 3, not cut off to 2
    ],
)
def test_the_long_side_is_rounded(height: int, width: int, resize: int, expected: tuple[int, int]) -> None:
    assert Preprocess(crop_px=1, resize_px=resize).resized_px(height, width) == expected


def test_stretch_ignores_the_aspect_ratio() -> None:
    assert Preprocess(crop_px=8, resize_mode="stretch").resized_px(100, 300) == (8, 8)


def coordinates(height: int, width: int) -> torch.Tensor:
    """A picture whose channels are its row and column."""
    rows = torch.arange(height)[:, None].expand(height, width)
    columns = torch.arange(width)[None].expand(height, width)
    return torch.stack([rows, columns, rows]).to(torch.uint8)


def corners(height: int, width: int, size: int, views: int) -> list[tuple[int, int]]:
    crops = Preprocess(crop_px=size).crops(coordinates(height, width), spatial_views=views)
    assert all(crop.shape == (3, size, size) for crop in crops)
    return [(int(crop[0, 0, 0]), int(crop[1, 0, 0])) for crop in crops]


def test_three_crops_reach_both_edges_exactly() -> None:
    assert corners(8, 15, 8, 3) == [(0, 0), (0, 3), (0, 7)]  # W' - S = 7, odd
    assert corners(15, 8, 8, 3) == [(0, 0), (3, 0), (7, 0)]
    assert corners(8, 8, 8, 3) == [(0, 0)] * 3
    assert corners(10, 15, 8, 1) == [(1, 3)]


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    size=st.integers(1, 40),
    more=st.integers(0, 9),
    views=st.sampled_from([1, 3]),
)
def test_portrait_mirrors_landscape(height: int, width: int, size: int, more: int, views: int) -> None:
    prepare = Preprocess(crop_px=size, resize_px=size + more)
    picture = torch.randint(0, 256, (3, height, width), dtype=torch.uint8)
    upright, turned = (
        prepare.crops(prepare.resize(p, spatial_views=views), spatial_views=views)
        for p in (picture, picture.transpose(1, 2))
    )
    assert prepare.resized_px(height, width) == prepare.resized_px(width, height)[::-1]
    assert min(prepare.resized_px(height, width, spatial_views=views)) >= size
    assert len(upright) == views
    for one, other in zip(upright, turned, strict=True):
        assert one.shape == other.shape == (3, size, size)
        # passes run in the other order and round in between
        assert (one.int() - other.transpose(1, 2).int()).abs().max() <= 1


def test_three_views_resize_to_the_crop() -> None:
    """Report, section 2.2: the short side equals the input resolution, whatever the single view does."""
    prepare = Preprocess(crop_px=224, resize_px=256)
    assert prepare.resized_px(256, 340) == (256, 340)
    assert prepare.resized_px(256, 340, spatial_views=3) == (224, 298)


def test_card_to_preprocess() -> None:
    card = BackboneCard(
        name="x.y",
        dim=8,
        num_params=1,
        num_frames=16,
        image_size_px=112,
        patch=(2, 16, 16),
        mean=(0.1, 0.2, 0.3),
        std=(0.4, 0.5, 0.6),
        weights="",
        weights_sha256="",
        licence="",
        resize_px=128,
        resize_mode="stretch",
        interpolation="bicubic",
    )
    assert Preprocess.from_card(card) == Preprocess(
        crop_px=112,
        resize_px=128,
        resize_mode="stretch",
        interpolation="bicubic",
    )


@pytest.mark.parametrize("sizes", [(0, 0), (224, 200), (8, -1)])
def test_impossible_sizes(sizes: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="cannot crop"):
        Preprocess(crop_px=sizes[0], resize_px=sizes[1])


def test_normalize_by_hand() -> None:
    frames = torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 3, 1, 1)
    found = normalize(frames, (0.5, 0.5, 0.0), (0.5, 0.25, 0.1)).flatten()
    assert found.tolist() == pytest.approx([-1.0, 2.0, 2.0])
    assert normalize(frames.expand(2, 4, 3, 5, 6), (0, 0, 0), (1, 1, 1)).shape == (2, 4, 3, 5, 6)


def test_normalize_leaves_its_input_and_wants_bytes() -> None:
    frames = torch.full((1, 3, 2, 2), 7, dtype=torch.uint8)
    normalize(frames, (0, 0, 0), (1, 1, 1))
    assert frames.unique().tolist() == [7]
    with pytest.raises(TypeError, match="uint8"):
        normalize(frames.float(), (0, 0, 0), (1, 1, 1))
