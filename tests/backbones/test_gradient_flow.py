"""The backbone of the quickstart that sees motion only."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twlv import backbones
from twlv.backbones.check import check_backbone
from twlv.backbones.gradient_flow import GradientFlow, shifts
from twlv.contracts import Backbone
from twlv.errors import UsageError
from twlv.video.synthetic.legacy import DIRECTIONS, render, scene, time_reversed


@pytest.fixture(scope="module")
def flow() -> Backbone:
    return backbones.load("gradient_flow.fixed", device="cpu")


def encode(flow: Backbone, index: int, *, backwards: bool = False) -> np.ndarray:
    described = scene(index)
    frames = torch.from_numpy(render(time_reversed(described) if backwards else described, size_px=64))
    return flow.encode((frames[None].float() / 255 - 0.5) / 0.5).patches.mean(dim=(0, 1, 2, 3)).numpy()


@pytest.mark.parametrize("step", [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_a_shift_of_one_pixel_is_found(step: tuple[int, int]) -> None:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")

    def blob(cx: float, cy: float) -> torch.Tensor:
        return torch.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 50)[None, None]

    found = shifts(blob(30, 33), blob(30 + step[0], 33 + step[1]), GradientFlow().derivative.detach())
    assert found.shape == (1, 1, 2)
    assert found[0, 0].tolist() == pytest.approx(step, abs=0.05)


def test_the_largest_part_is_the_direction_and_time_reversal_turns_it(flow: Backbone) -> None:
    names, opposite = list(DIRECTIONS), {"right": "left", "left": "right", "up": "down", "down": "up"}
    for index in range(0, 48, 3):
        label = scene(index).direction
        assert (
            names[int(encode(flow, index).argmax())]
            == label
            == opposite[names[int(encode(flow, index, backwards=True).argmax())]]
        )


def test_tokens_have_the_shape_of_the_card(flow: Backbone) -> None:
    tokens = flow.encode(torch.zeros(2, 8, 3, 64, 64))
    assert tokens.patches.shape == (2, 4, 1, 1, 4)
    assert not tokens.patches.any()


def test_it_conforms_and_refuses_an_odd_number_of_frames(flow: Backbone) -> None:
    report = check_backbone(flow)
    assert report.passed, str(report)
    with pytest.raises(UsageError, match="a multiple of 2"):
        flow.encode(torch.zeros(1, 7, 3, 64, 64))
