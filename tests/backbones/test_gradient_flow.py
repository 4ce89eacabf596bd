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
from twlv.video.synthetic import OPPOSITES, Fixed, Scene, draw, preset, render, time_reversed


@pytest.fixture(scope="module")
def flow() -> Backbone:
    return backbones.load("gradient_flow.fixed", device="cpu")


def encode(flow: Backbone, scene: Scene) -> np.ndarray:
    frames = render([scene], num_frames=16, size_px=64)
    return flow.encode((frames.float() / 255 - 0.5) / 0.5).patches.mean(dim=(0, 1, 2, 3)).numpy()


@pytest.mark.parametrize("step", [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_a_shift_of_one_pixel_is_found(step: tuple[int, int]) -> None:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")

    def blob(cx: float, cy: float) -> torch.Tensor:
        return torch.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 50)[None, None]

    found = shifts(blob(30, 33), blob(30 + step[0], 33 + step[1]), GradientFlow().derivative.detach())
    assert found.shape == (1, 1, 2)
    assert found[0, 0].tolist() == pytest.approx(step, abs=0.05)


def test_the_largest_part_is_the_direction_and_time_reversal_turns_it(flow: Backbone) -> None:
    names = ("right", "down", "left", "up")
    for index in range(16):
        label = names[index % 4]
        scene = draw(0, index, factors=preset("easy"), fixed=Fixed(direction=label))
        assert names[int(encode(flow, scene).argmax())] == label
        assert names[int(encode(flow, time_reversed(scene)).argmax())] == OPPOSITES[label]


def test_tokens_have_the_shape_of_the_card(flow: Backbone) -> None:
    tokens = flow.encode(torch.zeros(2, 8, 3, 64, 64))
    assert tokens.patches.shape == (2, 4, 1, 1, 4)
    assert not tokens.patches.any()


def test_it_conforms_and_refuses_an_odd_number_of_frames(flow: Backbone) -> None:
    report = check_backbone(flow)
    assert report.passed, str(report)
    with pytest.raises(UsageError, match="a multiple of 2"):
        flow.encode(torch.zeros(1, 7, 3, 64, 64))
