"""Random clips: one draw for all frames, from (seed, epoch, video, view) alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.augmentation import REPORT_LINEAR, VJEPA, Augmentation, Erasing, RandAugment, preset
from twlv.errors import UnknownName, UsageError
from twlv.video import ClipSeed, Preprocess, augment_clip, clip_random, draw_clip
from twlv.video.erasing import draw_erased, erased
from twlv.video.rand_augment import CHANGES, amount_at, draw_changes
from twlv.video.random_crop import Box, DrawnCrop, draw_box

WHOSE = ClipSeed(seed=3, epoch=2, video_id="v1")
SMALL = Preprocess(crop_px=16)
WHOLE = Augmentation(area=(1.0, 1.0), aspect=(1.0, 1.0))


def clip(frames: int = 4, height: int = 40, width: int = 60) -> torch.Tensor:
    random = np.random.default_rng(0)
    return torch.from_numpy(random.integers(0, 256, (frames, 3, height, width)).astype(np.uint8))


def still(frames: int = 4) -> torch.Tensor:
    return clip(1).expand(frames, -1, -1, -1)


@pytest.mark.parametrize("augmentation", [REPORT_LINEAR, replace(VJEPA, erasing=None, flip=0.5)])
def test_one_draw_for_all_frames(augmentation: Augmentation) -> None:
    for view in range(8):
        found = augment_clip(still(), augmentation, replace(WHOSE, view=view), SMALL)
        assert found.shape == (4, 3, 16, 16)
        assert found.dtype == torch.uint8
        assert all(torch.equal(frame, found[0]) for frame in found)


def test_draws_follow_from_seed_epoch_video_and_view_alone() -> None:
    first = augment_clip(clip(), VJEPA, WHOSE, SMALL)
    augment_clip(clip(), VJEPA, replace(WHOSE, view=7), SMALL)  # another draw in between
    torch.rand(3)
    assert torch.equal(augment_clip(clip(), VJEPA, WHOSE, SMALL), first)
    for other in ({"seed": 4}, {"epoch": 3}, {"video_id": "v2"}, {"view": 1}):
        assert not torch.equal(augment_clip(clip(), VJEPA, replace(WHOSE, **other), SMALL), first)


def test_no_global_random_state_is_touched() -> None:
    before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    augment_clip(clip(), VJEPA, WHOSE, SMALL)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_one_more_change_does_not_move_the_others() -> None:
    size = {"height_px": 40, "width_px": 60, "side_px": 16}
    plain, all_on = (draw_clip(one, WHOSE, **size) for one in (Augmentation(area=VJEPA.area), VJEPA))
    assert plain.box == all_on.box


def test_every_purpose_has_numbers_of_its_own() -> None:
    drawn = {clip_random(0, 0, "v", purpose=name).random() for name in ("crop", "flip", "time", "")}
    assert len(drawn) == 4


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="from 0 up"):
        clip_random(-1, 0, "v")


# ------- crop


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 10**6))
def test_boxes_lie_inside_the_picture(height: int, width: int, seed: int) -> None:
    box = draw_box(np.random.default_rng(seed), height, width, area=(0.08, 1.0), aspect=(0.75, 4 / 3))
    assert 0 <= box.top <= box.top + box.height <= height
    assert 0 <= box.left <= box.left + box.width <= width
    assert min(box.height, box.width) >= 1


def test_areas_and_aspects_fill_their_ranges() -> None:
    random = np.random.default_rng(0)
    boxes = [draw_box(random, 400, 400, area=(0.3, 0.6), aspect=(0.75, 4 / 3)) for _ in range(400)]
    areas = np.array([box.height * box.width / 160_000 for box in boxes])
    aspects = np.array([box.width / box.height for box in boxes])
    assert 0.29 < areas.min() < 0.32
    assert 0.58 < areas.max() < 0.61
    assert 0.74 < aspects.min() < 0.78
    assert 1.28 < aspects.max() < 1.35
    assert abs(np.log(aspects).mean()) < 0.03  # log-uniform: as often tall as wide


def test_the_aspect_is_width_over_height() -> None:
    random = np.random.default_rng(0)
    boxes = [draw_box(random, 300, 300, area=(0.1, 0.3), aspect=(1.8, 2.2)) for _ in range(20)]
    assert all(1.7 < box.width / box.height < 2.3 for box in boxes)


def test_a_picture_that_no_rectangle_fits_is_cut_in_its_middle() -> None:
    box = draw_box(np.random.default_rng(0), 10, 1000, area=(0.9, 1.0), aspect=(0.75, 4 / 3))
    assert (box.height, box.width, box.left) == (10, 13, (1000 - 13) // 2)


def test_the_box_is_cut_then_resized_like_any_picture() -> None:
    picture = clip(1)[0]
    box = Box(top=5, left=11, height=20, width=30)
    crop = DrawnCrop.of(SMALL, box.within(40, 60))
    wanted = Preprocess(crop_px=16, resize_mode="stretch").resize(picture[:, 5:25, 11:41])
    assert torch.equal(crop.resize(picture), wanted)
    larger = torch.nn.functional.interpolate(picture[None], scale_factor=3, mode="nearest")[0]
    grown = Preprocess(crop_px=16, resize_mode="stretch").resize(larger[:, 15:75, 33:123])
    assert torch.equal(crop.resize(larger), grown)


# ------- flip, erasing


def test_the_flip_mirrors_and_is_as_likely_as_asked() -> None:
    mirrored = replace(WHOLE, flip=1.0)
    square = clip(2, 16, 16)
    assert torch.equal(augment_clip(square, mirrored, WHOSE, SMALL), square.flip(-1))
    size = {"height_px": 16, "width_px": 16, "side_px": 16}
    drawn = [draw_clip(replace(WHOLE, flip=0.3), replace(WHOSE, view=v), **size).mirrored for v in range(400)]
    assert 0.22 < np.mean(drawn) < 0.38


def test_erasing_is_one_box_of_fresh_noise_for_each_frame() -> None:
    square = torch.zeros(3, 3, 32, 32, dtype=torch.uint8)
    found = augment_clip(
        square, replace(WHOLE, erasing=Erasing(probability=1.0)), WHOSE, Preprocess(crop_px=32)
    )
    touched = (found > 0).any(dim=1)
    rows, columns = touched.any(dim=2), touched.any(dim=1)
    assert all(torch.equal(rows[0], other) for other in rows)
    assert all(torch.equal(columns[0], other) for other in columns)
    assert 0.02 * 0.7 < touched[0].float().mean() < 0.4
    assert not torch.equal(found[0], found[1])
    assert torch.equal(square, torch.zeros_like(square))


def test_erasing_writes_into_a_copy() -> None:
    frames = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    found = erased(
        frames,
        Box(top=1, left=2, height=3, width=4),
        np.random.default_rng(0),
        mean=(0.5, 0.5, 0.5),
        std=(0.1, 0.1, 0.1),
    )
    assert not frames.any()
    assert (found > 0).any(dim=1)[0].nonzero().min(dim=0).values.tolist() == [1, 2]
    assert (found > 0).any(dim=1)[0].nonzero().max(dim=0).values.tolist() == [3, 5]
    inside = found[:, :, 1:4, 2:6].double() / 255
    assert abs(inside.mean() - 0.5) < 0.03
    assert abs(inside.std() - 0.1) < 0.03


def test_erased_areas_keep_their_range() -> None:
    random = np.random.default_rng(1)
    boxes = [draw_erased(Erasing(), random, 200, 200) for _ in range(800)]
    found = [box for box in boxes if box is not None]
    assert 0.2 < len(found) / 800 < 0.3
    areas = [box.height * box.width / 40_000 for box in found]
    assert 0.018 < min(areas) < 0.06
    assert 0.27 < max(areas) < 0.34


# ------- RandAugment


def test_the_changes_have_the_published_ranges() -> None:
    """timm's increasing set, at magnitudes 0, 7 and 10."""
    wanted = {
        "rotate": (0, 21, 30),
        "posterize": (4, 2, 0),
        "solarize": (256, 77, 0),
        "solarize_add": (0, 77, 110),
        "colour": (1, 1.63, 1.9),
        "contrast": (1, 1.63, 1.9),
        "brightness": (1, 1.63, 1.9),
        "sharpness": (1, 1.63, 1.9),
        "shear_x": (0, 0.21, 0.3),
        "shear_y": (0, 0.21, 0.3),
        "shift_x": (0, 0.315, 0.45),
        "shift_y": (0, 0.315, 0.45),
    }
    assert set(CHANGES) == set(wanted) | {"auto_contrast", "equalize", "invert"}
    for name, amounts in wanted.items():
        assert [amount_at(name, magnitude) for magnitude in (0, 7, 10)] == pytest.approx(amounts)
    assert amount_at("rotate", 7, -1) == pytest.approx(-21)
    assert amount_at("colour", 10, -1) == pytest.approx(0.1)
    assert amount_at("posterize", 7, -1) == 2


