"""A remembered target says what the target says, and asks it once per clip."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from twlv.errors import UsageError
from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.remembered import Memory, OpenRemembered, Remembered
from twlv.pretrain.objective.targets.target import Context, OpenTarget

ENCODER = VitConfig(
    width=16, depth=1, num_heads=2, mlp_width=32, patch=(2, 8, 8), num_frames=4, image_size_px=16
)


def _context() -> Context:
    grey = (0.5, 0.5, 0.5)
    return Context(encoder=VideoTransformer(ENCODER, seed=0), mean=grey, std=grey, device=torch.device("cpu"))


def _seen(seed: int, count: int) -> Seen:
    drawn = torch.Generator().manual_seed(seed)
    frames = torch.randint(0, 256, (count, 4, 3, 16, 16), generator=drawn).float() / 255
    return Seen(frames=frames, patch=(2, 8, 8), grid=(2, 2, 2))


class _Counting:
    """An opened target that counts the clips it is asked for."""

    def __init__(self, opened: OpenTarget) -> None:
        self.opened, self.asked = opened, 0
        self.num_values, self.groups, self.is_network = opened.num_values, opened.groups, opened.is_network
        self.loss, self.constant = opened.loss, opened.constant

    def prepare(self, seen: Seen) -> TargetValues:
        self.asked += len(seen.frames)
        return self.opened.prepare(seen)


def test_values_and_weights_are_those_of_the_target_in_any_order_of_clips() -> None:
    target = Displacement(downsample=1)
    plain, kept = target.open(_context()), Remembered(of=target).open(_context())
    seen = _seen(0, 5)
    kept.prepare(replace(seen, frames=seen.frames[:3]))
    mixed = replace(seen, frames=seen.frames[[4, 2, 0, 2]])
    expected, found = plain.prepare(mixed), kept.prepare(mixed)
    torch.testing.assert_close(found.values, expected.values)
    assert expected.weight is not None
    assert found.weight is not None
    torch.testing.assert_close(found.weight, expected.weight)


def test_a_clip_is_asked_once_and_no_more_than_most_are_kept() -> None:
    counting = _Counting(Displacement(downsample=1).open(_context()))
    kept = OpenRemembered(counting, Memory(most=3))
    seen = _seen(1, 3)
    kept.prepare(replace(seen, frames=seen.frames[[0, 1, 1]]))
    kept.prepare(seen)
    assert counting.asked == 3
    others = _seen(2, 2)
    kept.prepare(others)
    kept.prepare(others)
    assert counting.asked == 3 + 2 * 2
    kept.prepare(seen)
    assert counting.asked == 3 + 2 * 2


def test_the_name_and_teacher_are_those_of_the_target() -> None:
    made = Remembered(of=Displacement())
    assert (made.name, made.teacher, made.on_images, made.pooled) == ("displacement", "", False, False)
    with pytest.raises(UsageError, match="1 or more"):
        Remembered(of=Displacement(), most=0)


def test_runs_of_a_process_share_what_is_kept_for_the_same_settings_and_tubelets() -> None:
    made = Remembered(of=Displacement(radius=1), most=7)
    first, again = made.open(_context()), made.open(_context())
    seen = _seen(3, 2)
    expected = first.prepare(seen)
    counting = _Counting(again.opened)
    again.opened = counting
    torch.testing.assert_close(again.prepare(seen).values, expected.values)
    assert counting.asked == 0
    other = Remembered(of=Displacement(radius=2), most=7).open(_context())
    assert other.memory is not first.memory
