"""Distances and outlines of the shapes agree with one another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twlv.video.synthetic import SHAPES, TEXTURES
from twlv.video.synthetic.shapes import DISTANCES, OUTLINES, REACH, SPACING
from twlv.video.synthetic.textures import SHARES, noise_field

EVERY = sorted(DISTANCES)


def test_every_name_has_its_function() -> None:
    assert set(SHAPES) < set(DISTANCES) == set(OUTLINES) == set(REACH)
    assert set(TEXTURES) == set(SHARES)


@pytest.mark.parametrize("name", EVERY)
def test_the_outline_lies_at_distance_nought_and_has_no_gaps(name: str) -> None:
    u, v = (torch.from_numpy(line) for line in OUTLINES[name])
    assert DISTANCES[name](u, v).abs().max() < 1e-6
    steps = OUTLINES[name] - np.roll(OUTLINES[name], 1, axis=1)
    assert np.hypot(*steps).max() < SPACING


@pytest.mark.parametrize("name", EVERY)
def test_a_distance_is_one(name: str) -> None:
    """It changes by the way moved, at corners by less, and is negative on an area of pi."""
    side = torch.linspace(-3.2, 3.2, 801, dtype=torch.float64)
    u, v = torch.meshgrid(side, side, indexing="xy")
    field = DISTANCES[name](u, v)
    step = float(side[1] - side[0])
    slopes = [field.diff(dim=dim) / step for dim in (0, 1)]
    assert max(slope.abs().max() for slope in slopes) < 1.0 + 1e-6
    assert torch.hypot(slopes[0][:, 1:], slopes[1][1:]).median() == pytest.approx(1.0, abs=0.01)
    assert float((field < 0).sum()) * step**2 == pytest.approx(np.pi, rel=0.02)


@pytest.mark.parametrize("name", TEXTURES)
def test_textures_are_shares_and_repeat(name: str) -> None:
    a, b = torch.rand(2, 5000, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 32
    share = SHARES[name](a, b)
    assert share.min() >= 0
    assert share.max() <= 1
    period = 32 if name == "noise" else 1
    assert torch.allclose(SHARES[name](a + period, b - period), share, atol=1e-6)
    if name != "plain":
        assert share.std() > 0.1


def test_the_noise_has_the_spectrum_it_claims() -> None:
    power = np.abs(np.fft.fft2(noise_field().reshape(128, 128).double().numpy())) ** 2
    steps = np.fft.fftfreq(128, d=1 / 128)
    frequency = np.hypot(steps[:, None], steps[None, :])
    low, high = (power[(frequency > f - 2) & (frequency < f + 2)].mean() for f in (14, 56))
    assert np.log(low / high) / np.log(56 / 14) / 2 == pytest.approx(1.3, abs=0.1)
