"""Our reading of preprocessor files, against the library's own image processors on real pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers

from twlv.backbones.preprocessing import card_fields
from twlv.errors import WeightsError

PROCESSORS = {
    "VideoMAEImageProcessorPil": {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]},
    "VivitImageProcessor": {},
    "CLIPImageProcessorPil": {},
    "SiglipImageProcessorPil": {},
    "BitImageProcessorPil": {"size": {"shortest_edge": 256}},
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_mean_and_std_say_what_the_processor_does(name: str) -> None:
    """On a picture that is neither resized nor cropped, only the arithmetic of the colours is left."""
    processor = getattr(transformers, name)(**PROCESSORS[name])
    fields = card_fields(processor.to_dict(), source="test")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    seen = processor(
        [pixels] if "Vi" in name else pixels, do_resize=False, do_center_crop=False, return_tensors="pt"
    ).pixel_values
    mean, std = (torch.tensor(fields[key])[:, None, None] for key in ("mean", "std"))
    expected = (torch.from_numpy(pixels).permute(2, 0, 1) / 255 - mean) / std
    torch.testing.assert_close(seen.reshape(3, 64, 64).float(), expected, rtol=1e-4, atol=1e-5)


def test_sizes() -> None:
    clip = card_fields(transformers.CLIPImageProcessorPil().to_dict(), source="test")
    assert (clip["resize_mode"], clip["resize_px"], clip["image_size_px"]) == ("short_side", 224, 224)
    assert clip["interpolation"] == "bicubic"
    siglip = card_fields(transformers.SiglipImageProcessorPil().to_dict(), source="test")
    assert (siglip["resize_mode"], siglip["resize_px"], siglip["image_size_px"]) == ("stretch", 224, 224)
    old = card_fields({"size": 224, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}, source="test")
    assert (old["resize_mode"], old["resize_px"], old["image_size_px"]) == ("short_side", 224, 224)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": {"height": 224, "width": 320}}, "not square"),
        ({"size": {}}, "missing or not square"),
        ({"resample": 0}, "resample 0"),
        ({"image_mean": [0.5]}, "3 colours"),
        ({"image_std": None}, "no image_mean and image_std"),
    ],
)
def test_what_cannot_be_used(changes: dict[str, Any], message: str) -> None:
    good = {"size": {"shortest_edge": 224}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    values = {name: value for name, value in {**good, **changes}.items() if value is not None}
    with pytest.raises(WeightsError, match=message):
        card_fields(values, source="test")
