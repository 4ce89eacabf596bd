"""Changes of a picture against PIL, whose arithmetic they claim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from twlv.video import picture_ops as ops
from twlv.video import picture_warp as shapes


def picture(seed: int = 0, height: int = 24, width: int = 33, low: int = 0, high: int = 256) -> torch.Tensor:
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.integers(low, high, (3, height, width)).astype(np.uint8))


def smooth(height: int = 48, width: int = 64) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    waves = [128 + 100 * torch.sin(x / 9 + c) * torch.cos(y / 7 - c) for c in range(3)]
    return torch.stack(waves).byte()


def pil(tensor: torch.Tensor) -> Image.Image:
    return Image.fromarray(tensor.permute(1, 2, 0).contiguous().numpy())


def back(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


ENHANCE = ("brightness", "contrast", "colour", "sharpness")
"""Blends, which PIL computes in single precision: one level of difference is rounding."""

EXACT: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[Image.Image], Image.Image]]] = {
    "invert": (ops.invert, ImageOps.invert),
    "auto_contrast": (ops.auto_contrast, ImageOps.autocontrast),
    "equalize": (ops.equalize, ImageOps.equalize),
    "posterize 3": (lambda p: ops.posterize(p, 3), lambda i: ImageOps.posterize(i, 3)),
    "solarize 100": (lambda p: ops.solarize(p, 100), lambda i: ImageOps.solarize(i, 100)),
    **{
        f"{name} {factor}": (
            lambda p, own=own, factor=factor: own(p, factor),
            lambda i, theirs=theirs, factor=factor: theirs(i).enhance(factor),
        )
        for name, own, theirs in (
            ("brightness", ops.brightness, ImageEnhance.Brightness),
            ("contrast", ops.contrast, ImageEnhance.Contrast),
            ("colour", ops.colour, ImageEnhance.Color),
            ("sharpness", ops.sharpness, ImageEnhance.Sharpness),
        )
        for factor in (0.1, 0.37, 1.63, 1.9)
    },
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize(("low", "high"), [(0, 256), (90, 140), (77, 78)])
def test_equal_to_pil(name: str, low: int, high: int) -> None:
    ours, theirs = EXACT[name]
    before = picture(low=low, high=high)
    kept = before.clone()
    found = ours(before)
    assert found.dtype == torch.uint8
    assert (found.int() - back(theirs(pil(before))).int()).abs().max() <= (
        1 if name.split(maxsplit=1)[0] in ENHANCE else 0
    )
    assert torch.equal(before, kept)


def test_grey_is_that_of_pil() -> None:
    before = picture()
    grey = ops.colour(before, 0.0)
    assert torch.equal(grey[0], torch.from_numpy(np.array(pil(before).convert("L"))))


def test_solarize_add_raises_dark_levels_only() -> None:
    levels = torch.arange(256, dtype=torch.uint8).expand(3, 1, 256)
    found = ops.solarize_add(levels, 110)[0, 0].tolist()
    assert found == [level + 110 if level < 128 else level for level in range(256)]


MAPS = {
    "rotate": (lambda p: shapes.rotation(21.0, *p.shape[-2:]), lambda i, how: i.rotate(21.0, **how)),
    "shear_x": (lambda _: shapes.shear_x(0.2), (1, 0.2, 0, 0, 1, 0)),
    "shear_y": (lambda _: shapes.shear_y(-0.2), (1, 0, 0, -0.2, 1, 0)),
    "shift": (lambda _: shapes.shift(7.0, -5.0), (1, 0, 7, 0, 1, -5)),
}


@pytest.mark.parametrize("name", MAPS)
def test_warps_agree_with_pil(name: str) -> None:
    """Bicubic kernels differ a little (a = -0.75 here, -0.5 in PIL), and so does the outermost pixel."""
    own, theirs = MAPS[name]
    before = smooth()
    how = {"resample": Image.BICUBIC, "fillcolor": (128, 128, 128)}
    image = pil(before)
    wanted = (
        theirs(image, how) if callable(theirs) else image.transform(image.size, Image.AFFINE, theirs, **how)
    )
    gap = (shapes.warp(before, own(before)).int() - back(wanted).int()).abs().float()
    assert gap.median() <= 1
    assert (gap > 4).float().mean() < 0.06  # the seam between picture and fill


def test_no_map_changes_nothing() -> None:
    before = picture()
    assert torch.equal(shapes.warp(before, shapes.shear_x(0.0)), before)
    assert torch.equal(shapes.warp(before, shapes.shift(3.0, 2.0))[:, :-2, :-3], before[:, 2:, 3:])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5))
def test_the_smallest_pictures_survive_every_change(height: int, width: int, seed: int) -> None:
    before = picture(seed, height, width)
    for ours, _ in EXACT.values():
        assert ours(before).shape == before.shape
    assert shapes.warp(before, shapes.rotation(30, height, width)).shape == before.shape