def test_changes_are_drawn_as_often_as_asked() -> None:
    random = np.random.default_rng(0)
    drawn = [draw_changes(RandAugment(), random) for _ in range(1500)]
    assert 1.9 < np.mean([len(one) for one in drawn]) < 2.1  # 4 ops, half of them made
    counts = Counter(change.name for one in drawn for change in one)
    assert set(counts) == set(CHANGES)
    assert max(counts.values()) < 1.5 * min(counts.values())
    turns = [change.amount for one in drawn for change in one if change.name == "rotate"]
    assert 20 < np.mean(np.abs(turns)) < 22
    assert min(turns) < 0 < max(turns)


def test_every_change_keeps_the_form_of_a_picture() -> None:
    before = clip(1)[0] // 2 + 40
    for name, kind in CHANGES.items():
        found = kind.make(before, amount_at(name, 7.0))
        assert found.shape == before.shape
        assert found.dtype == torch.uint8
        assert not torch.equal(found, before), name


# ------- records


@pytest.mark.parametrize(
    "make",
    [
        lambda: Augmentation(area=(0.0, 1.0)),
        lambda: Augmentation(area=(0.5, 0.3)),
        lambda: Augmentation(area=(0.5, 1.1)),
        lambda: Augmentation(flip=1.5),
        lambda: RandAugment(magnitude=11.0),
        lambda: Erasing(probability=-0.1),
    ],
)
def test_settings_that_mean_nothing_are_refused(make) -> None:
    with pytest.raises(UsageError):
        make()


def test_presets_have_names() -> None:
    assert preset("vjepa") is VJEPA
    with pytest.raises(UnknownName, match="did you mean vjepa"):
        preset("vjepas")
