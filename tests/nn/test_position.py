"""Position codes against an independent writing of their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from transformers.models.videomae.modeling_videomae import get_sinusoid_encoding_table

from twlv.errors import UsageError
from twlv.nn.position import flat_table, interpolate_table, position_table, quarter_table, separable_table


@pytest.mark.parametrize(("grid", "width"), [((2, 3, 4), 12), ((1, 1, 5), 7), ((8, 14, 14), 64)])
def test_flat_table_is_videomaes(grid: tuple[int, int, int], width: int) -> None:
    theirs = get_sinusoid_encoding_table(math.prod(grid), width)[0]
    assert torch.equal(flat_table(grid, width).float(), theirs)


@settings(max_examples=25, deadline=None)
@given(t=st.integers(1, 4), h=st.integers(1, 4), w=st.integers(1, 4), width=st.integers(6, 40))
def test_separable_table_by_its_formula(t: int, h: int, w: int, width: int) -> None:
    table = separable_table((t, h, w), width).numpy()
    half = math.ceil(width / 6)
    expected = np.zeros((t * h * w, 6 * half))
    for token in range(t * h * w):
        place = (token // (h * w), token // w % h, token % w)
        for axis, value in enumerate(place):
            for j in range(half):
                angle = value / 10000 ** (j / half)
                expected[token, axis * 2 * half + j] = math.sin(angle)
                expected[token, axis * 2 * half + half + j] = math.cos(angle)
    np.testing.assert_allclose(table, expected[:, :width], atol=1e-12)


def test_every_token_of_the_default_grid_has_its_own_code() -> None:
    for make in (flat_table, separable_table):
        table = make((8, 14, 14), 192)
        assert len(torch.unique(table, dim=0)) == 8 * 14 * 14


def test_interpolation_is_trilinear_with_half_pixel_centres() -> None:
    made_for, grid = (4, 3, 5), (6, 7, 2)
    table = torch.randn(math.prod(made_for), 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ours = interpolate_table(table, made_for, grid).reshape(*grid, 2).numpy()
    axes = [(np.arange(new) + 0.5) * old / new - 0.5 for old, new in zip(made_for, grid, strict=True)]
    places = np.meshgrid(*[np.clip(axis, 0, None) for axis in axes], indexing="ij")
    for column in range(2):
        volume = table[:, column].reshape(made_for).numpy()
        expected = map_coordinates(volume, places, order=1, mode="nearest")
        np.testing.assert_allclose(ours[..., column], expected, atol=1e-12)


def test_the_three_policies() -> None:
    made_for, grid = (2, 2, 2), (4, 2, 2)
    own, stretched, counted = (
        position_table("sincos_3d", width=12, made_for=made_for, grid=to, other_grids=policy)
        for to, policy in ((made_for, "refuse"), (grid, "interpolate"), (grid, "extrapolate"))
    )
    assert own.shape == (8, 12)
    assert own.dtype == torch.float32
    assert torch.equal(counted[:8], own)
    assert torch.equal(counted, separable_table(grid, 12).float())
    assert not torch.equal(stretched[:8], own)
    # time 0..1 stretched over four steps: the ends are the old ends
    torch.testing.assert_close(stretched[:4], own[:4])
    torch.testing.assert_close(stretched[-4:], own[-4:])
    with pytest.raises(UsageError, match=r"\(2, 2, 2\) and refuses others; got \(4, 2, 2\)"):
        position_table("sincos_flat", width=12, made_for=made_for, grid=grid, other_grids="refuse")


@settings(max_examples=20, deadline=None)
@given(t=st.integers(1, 3), h=st.integers(1, 4), w=st.integers(1, 4), sixteenths=st.integers(1, 4))
def test_quarter_table_by_its_formula(t: int, h: int, w: int, sixteenths: int) -> None:
    """MVD: a quarter for time, then the column, then the row; sines before cosines in each."""
    width = 16 * sixteenths
    table = quarter_table((t, h, w), width).numpy()
    for token in range(t * h * w):
        expected: list[float] = []
        for value, part in (
            (token // (h * w), width // 4),
            (token % w, 6 * sixteenths),
            (token // w % h, 6 * sixteenths),
        ):
            angles = [value / 10000 ** (2 * j / part) for j in range(part // 2)]
            expected += [*map(math.sin, angles), *map(math.cos, angles)]
        np.testing.assert_allclose(table[token], expected, atol=1e-12)
